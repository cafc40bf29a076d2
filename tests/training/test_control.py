"""Steering a run from another thread: pause, step, stop, learning rate."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import layerlab as keras
from layerlab.training import RunControl, recorder
from tests.training.counting import Counting, data, steps_in

LONG = 60.0  # seconds; only a broken run waits as long


class Steered(keras.callbacks.Callback):
    """Runs fit in a thread and hands its events over, one by one."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.steered = model
        self.begun = threading.Event()
        self.events: queue.Queue[Any] = queue.Queue()
        self.result: Any = None
        self._thread = threading.Thread(target=self._fit)

    def on_event(self, event: Any) -> None:
        self.events.put(event)

    def on_train_begin(self, logs: Any = None) -> None:
        self.control.pause()  # before the first step, so that every test begins at the same point
        self.begun.set()

    def _fit(self) -> None:
        x, y = data()
        self.result = self.steered.fit(x, y, batch_size=2, epochs=10**6, verbose=0, callbacks=[self])

    def next(self, kind: str) -> Any:
        """The next event of this kind; those before are dropped."""
        while True:
            event = self.events.get(timeout=LONG)
            if event.type == kind:
                return event

    def end(self) -> Any:
        """Stop; the History."""
        self.control.stop()
        self._thread.join(LONG)
        assert not self._thread.is_alive()
        return self.result


@pytest.fixture
def steer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Any], Steered]]:
    """Start a run of a model that pauses before its first step."""
    monkeypatch.setattr(recorder, "FLUSH_SECONDS", 0.0)
    runs: list[Steered] = []

    def start(model: Any) -> Steered:
        run = Steered(model)
        runs.append(run)
        run._thread.start()
        assert run.begun.wait(LONG)
        assert run.next("fit_paused").step == 0
        return run

    yield start
    for run in runs:
        if run._thread.is_alive():
            run.end()


def test_a_paused_run_does_exactly_the_steps_it_is_told(backend: str, steer: Any) -> None:
    model = Counting()
    run = steer(model)
    for number in (1, 2, 3):
        run.control.step()
        assert run.next("steps_finished").steps == [number]
        assert run.next("fit_paused").step == number
        assert steps_in(model) == number
    run.control.step("epoch")  # of four steps
    assert run.next("epoch_finished").step == 4
    assert run.next("fit_paused").step == 4
    run.control.step("epoch")
    assert run.next("fit_paused").step == 8
    assert steps_in(model) == 8


def test_a_resumed_run_goes_on_until_it_is_paused_again(backend: str, steer: Any) -> None:
    model = Counting()
    run = steer(model)
    run.control.resume()
    assert run.next("fit_resumed").step == 0
    run.next("epoch_finished")
    run.control.pause()
    paused = run.next("fit_paused").step
    assert steps_in(model) == paused
    run.control.step()
    assert run.next("fit_paused").step == paused + 1


def test_stop_ends_the_run_with_its_history_and_the_next_fit_works(backend: str, steer: Any) -> None:
    model = Counting()
    run = steer(model)
    run.control.resume()
    run.next("epoch_finished")

    history = run.end()

    stopped = run.next("fit_stopped")
    assert stopped.reason == "user"
    assert run.next("fit_finished").step == stopped.step == steps_in(model)
    assert len(history.history["loss"]) == len(history.epoch) >= 1
    again = model.fit(*data(), batch_size=2, verbose=0)
    assert again.epoch == [0]
    assert steps_in(model) == stopped.step + 4


def test_a_paused_run_can_be_stopped(backend: str, steer: Any) -> None:
    model = Counting()
    run = steer(model)

    assert run.end().history == {}
    assert steps_in(model) == 0


def test_a_learning_rate_holds_from_the_next_step_on(backend: str, steer: Any) -> None:
    model = Counting()
    run = steer(model)
    run.control.step()
    run.next("fit_paused")
    run.control.set_learning_rate(0.25)
    changed = run.next("learning_rate_changed")
    assert (changed.step, changed.learning_rate, changed.source) == (1, 0.25, "user")
    run.control.step()
    run.next("fit_paused")
    run.end()
    assert float(model.get_layer("weight").w.numpy()) == -1.25


def test_a_learning_rate_that_a_schedule_gives_stays_and_the_run_goes_on(backend: str, steer: Any) -> None:
    rate = keras.optimizers.schedules.ExponentialDecay(1.0, 10, 1.0)
    model = Counting()
    model.compile(keras.optimizers.SGD(rate), loss=lambda y_true, y_pred: y_pred)
    run = steer(model)
    with pytest.warns(UserWarning, match="follows ExponentialDecay"):
        run.control.set_learning_rate(0.25)
        told = run.next("diagnostic")
    assert told.code == "learning-rate-not-set"
    run.control.step()
    assert run.next("fit_paused").step == 1


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "0.1", True, None])
def test_an_impossible_learning_rate_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="positive, finite"):
        RunControl().set_learning_rate(value)

"""Steering a run from another thread: pause, step, stop, learning rate, checkpoint."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import layerlab as keras
from layerlab.training import RunControl, recorder
from tests.training.counting import Counting, data, steps_in

LONG = 60.0  # seconds; only a broken run waits as long


class Steered(keras.callbacks.Callback):
    """Runs fit in a thread and hands its events over, one by one."""

    def __init__(self, model: Any, **arguments: Any) -> None:
        super().__init__()
        self.steered, self.arguments = model, arguments
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
        self.result = self.steered.fit(
            x, y, batch_size=2, epochs=10**6, verbose=0, callbacks=[self], **self.arguments
        )

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

    def start(model: Any, **arguments: Any) -> Steered:
        run = Steered(model, **arguments)
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


def test_what_lets_a_paused_run_go_on_is_told(backend: str, steer: Any) -> None:
    run = steer(Counting())
    for unit in ("step", "epoch"):
        run.control.step(unit)
        assert run.next("fit_resumed").until == unit
        run.next("fit_paused")
    run.control.resume()
    assert run.next("fit_resumed").until == "end"


def test_two_quick_orders_of_a_step_are_two_steps(backend: str, steer: Any) -> None:
    model = Counting()
    run = steer(model)
    run.control.step()
    run.control.step()
    told: list[int] = []
    while len(told) < 2:
        told += run.next("steps_finished").steps
    assert run.next("fit_paused").step == 2
    assert told == [1, 2] and steps_in(model) == 2


def test_the_run_goes_at_full_pace_to_the_end_of_an_epoch() -> None:
    control = RunControl()
    control.step("step")
    assert control.is_stepping
    control.step("epoch")
    assert not control.is_stepping and control.permission() == "epoch"
    control.used("epoch")
    assert control.permission() == "step"


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


def test_a_rate_that_is_asked_for_just_before_a_step_holds_for_it(backend: str, steer: Any) -> None:
    model = Counting()
    run = steer(model)
    for number, rate in enumerate([0.5, 2.0, 0.25] * 10, start=1):
        run.control.set_learning_rate(rate)
        run.control.step()
        changed = run.next("learning_rate_changed")
        assert (changed.learning_rate, changed.step) == (rate, number - 1)
        assert run.next("fit_paused").step == number
    run.end()
    assert float(model.get_layer("weight").w.numpy()) == -27.5


def test_a_rate_changed_in_full_run_holds_from_the_step_that_is_told(backend: str, steer: Any) -> None:
    model = Counting()
    run = steer(model)
    run.control.resume()
    run.next("epoch_finished")
    run.control.set_learning_rate(0.25)
    changed = run.next("learning_rate_changed")
    assert (changed.previous, changed.learning_rate) == (1.0, 0.25)
    run.next("epoch_finished")
    run.end()
    steps = run.next("fit_finished").step
    # Each step adds the rate that it used: so many of them had 1, the others 0.25.
    assert float(model.get_layer("weight").w.numpy()) == -(changed.step + 0.25 * (steps - changed.step))


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


def test_a_checkpoint_is_the_whole_model_between_two_steps(
    backend: str, steer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = dense("..a <i>")
    run = steer(model)
    run.control.step()
    run.next("fit_paused")
    run.control.checkpoint()
    saved = run.next("checkpoint_saved")

    assert saved.path == f"checkpoints/a_i-{saved.run_id}-step-1.keras"
    assert (saved.step, saved.note) == (1, "")
    loaded = keras.saving.load_model(tmp_path / saved.path)
    assert loaded.get_weights()[0].tolist() == model.get_weights()[0].tolist()
    assert int(loaded.optimizer.iterations) == 1


def test_a_checkpoint_goes_where_it_is_told_to(backend: str, steer: Any, tmp_path: Path) -> None:
    run = steer(dense("m"))
    run.control.checkpoint(tmp_path / "new" / "m.weights.h5")
    run.control.checkpoint(tmp_path / "m.keras")
    assert [run.next("checkpoint_saved").path for _ in range(2)] == [
        str(tmp_path / "new" / "m.weights.h5"),
        str(tmp_path / "m.keras"),
    ]
    dense("m").load_weights(tmp_path / "new" / "m.weights.h5")


def test_a_model_that_cannot_be_saved_whole_gives_its_weights(
    backend: str, steer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.layer = keras.layers.Dense(1)

        def get_config(self) -> Any:
            raise NotImplementedError("no config")

        def call(self, inputs: Any) -> Any:
            return self.layer(inputs)

    model = Own()
    model.compile("sgd", "mse")
    run = steer(model)
    run.control.checkpoint()
    saved = run.next("checkpoint_saved")
    assert saved.path.endswith("-step-0.weights.h5") and (tmp_path / saved.path).exists()
    assert "the weights alone" in saved.note and "no config" in saved.note


def test_a_checkpoint_that_cannot_be_written_is_told_and_the_run_goes_on(
    backend: str, steer: Any, tmp_path: Path
) -> None:
    model = Counting()
    run = steer(model)
    (tmp_path / "file").write_text("in the way")
    for _ in range(2):  # told each time: it answers a wish
        with pytest.warns(UserWarning, match="No checkpoint was saved at step 0"):
            run.control.checkpoint(tmp_path / "file" / "m.keras")
            told = run.next("diagnostic")
        assert told.code == "checkpoint-not-saved" and "file" in told.message
    run.control.step()
    assert run.next("fit_paused").step == 1


@pytest.mark.slow
def test_a_stop_in_a_validation_ends_it_without_its_numbers(backend: str) -> None:
    passes: list[int] = []

    class StopIt(keras.callbacks.Callback):
        def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
            passes.append(batch)
            self.control.stop()

    model = Counting()
    history = model.fit(
        *data(), batch_size=2, epochs=3, validation_data=data(100), verbose=0, callbacks=[StopIt()]
    )
    assert passes == [0]
    assert list(history.history) == ["_mean", "loss"] and history.epoch == [0]
    assert steps_in(model) == 4


def dense(name: str) -> Any:
    """A model of one layer that can be saved whole, trained on the data of these tests."""
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs), name=name)
    model.compile("adam", "mse")
    return model

"""An interrupt at any moment leaves a usable model with the weights of the last finished step."""

from __future__ import annotations

import gc
import os
import random
import signal
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab.training.interrupts import deferred_interrupts
from tests.training.counting import Counting, data, steps_in

pytestmark = pytest.mark.slow  # the whole file, so that `make test-fast` keeps its two minutes

ROUNDS = 50


def interrupt(call: Callable[[], Any], seconds: float) -> None:
    """SIGINT arrives `seconds` after `call` was begun, which must not end before, and must not swallow it."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        timer.start()
        call()
    timer.join()


def press(*_: Any) -> None:
    """Ctrl-C, right here."""
    signal.raise_signal(signal.SIGINT)


def test_fit_survives_interrupts_at_random_moments(backend: str) -> None:
    chance = random.Random(0)
    model, (x, y) = Counting(), data()
    model.fit(x, y, batch_size=2, verbose=0)
    seen: list[Any] = []
    listener = keras.callbacks.Callback()
    listener.on_event = seen.append
    for _ in range(ROUNDS):
        before = steps_in(model)
        interrupt(
            lambda: model.fit(
                x, y, batch_size=2, epochs=10**6, validation_data=(x, y), verbose=0, callbacks=[listener]
            ),
            seconds=chance.uniform(0, 0.03),
        )

        done = steps_in(model) - before
        steps = [step for event in seen if event.type == "steps_finished" for step in event.steps]
        assert steps == list(range(1, done + 1))
        if seen:  # else it came before the run began
            assert [event.type for event in seen[-2:]] == ["fit_stopped", "fit_finished"]
            assert (seen[-2].reason, seen[-2].step) == ("interrupt", done)
        seen.clear()
    before = steps_in(model)
    assert len(model.fit(x, y, batch_size=2, epochs=2, verbose=0).history["loss"]) == 2
    assert steps_in(model) == before + 8


@pytest.mark.slow
def test_other_methods_survive_interrupts_at_random_moments(backend: str) -> None:
    chance = random.Random(1)
    model, (x, y) = Counting(), data()
    model.fit(x, y, batch_size=2, verbose=0)

    def train_on_batches() -> None:
        while True:
            model.train_on_batch(x, y)

    endless = {
        "evaluate": lambda: model.evaluate(x, y, batch_size=2, steps=10**6, verbose=0),
        "predict": lambda: model.predict(x, batch_size=2, steps=10**6, verbose=0),
        "train_on_batch": train_on_batches,
    }
    gc.disable()  # JAX runs Python in collections, which would swallow an interrupt of the loop above
    try:
        for method in endless.values():
            for _ in range(ROUNDS // 3):
                interrupt(method, seconds=chance.uniform(0, 0.03))
                steps_in(model)
    finally:
        gc.enable()
    before = steps_in(model)
    assert model.evaluate(x, y, verbose=0, return_dict=True)["loss"] == -before
    np.testing.assert_array_equal(model.predict(x, verbose=0), np.full((8, 1), -before))


@pytest.mark.parametrize(
    "hook",
    ["on_train_begin", "on_epoch_begin", "on_train_batch_begin", "on_train_batch_end", "on_test_batch_end"],
)
def test_an_interrupt_in_a_callback_is_raised(backend: str, hook: str) -> None:
    model, (x, y) = Counting(), data()
    callback = keras.callbacks.LambdaCallback(**{hook: press})

    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, batch_size=2, verbose=0, validation_data=(x, y), callbacks=[callback])

    expected = {"on_train_batch_end": 1, "on_test_batch_end": 4}.get(hook, 0)
    assert steps_in(model) == expected
    model.fit(x, y, batch_size=2, verbose=0)
    assert steps_in(model) == expected + 4


def test_an_interrupt_in_a_generator_is_raised_and_keeps_the_finished_steps(backend: str) -> None:
    model, (x, y) = Counting(), data()

    def batches() -> Any:
        for number in range(4):
            if number == 2:
                press()
            yield x, y

    with pytest.raises(KeyboardInterrupt):
        model.fit(batches(), verbose=0)

    assert steps_in(model) == 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupt_that_a_finalizer_swallows_is_raised_before_the_next_step(backend: str) -> None:
    model, (x, y) = Counting(), data()

    class Final:
        def __del__(self) -> None:
            press()

    def drop(batch: int, logs: Any) -> None:
        Final()  # Python prints and ignores what __del__ raises

    callback = keras.callbacks.LambdaCallback(on_train_batch_end=drop)
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, batch_size=2, verbose=0, callbacks=[callback])

    assert steps_in(model) == 1


def test_an_interrupt_keeps_the_history_of_finished_epochs(backend: str) -> None:
    model, (x, y) = Counting(), data()
    stop = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: press() if epoch == 2 else None)

    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, epochs=5, verbose=0, callbacks=[stop])

    assert model.history.epoch == [0, 1]
    assert len(model.history.history["loss"]) == 2


def test_inside_a_deferring_block_an_interrupt_waits_for_the_end() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), deferred_interrupts():
        with deferred_interrupts():
            press()
            reached.append("inner")
        reached.append("outer")
    assert reached == ["inner", "outer"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_deferred_interrupt_is_not_lost_with_an_exception() -> None:
    with pytest.raises(KeyboardInterrupt) as caught, deferred_interrupts():
        press()
        raise ValueError("first")
    assert isinstance(caught.value.__context__, ValueError)


def test_a_handler_of_ones_own_is_called_and_stays() -> None:
    calls: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: calls.append(number))
    mine = signal.getsignal(signal.SIGINT)
    try:
        with deferred_interrupts():
            press()
            assert calls == []
        assert calls == [signal.SIGINT]
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, previous)


def test_training_works_outside_the_main_thread(backend: str) -> None:
    model, (x, y) = Counting(), data()
    thread = threading.Thread(target=lambda: model.fit(x, y, batch_size=2, verbose=0))
    thread.start()
    thread.join()
    assert steps_in(model) == 4

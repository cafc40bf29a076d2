"""Slow batches are loaded while a step runs, and never more of them than asked for."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab.data.adapt import make_source, with_queue_options
from layerlab.data.prefetch import SLOW_SECONDS

SECONDS = 20
BATCH = (np.ones((2, 1), "float32"), np.ones((2, 1), "float32"))


def data_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("layerlab-data")]


class Slow:
    """A generator of numbered batches, each of them slow; notes in which thread each was made."""

    def __init__(self, count: int = 10**6) -> None:
        self.count = count
        self.made: list[threading.Thread] = []
        self.made_more = threading.Condition()

    def __iter__(self) -> Iterator[Any]:
        for number in range(self.count):
            time.sleep(2 * SLOW_SECONDS)
            with self.made_more:
                self.made.append(threading.current_thread())
                self.made_more.notify_all()
            yield np.full(1, number), np.zeros(1)

    def wait_for(self, count: int) -> bool:
        with self.made_more:
            return self.made_more.wait_for(lambda: len(self.made) >= count, SECONDS)


def numbers(batches: Any) -> list[int]:
    return [int(x[0]) for x, _ in batches]


def compiled() -> Any:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_slow_batches_are_made_while_the_reader_holds_one() -> None:
    slow = Slow(6)
    source = make_source(iter(slow))
    epoch = source.epoch()
    first = next(epoch)  # from then on the thread takes over
    second = next(epoch)
    assert slow.wait_for(4)  # the third and fourth, without anybody asking
    assert numbers([first, second, *epoch]) == [0, 1, 2, 3, 4, 5]
    assert slow.made[0] is threading.main_thread()
    assert threading.main_thread() not in slow.made[1:]
    source.close()
    assert not data_threads()


def test_quick_batches_stay_in_the_training_thread() -> None:
    seen = set()

    def quick() -> Iterator[Any]:
        for _ in range(20):
            seen.add(threading.current_thread())
            yield BATCH

    list(make_source(quick()).epoch())
    # A busy machine may make one batch slow; then the thread is a second one, not a third.
    assert threading.main_thread() in seen
    assert len(seen) <= 2


def test_a_generator_gives_no_more_than_the_steps_of_each_epoch() -> None:
    slow = Slow()
    generator = iter(slow)
    first = make_source(generator, steps=3)
    assert numbers(first.epoch()) == [0, 1, 2]
    assert len(slow.made) == 3
    assert numbers(first.epoch()) == [3, 4, 5]
    first.close()
    second = make_source(generator, steps=2)
    assert numbers([second.peek()]) == [6]
    assert numbers(second.epoch()) == [6, 7]
    assert len(slow.made) == 8
    assert numbers([next(generator)]) == [8]  # close leaves a user's generator open


def test_max_queue_size_is_how_far_the_thread_goes_ahead() -> None:
    slow = Slow()
    source = make_source(with_queue_options(iter(slow), max_queue_size=4), steps=50)
    epoch = source.epoch()
    next(epoch), next(epoch)
    assert slow.wait_for(6)  # two were read, four wait
    time.sleep(10 * SLOW_SECONDS)
    assert len(slow.made) == 6
    source.close()


def test_without_workers_everything_is_loaded_in_the_training_thread() -> None:
    slow = Slow(4)
    source = make_source(with_queue_options(iter(slow), workers=0))
    assert numbers(source.epoch()) == [0, 1, 2, 3]
    assert set(slow.made) == {threading.main_thread()}


def test_an_iterable_that_can_begin_anew_is_read_by_a_new_thread_each_epoch() -> None:
    slow = Slow(3)
    source = make_source(slow)
    assert [numbers(source.epoch()) for _ in range(3)] == [[0, 1, 2]] * 3
    source.close()
    assert not data_threads()


def test_an_exception_in_the_thread_is_raised_with_its_type_and_traceback(backend: str) -> None:
    class Broken(Exception):
        pass

    def broken() -> Iterator[Any]:
        for _ in range(3):
            time.sleep(2 * SLOW_SECONDS)
            yield BATCH
        raise Broken("the fourth")

    model = compiled()
    with pytest.raises(Broken, match="the fourth") as caught:
        model.fit(broken(), verbose=0)
    assert "broken" in [entry.name for entry in caught.traceback]
    assert not data_threads()
    model.fit(*BATCH, verbose=0)


def test_an_interrupt_in_training_leaves_no_thread(backend: str) -> None:
    model, slow = compiled(), Slow()
    generator = iter(slow)

    class Press(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 3:
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        model.fit(generator, steps_per_epoch=100, verbose=0, callbacks=[Press()])
    assert not data_threads()
    assert len(model.fit(generator, steps_per_epoch=2, epochs=2, verbose=0).history["loss"]) == 2


def test_an_interrupt_while_waiting_for_a_batch_comes_at_once(backend: str) -> None:
    model, hangs, go_on = compiled(), threading.Event(), threading.Event()

    def stuck() -> Iterator[Any]:
        for _ in range(2):
            time.sleep(2 * SLOW_SECONDS)
            yield BATCH
        hangs.set()
        go_on.wait(SECONDS)

    def press() -> None:
        assert hangs.wait(SECONDS)
        os.kill(os.getpid(), signal.SIGINT)

    helper = threading.Thread(target=press)
    helper.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(stuck(), verbose=0)
    helper.join()
    go_on.set()
    for thread in data_threads():
        thread.join(SECONDS)
    assert not data_threads()
    model.fit(*BATCH, verbose=0)


def test_training_stopped_in_the_middle_closes_what_it_opened() -> None:
    closed = []

    class Opening:
        def __iter__(self) -> Iterator[Any]:
            try:
                while True:
                    time.sleep(2 * SLOW_SECONDS)
                    yield BATCH
            finally:
                closed.append(True)

    source = make_source(Opening(), steps=100)
    epoch = source.epoch()
    for _ in range(3):
        next(epoch)
    source.close()
    source.close()
    epoch.close()
    assert closed == [True]
    assert not data_threads()


def test_a_generator_that_asks_the_model_stays_in_the_training_thread(backend: str) -> None:
    model, threads = compiled(), set()
    holder = {"model": model}  # deep enough not to be seen

    def slow(predict: Any) -> Iterator[Any]:
        for _ in range(6):
            threads.add(threading.current_thread())
            time.sleep(2 * SLOW_SECONDS)
            yield BATCH[0], predict(BATCH[0])

    def by_predict(x: np.ndarray) -> Any:
        return holder["model"].predict(x, verbose=0)

    for predict in (by_predict, model, model.__call__):
        model.fit(slow(predict), verbose=0)
    assert threads == {threading.main_thread()}

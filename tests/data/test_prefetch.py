"""Slow batches are loaded while a step runs, and never more of them than asked for."""

from __future__ import annotations

import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab.core.pending import finish_pending
from layerlab.data.choose_source import make_source, with_queue_options
from layerlab.data.prefetch import SLOW_SECONDS, Prefetcher

pytestmark = pytest.mark.slow  # the whole file, so that `make test-fast` keeps its two minutes

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
    # A busy machine may make one batch slow; then a thread takes over for some more than a dozen.
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
    epoch.close()  # type: ignore[attr-defined]
    assert closed == [True]
    assert not data_threads()


class Asking(keras.utils.PyDataset):
    """Batches with what `ask` returns as targets, from batch `first` on; that is noted."""

    def __init__(self, ask: Any, first: int, seconds: float, **options: Any) -> None:
        super().__init__(**options)
        self.ask, self.first, self.seconds = ask, first, seconds
        self.noted: list[float] = []

    def __len__(self) -> int:
        return 30

    def __getitem__(self, index: int) -> Any:
        time.sleep(self.seconds)
        if index < self.first:
            return BATCH
        self.noted.append(float(self.ask()))
        return BATCH[0], np.full((2, 1), self.noted[-1] + 1, "float32")


def asked(model: Any, how: str) -> Any:
    holder = {"model": model}  # nothing in its name or attributes says that it uses a model
    return {
        "a weight": lambda: np.asarray(holder["model"].weights[0])[0, 0],
        "the weights": lambda: holder["model"].get_weights()[0][0, 0],
        "a call": lambda: keras.ops.convert_to_numpy(holder["model"](BATCH[0], training=False))[0, 0],
        "predict": lambda: holder["model"].predict(BATCH[0], verbose=0)[0, 0],
        "evaluate": lambda: holder["model"].evaluate(*BATCH, verbose=0),
    }[how]


@pytest.mark.parametrize("first", [0, 12])
@pytest.mark.parametrize("seconds", [0, 2 * SLOW_SECONDS])
@pytest.mark.parametrize("how", ["a weight", "the weights", "a call", "predict"])
def test_a_generator_that_asks_the_model_finds_it_after_the_step_before(
    backend: str, how: str, seconds: float, first: int
) -> None:
    found = []
    for is_by_hand in (True, False):
        keras.utils.set_random_seed(0)
        model = compiled()
        data = Asking(asked(model, how), first, seconds)
        if is_by_hand:
            for index in range(len(data)):
                model.train_on_batch(*data[index])
        else:
            model.fit((data[index] for index in range(len(data))), verbose=0)
        found.append([*data.noted, *model.get_weights()[0].ravel()])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)
    assert len(set(found[0])) > 15


def test_what_asks_the_model_in_the_thread_is_known_when_the_thread_is_given_up() -> None:
    count = itertools.count()

    def pull() -> int:
        number = next(count)
        if number == 2:
            time.sleep(5 * SLOW_SECONDS)  # the thread begins here, and ends after quick batches
        if number == 5:
            finish_pending()  # as the value of a variable does
        return number

    prefetcher = Prefetcher(2)
    assert list(prefetcher.read(pull, 60)) == list(range(60))
    assert prefetcher._ahead is None and not prefetcher.is_ready  # so that no batch is taken before its step


@pytest.mark.parametrize("workers", [0, 1, 4])
def test_a_data_set_that_asks_the_model_finds_it_after_the_step_before(backend: str, workers: int) -> None:
    found = []
    for count in (0, workers):
        keras.utils.set_random_seed(0)
        model = compiled()
        data = Asking(asked(model, "a call"), 3, SLOW_SECONDS, workers=count)
        model.fit(data, shuffle=False, verbose=0)
        found.append(data.noted)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-5)


def test_a_load_that_waits_for_its_turn_ends_with_the_training(backend: str) -> None:
    model, waits = compiled(), threading.Event()

    class Stop(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 2:
                assert waits.wait(SECONDS)
                model.stop_training = True

    def slow() -> Iterator[Any]:
        for number in range(10):
            time.sleep(2 * SLOW_SECONDS)
            if number == 3:
                waits.set()
                model.get_weights()
            yield BATCH

    generator = slow()
    model.fit(generator, steps_per_epoch=10, verbose=0, callbacks=[Stop()])
    assert not data_threads()
    assert next(generator) is BATCH  # it lives on


def test_a_thread_is_given_up_when_batches_are_quick_again() -> None:
    threads: list[Any] = []

    def slow_at_first() -> Iterator[Any]:
        for number in range(200):
            time.sleep(2 * SLOW_SECONDS if number < 2 else 0)
            threads.append(threading.current_thread())
            yield np.full(1, number), np.zeros(1)

    assert numbers(make_source(slow_at_first()).epoch()) == list(range(200))
    assert threading.main_thread() is not threads[2]
    assert threading.main_thread() in threads[10:]
    assert not data_threads()


def test_a_generator_may_fill_the_same_memory_again() -> None:
    def filling() -> Iterator[Any]:
        x = np.empty(1)
        for number in range(8):
            time.sleep(2 * SLOW_SECONDS)
            x[:] = number
            yield x, np.zeros(1)

    epoch = make_source(filling()).epoch()
    taken = []
    for batch in epoch:
        time.sleep(4 * SLOW_SECONDS)  # the thread is ahead by now
        taken += numbers([batch])
    assert taken == list(range(8))

"""Batches that come one by one run together in one call where they are there; nothing else changes."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import layerlab as keras
from layerlab.data.choose_source import make_source
from layerlab.training.stepping.batch_groups import BatchGroups
from layerlab.training.stepping.step_runner import StepRunner

pytestmark = pytest.mark.slow  # the whole file, so that `make test-fast` keeps its two minutes

SAMPLES = 200
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(SAMPLES, 4)).astype("float32")
Y = RANDOM.integers(0, 3, SAMPLES).astype("int32")


def compiled(**options: Any) -> Any:
    keras.utils.set_random_seed(0)
    layers = [keras.Input((4,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(3)]
    model = keras.Sequential(layers)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"], **options)
    return model


def generator(size: int = 4, samples: int = SAMPLES) -> Iterator[Any]:
    for start in range(0, samples, size):
        yield X[start : start + size], Y[start : start + size]


class Batches(keras.utils.PyDataset):
    def __len__(self) -> int:
        return SAMPLES // 4

    def __getitem__(self, index: int) -> Any:
        return next(itertools.islice(generator(), index, None))


def of_the_back_end() -> Iterator[Any]:
    for x, y in generator():
        yield keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(y)


def in_the_same_memory() -> Iterator[Any]:
    x, y = np.empty((4, 4), "float32"), np.empty(4, "int32")
    for values, labels in generator():
        x[:], y[:] = values, labels
        yield x, y


def in_the_same_tensors() -> Iterator[Any]:
    x, y = torch.empty(4, 4), torch.empty(4, dtype=torch.int32)
    for values, labels in generator():
        x[:], y[:] = torch.from_numpy(values), torch.from_numpy(labels)
        yield x, y


SOURCES = {
    "a generator": generator,
    "arrays of the back end": of_the_back_end,
    "the same memory again": in_the_same_memory,
    "the same tensors again": in_the_same_tensors,
    "a list": lambda: list(generator()),
    "a data set": Batches,
    "a data set with threads": lambda: Batches(workers=3),
    "a loader": lambda: DataLoader(TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)), batch_size=4),
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many batches each call got."""
    counts: list[int] = []
    run = StepRunner.run

    def counting(self: StepRunner, batches: list[Any]) -> Any:
        counts.append(len(batches))
        return run(self, batches)

    monkeypatch.setattr(StepRunner, "run", counting)
    return counts


class EachBatch(keras.callbacks.Callback):
    """Wants to hear of each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.losses.append(float(logs["loss"]))


@pytest.mark.parametrize("source", SOURCES)
def test_many_batches_run_in_a_call_and_numbers_are_those_of_arrays(
    backend: str, calls: list[int], source: str
) -> None:
    make = SOURCES[source]
    one, other = compiled(), compiled()
    one.fit(X, Y, batch_size=4, shuffle=False, epochs=3, verbose=0)
    calls.clear()

    for _ in range(3):
        other.fit(make(), shuffle=False, verbose=0)

    assert sum(calls) == 3 * SAMPLES // 4
    assert max(calls) > 1
    for mine, theirs in zip(other.get_weights(), one.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        other.evaluate(make(), verbose=0), one.evaluate(X, Y, batch_size=4, verbose=0), rtol=1e-5
    )
    np.testing.assert_allclose(
        other.predict(make(), verbose=0), one.predict(X, batch_size=4, verbose=0), rtol=1e-4, atol=1e-6
    )


def test_a_callback_that_wants_each_batch_gets_each(backend: str, calls: list[int]) -> None:
    each, model = EachBatch(), compiled()
    model.fit(generator(), verbose=0, callbacks=[each])
    assert set(calls) == {1}
    assert len(each.losses) == SAMPLES // 4


def test_no_more_batches_are_taken_than_an_epoch_needs(backend: str, calls: list[int]) -> None:
    endless, taken = itertools.cycle(list(generator())), itertools.count()
    counted = (batch for batch, _ in zip(endless, taken, strict=False))
    model = compiled()
    model.fit(counted, steps_per_epoch=17, epochs=3, verbose=0)
    assert max(calls) > 1
    assert next(taken) == 3 * 17


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_the_batches_before_one_that_fails_are_trained_on(
    backend: str, calls: list[int], error: type[BaseException]
) -> None:
    def failing() -> Iterator[Any]:
        yield from generator(samples=120)
        raise error("the thirty-first")

    model = compiled()
    model.fit(generator(), verbose=0)  # calls take many batches from here on
    calls.clear()
    before = int(model.optimizer.iterations)
    with pytest.raises(error, match="the thirty-first") as caught:
        model.fit(failing(), verbose=0)
    assert "failing" in [entry.name for entry in caught.traceback]
    assert int(model.optimizer.iterations) - before == 30
    assert max(calls) > 1


def test_the_batches_before_one_that_does_not_fit_are_trained_on(backend: str) -> None:
    def wrong() -> Iterator[Any]:
        yield from generator(samples=120)
        yield X[:4], np.full(4, 7)

    model = compiled()
    model.fit(generator(), verbose=0)
    before = int(model.optimizer.iterations)
    with pytest.raises(ValueError, match="Label 7 at row 0"):
        model.fit(wrong(), verbose=0)
    assert int(model.optimizer.iterations) - before == 30


def test_batches_of_other_shapes_run_as_they_come(backend: str) -> None:
    def ragged() -> Iterator[Any]:
        yield from generator(4, samples=82)
        yield from generator(7)
        yield from generator(4, samples=40)

    losses = []
    for callbacks in ([], [EachBatch()]):
        model = compiled()
        model.fit(ragged(), verbose=0, callbacks=callbacks)
        losses.append(model.evaluate(ragged(), verbose=0))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)


def test_the_length_of_a_generator_that_is_learned_compiles_nothing_again(
    backend: str, calls: list[int]
) -> None:
    model, batches = compiled(), list(generator())

    class Anew:
        def __iter__(self) -> Iterator[Any]:
            return iter(batches)

    model.fit(Anew(), epochs=2, verbose=0)
    assert len(model._stepper.runner("train")._loops) == 1


def test_a_run_that_is_stopped_has_trained_on_every_batch_it_took(backend: str) -> None:
    taken: list[int] = []
    is_deep = threading.Event()

    def endless() -> Iterator[Any]:
        for number, batch in enumerate(itertools.cycle(list(generator()))):
            taken.append(number)
            if number == 400:
                is_deep.set()
            yield batch

    class Stopping(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            def stop() -> None:
                is_deep.wait(20)
                self.control.stop()

            threading.Thread(target=stop).start()

    model = compiled()
    model.fit(endless(), steps_per_epoch=10**6, verbose=0, callbacks=[Stopping()])
    assert is_deep.is_set()
    assert int(model.optimizer.iterations) == len(taken)


class Scripted:
    """A source whose batches are numbers, of which some are there."""

    whole = None

    def __init__(self, ready: list[bool]) -> None:
        self._ready = iter(ready)

    @property
    def is_ready(self) -> bool:
        return next(self._ready)


def test_a_batch_that_is_not_there_is_not_waited_for() -> None:
    source: Any = Scripted([True, True, False, False, True, False])
    groups = BatchGroups(source, iter([(i,) for i in range(1, 7)]), lambda batch: None, lambda group: None)
    assert groups.next(5, waits=False).batches == [(1,), (2,), (3,)]
    assert groups.next(5, waits=False).batches == [(4,)]
    assert groups.next(5, waits=False).batches == [(5,), (6,)]


def test_steps_per_execution_takes_as_many_batches_as_it_says(backend: str, calls: list[int]) -> None:
    model = compiled(steps_per_execution=8)
    model.fit(generator(), verbose=0)
    assert calls == [8] * 6 + [2]
    assert make_source(generator()).is_ready


def test_few_batches_run_one_by_one_where_a_call_sends_more_than_they_are(
    backend: str, calls: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, one = compiled(), compiled()
    model.fit(generator(), verbose=0)
    runner = model._stepper.runner("train")
    [loop] = runner._loops.values()
    called: list[int] = []

    class Far:
        """As on another device."""

        few = SAMPLES

        def __call__(self, state: Any, batches: list[Any]) -> Any:
            called.append(len(batches))
            return loop(state, batches)

        def rest(self) -> None:
            loop.rest()

    runner._loops = dict.fromkeys(runner._loops, Far())
    model.fit(generator(), verbose=0)
    assert called == []
    model.fit(X, Y, batch_size=4, shuffle=False, verbose=0)
    assert sum(called) > 0  # arrays are never few
    for _ in range(3):
        one.fit(X, Y, batch_size=4, shuffle=False, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], one.get_weights()[0], rtol=1e-4, atol=1e-6)

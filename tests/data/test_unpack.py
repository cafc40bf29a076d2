"""What an iterator may yield."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import layerlab as keras
from layerlab.data.choose_source import make_source

X, Y = np.ones((4, 2), "float32"), np.zeros((4, 1), "float32")
Pair = collections.namedtuple("Pair", ["x", "y"])


class Fixed(keras.utils.PyDataset):
    """The same batch, twice."""

    def __init__(self, batch: Any) -> None:
        super().__init__()
        self.batch = batch

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Any:
        return self.batch


def loader(batch: Any) -> Any:
    return torch.utils.data.DataLoader([0, 1], collate_fn=lambda _: batch)


def generator(batch: Any) -> Any:
    return (batch for _ in range(2))


SOURCES: list[Callable[[Any], Any]] = [generator, Fixed, loader]


@pytest.fixture
def model(backend: str) -> Any:
    made = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    made.compile("sgd", "mse")
    return made


def calls(model: Any, data: Callable[[], Any]) -> list[Callable[[], Any]]:
    return [
        lambda: model.fit(data(), verbose=0),
        lambda: model.evaluate(data(), verbose=0),
        lambda: model.predict(data(), verbose=0),
    ]


@pytest.mark.parametrize("source", SOURCES)
def test_namedtuples_are_refused_with_advice(model: Any, source: Callable[[Any], Any]) -> None:
    for call in calls(model, lambda: source(Pair(X, Y))):
        with pytest.raises(ValueError, match=r"namedtuple(.|\n)*plain tuple"):
            call()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("batch", [(X, Y, Y[:, 0], Y), ()], ids=["four", "none"])
def test_tuples_of_another_length_are_refused(
    model: Any, source: Callable[[Any], Any], batch: tuple[Any, ...]
) -> None:
    for call in calls(model, lambda: source(batch)):
        with pytest.raises(ValueError, match=f"a tuple of {len(batch)}"):
            call()


def test_a_list_is_a_tuple_from_a_data_set_and_refused_from_a_generator_as_in_keras(model: Any) -> None:
    for source in (Fixed, loader):
        [batch, *_] = make_source(source([[[1.0]], [2]])).epoch()
        assert [part.tolist() for part in batch] == [[[1.0]], [2]]
        for call in calls(model, lambda source=source: source([X, Y])):  # type: ignore[misc]
            call()
    for call in calls(model, lambda: generator([X, Y])):
        with pytest.raises(ValueError, match=r"a list of 2(.|\n)*\(x, y\)"):
            call()


@pytest.mark.parametrize("source", SOURCES)
def test_a_dict_is_taken_whole_as_x(backend: str, source: Callable[[Any], Any]) -> None:
    inputs = {name: keras.Input((2,), name=name) for name in ("a", "b")}
    model = keras.Model(inputs, keras.layers.Add()([inputs["a"], inputs["b"]]))
    assert model.predict(source({"a": X, "b": 2 * X}), verbose=0).tolist() == [[3, 3]] * 8


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "batch, message",
    [
        ((X, Y[:3]), r"Batch 1: different numbers of samples(.|\n)*x has 4, y has 3"),
        ((X, Y, np.ones(2)), "Batch 1: different(.|\n)*sample_weight has 2"),
        ((X, 1.0), "Batch 1: y is a single number"),
        ((np.float32(1),), "Batch 1: x is a single number"),
        ((X[:0], Y[:0]), "Batch 1: empty"),
        ((np.array(["a", "b"]), Y), "x is text"),
    ],
    ids=["lengths", "weights", "number", "0-d", "empty", "text"],
)
def test_batches_that_do_not_fit_together_are_named(
    model: Any, source: Callable[[Any], Any], batch: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        model.fit(source(batch), verbose=0)


def test_the_number_of_the_batch_is_that_of_the_data(model: Any) -> None:
    with pytest.raises(ValueError, match="Batch 3: different"):
        model.fit(iter([(X, Y), (X, Y), (X, Y[:1])]), verbose=0)

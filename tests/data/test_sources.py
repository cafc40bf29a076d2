"""Every kind of data becomes the same batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from keras.src.trainers.data_adapters import array_slicing
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter

import layerlab as keras
from layerlab.backend.active import backend as active
from layerlab.data.choose_source import make_source, split_validation
from layerlab.data.unpack import unpack_x_y_sample_weight


def batches(source: Any, epochs: int = 1) -> list[list[Any]]:
    """x of each batch as lists, one list per epoch."""
    return [[np.asarray(x_of(batch)).tolist() for batch in source.epoch()] for _ in range(epochs)]


def x_of(batch: Any) -> Any:
    return unpack_x_y_sample_weight(batch)[0]


def numbered(samples: int = 5) -> np.ndarray:
    return np.arange(samples, dtype="float32")


def test_arrays_are_cut_into_batches_without_a_copy() -> None:
    x = numbered(5)
    source = make_source(x, x, batch_size=2)

    assert batches(source) == [[[0, 1], [2, 3], [4]]]
    assert (source.steps, source.batch_size) == (3, 2)
    assert source.whole[0] is x
    assert all(np.shares_memory(batch[0], x) for batch in source.epoch())


def test_the_default_batch_size_is_32() -> None:
    assert [len(batch) for batch in batches(make_source(numbered(70)))[0]] == [32, 32, 6]


def test_peeking_takes_nothing_away() -> None:
    pairs = [(numbered(2),), (numbered(2) + 2,)]
    for source in (make_source(numbered(4), batch_size=2), make_source(pairs), make_source(iter(pairs))):
        assert x_of(source.peek()).tolist() == x_of(source.peek()).tolist() == [0, 1]
        assert batches(source) == [[[0, 1], [2, 3]]]


def test_floats_become_floatx_and_other_numbers_stay() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": [1, 2], "c": [True, False]})
    for given, dtype in (
        ([0.5, 1.5], "float32"),
        (np.zeros(2, "float16"), "float16"),
        ([1, 2], "int64"),
        (frame, "float32"),
        (frame["b"], "int64"),
        (np.zeros(2, "uint8"), "uint8"),
    ):
        assert make_source(given).whole[0].dtype == dtype


def test_shuffling_depends_on_the_seed_alone(backend: str) -> None:
    orders = []
    for seed in (1, 1, 2):
        keras.utils.set_random_seed(seed)
        orders.append(batches(make_source(numbered(9), batch_size=4, shuffle=True), epochs=2))
    assert orders[0] == orders[1] != orders[2]


def test_arrays_of_the_back_end_come_to_the_host_as_data_and_stay_in_batches(backend: str) -> None:
    array = active().asarray(np.ones((3, 2), "float32"))
    assert isinstance(make_source(array).whole[0], np.ndarray)
    [batch] = make_source(iter([(array, array)])).epoch()
    assert batch[0] is array


def test_lists_in_batches_become_arrays() -> None:
    [batch] = make_source(iter([([[1.0, 2.0], [3.0, 4.0]], [0, 1])])).epoch()
    assert batch[0].shape == (2, 2)
    assert batch[0].dtype == "float32"
    assert batch[1].tolist() == [0, 1]


def test_a_batch_that_is_no_tuple_is_taken_whole_as_x() -> None:
    [batch] = make_source(iter([{"a": numbered(2), "b": numbered(2)}])).epoch()
    assert sorted(batch) == ["a", "b"]


def test_the_lists_of_a_data_loader_are_x_and_y() -> None:
    dataset = torch.utils.data.TensorDataset(torch.arange(4.0)[:, None], torch.arange(4))
    source = make_source(torch.utils.data.DataLoader(dataset, batch_size=2))

    x, y = next(iter(source.epoch()))

    assert source.steps == 2
    assert (np.asarray(x).tolist(), np.asarray(y).tolist()) == ([[0.0], [1.0]], [0, 1])


def test_a_list_of_batches_begins_anew_and_a_generator_does_not() -> None:
    pairs = [(numbered(1),), (numbered(1) + 1,)]
    assert batches(make_source(pairs), epochs=2) == [[[0], [1]]] * 2
    with pytest.warns(UserWarning, match="ended after 0 batches"):
        assert batches(make_source(iter(pairs)), epochs=2) == [[[0], [1]], []]


def test_with_steps_epochs_go_on_where_the_last_one_ended() -> None:
    pairs = [(numbered(1) + i,) for i in range(3)]
    for source in (make_source(np.arange(3.0), batch_size=1, steps=2), make_source(pairs, steps=2)):
        assert batches(source, epochs=4) == [[[0], [1]], [[2], [0]], [[1], [2]], [[0], [1]]]
        source.rewind()
        assert batches(source) == [[[0], [1]]]


def test_endless_data_end_when_the_reader_stops() -> None:
    def forever() -> Any:
        while True:
            yield (numbered(1),)

    source = make_source(forever(), steps=-1)
    assert source.steps is None
    assert sum(1 for _, batch in zip(range(50), source.epoch(), strict=False) if batch) == 50
    with pytest.raises(ValueError, match="for ever"):
        make_source(numbered(3), steps=-1)


class Squares(keras.utils.PyDataset):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        return np.array([index]), np.array([index**2])


def test_batches_of_a_data_set_are_shuffled_whole() -> None:
    keras.utils.set_random_seed(0)
    dataset = Squares()
    source = make_source(dataset, shuffle=True)
    epochs = batches(source, epochs=3)
    assert source.steps == 4
    assert all(sorted(epoch) == [[0], [1], [2], [3]] for epoch in epochs)
    assert len({str(epoch) for epoch in epochs}) > 1
    assert batches(make_source(dataset)) == [[[0], [1], [2], [3]]]


def test_the_last_samples_are_split_off() -> None:
    x = numbered(10)
    (train, *_), (validation, y, weight) = split_validation({"a": x}, x.tolist(), None, 0.25)
    assert train["a"].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert validation["a"].tolist() == y.tolist() == [7, 8, 9]
    assert weight is None
    with pytest.raises(ValueError, match="leaves one part empty"):
        split_validation(x[:1], None, None, 0.5)


@pytest.mark.parametrize("shuffle", ["all", 2, None])
def test_an_unknown_way_to_shuffle_is_refused(shuffle: Any) -> None:
    with pytest.raises(ValueError, match="True, False or 'batch'"):
        make_source(numbered(3), shuffle=shuffle)


@pytest.mark.parametrize("samples, fraction", [(10, 0.3), (7, 0.2), (1000, 0.1), (3, 0.5), (11, 0.9)])
def test_validation_data_are_as_many_as_in_keras(samples: int, fraction: float) -> None:
    x = np.arange(samples)[:, None]
    (keras_x, *_), (keras_validation, *_) = array_slicing.train_validation_split((x, x), fraction)
    (train, *_), (validation, *_) = split_validation(x, x, None, fraction)
    assert train.tolist() == keras_x.tolist()
    assert validation.tolist() == keras_validation.tolist()


def test_whole_batches_change_places_and_a_smaller_one_stays_last() -> None:
    keras.utils.set_random_seed(0)
    source = make_source(numbered(10), batch_size=4, shuffle="batch")
    epochs = batches(source, epochs=8)
    assert all(epoch[2] == [8, 9] for epoch in epochs)
    assert {str(epoch[:2]) for epoch in epochs} == {
        "[[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]",
        "[[4.0, 5.0, 6.0, 7.0], [0.0, 1.0, 2.0, 3.0]]",
    }


def test_with_steps_each_pass_is_shuffled_and_holds_every_sample_once() -> None:
    keras.utils.set_random_seed(0)
    epochs = batches(make_source(numbered(6), batch_size=2, steps=2, shuffle=True), epochs=3)
    given = [sample for epoch in epochs for batch in epoch for sample in batch]
    first, second = given[:6], given[6:]
    assert sorted(first) == sorted(second) == [0, 1, 2, 3, 4, 5]
    assert first != second


def test_steps_keep_the_batch_size_of_32() -> None:
    assert [len(batch) for batch in batches(make_source(numbered(100), steps=2))[0]] == [32, 32]


@pytest.mark.parametrize("name", ["y", "sample_weight"])
def test_nothing_is_given_beside_batches(name: str) -> None:
    for data in (iter([(numbered(2),)]), Squares(), [(numbered(2),)]):
        with pytest.raises(ValueError, match=f"{name} cannot be given beside a"):
            make_source(data, **{name: numbered(2)})
    with pytest.raises(ValueError, match="needs arrays"):
        split_validation(Squares(), None, None, 0.5)


@pytest.mark.parametrize(
    "make",
    [
        lambda: iter([(numbered(2),)]),
        Squares,
        lambda: [(numbered(2),)],
        lambda: torch.utils.data.DataLoader(numbered(2), batch_size=2),
    ],
)
def test_data_in_batches_keep_their_batch_size_and_say_so(make: Callable[[], Any]) -> None:
    with pytest.warns(UserWarning, match=r"batch_size=4 has no effect on a \w+, which comes in batches"):
        source = make_source(make(), batch_size=4)
    assert len(x_of(source.peek())) in (1, 2)


@pytest.mark.parametrize("number", [3.0, np.ceil(5 / 2), np.float32(3), np.int64(3), np.uint8(3)])
def test_whole_numbers_may_be_floats(number: Any) -> None:
    source = make_source(numbered(20), steps=number, batch_size=number)
    assert type(source.steps) is type(source.batch_size) is int
    assert [len(x) for x in source.epoch()] == [3, 3, 3]


@pytest.mark.parametrize("number", [2.5, 0, -2, 0.0, np.nan, np.inf, True, "3", np.float64(1.5)])
def test_what_is_no_number_of_samples_or_batches_is_refused(number: Any) -> None:
    for name in ("steps", "batch_size"):
        with pytest.raises(ValueError, match=rf"{name}(.|\n)*a positive integer, or None"):
            make_source(numbered(20), **{name: number})


def test_the_batch_size_of_training_does_not_reach_validation_data_that_come_in_batches() -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(np.ones((4, 1)), np.ones((4, 1)), batch_size=2, validation_data=Squares(), verbose=0)
    assert "val_loss" in history.history


@pytest.mark.parametrize(
    "data, advice",
    [
        ("data.csv", "read the file first"),
        (range(3), "np.array"),
        ({1, 2}, "np.array"),
        (lambda: iter([]), "call it"),
        (torch.utils.data.TensorDataset(torch.ones(2)), "DataLoader"),
        (3, "is no data"),
        (None, "There are no data"),
    ],
)
def test_what_is_no_data_is_refused_with_advice(data: Any, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        make_source(data)


def test_targets_that_are_a_generator_are_refused() -> None:
    with pytest.raises(ValueError, match="y is a generator beside arrays"):
        make_source(numbered(2), (value for value in range(2)))


@pytest.mark.parametrize("samples, size", [(5, 2), (6, 2), (70, None), (3, 8)])
def test_batches_in_order_are_those_of_keras(samples: int, size: int | None) -> None:
    expected = ArrayDataAdapter(numbered(samples), numbered(samples), batch_size=size)
    source = make_source(numbered(samples), numbered(samples), batch_size=size)
    assert source.steps == expected.num_batches
    for ours, (x, y) in zip(source.epoch(), expected.get_numpy_iterator(), strict=True):
        assert (ours[0].tolist(), ours[1].tolist()) == (x.tolist(), y.tolist())

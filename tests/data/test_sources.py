"""Every kind of data becomes the same batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import layerlab as keras
from layerlab.backend.active import backend as active
from layerlab.data.adapt import make_source, split_validation


def batches(source: Any, epochs: int = 1) -> list[list[Any]]:
    """x of each batch as lists, one list per epoch."""
    return [[np.asarray(batch[0]).tolist() for batch in source.epoch()] for _ in range(epochs)]


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
    for data in (
        numbered(4),
        [(numbered(2),), (numbered(2) + 2,)],
        iter([(numbered(2),), (numbered(2) + 2,)]),
    ):
        source = make_source(data, batch_size=2)
        assert source.peek()[0].tolist() == source.peek()[0].tolist() == [0, 1]
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
    assert len(batch) == 1
    assert sorted(batch[0]) == ["a", "b"]


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
    for data in ([(numbered(1) + i,) for i in range(3)], (np.arange(3.0))):
        source = make_source(data, batch_size=1, steps=2)
        assert batches(source, epochs=3) == [[[0], [1]], [[2], [0]], [[1], [2]]]
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
    with pytest.raises(NotImplementedError, match="workers=1"):
        Squares(workers=4)


def test_weights_of_classes_reach_every_kind_of_targets() -> None:
    y = np.array([0, 2, 1])
    for targets in (y, y[:, None], np.eye(3)[y]):
        source = make_source(numbered(3), targets, class_weight={0: 0.5, 1: 2.0})
        assert source.whole[2].tolist() == [0.5, 1.0, 2.0]
    [batch] = make_source(iter([(numbered(3), y, np.array([2.0, 2, 2]))]), class_weight={0: 0.5}).epoch()
    assert batch[2].tolist() == [1.0, 2.0, 2.0]
    with pytest.raises(ValueError, match="one output"):
        make_source(numbered(3), [y, y], class_weight={0: 1.0})


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

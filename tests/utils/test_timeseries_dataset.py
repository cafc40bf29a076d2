"""Windows that slide over a series, against a loop over their definition."""

from __future__ import annotations

import itertools
import tracemalloc
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab.errors import DataError, InvalidArgumentError

SERIES = np.arange(60.0).reshape(30, 2)
TARGETS = np.arange(30) * 10
WAYS = list(itertools.product([1, 4], [1, 3], [1, 2], [0, 5], [0, 22]))


def windows(length: int, stride: int, rate: int, start: int, end: int) -> list[list[int]]:
    """The steps of each window, by definition."""
    last = (end or 30) - start - (length - 1) * rate
    return [[start + first + step * rate for step in range(length)] for first in range(0, last, stride)]


@pytest.mark.parametrize(("length", "stride", "rate", "start", "end"), WAYS)
def test_windows_and_targets_are_those_of_the_definition(
    length: int, stride: int, rate: int, start: int, end: int
) -> None:
    arguments: Any = {
        "sequence_stride": stride,
        "sampling_rate": rate,
        "start_index": start,
        "end_index": end,
    }
    steps = windows(length, stride, rate, start, end)
    dataset = keras.utils.timeseries_dataset_from_array(SERIES, TARGETS, length, batch_size=4, **arguments)
    x = np.concatenate([batch for batch, _ in dataset])
    y = np.concatenate([batch for _, batch in dataset])
    np.testing.assert_array_equal(x, SERIES[np.array(steps)])
    np.testing.assert_array_equal(y, TARGETS[[window[0] for window in steps]])
    assert x.dtype == np.float64 and len(dataset) == -(-len(steps) // 4)
    single = keras.utils.timeseries_dataset_from_array(SERIES, None, length, batch_size=None, **arguments)
    assert [window.tolist() for window in single] == SERIES[np.array(steps)].tolist()


def test_a_shuffle_keeps_targets_with_their_windows_and_repeats_by_seed() -> None:
    def read(**arguments: Any) -> list[int]:
        dataset = keras.utils.timeseries_dataset_from_array(
            SERIES, TARGETS, 3, shuffle=True, batch_size=5, **arguments
        )
        starts = []
        for _ in range(2):
            for x, y in dataset:
                assert (x[:, 0, 0] * 5).tolist() == y.tolist()
                starts += y.tolist()
        return starts

    first = read(seed=4)
    assert sorted(first[:28]) == sorted(first[28:]) == TARGETS[:28].tolist() and first[:28] != first[28:]
    assert read(seed=4) == first != read(seed=5)
    keras.utils.set_random_seed(1)
    unseeded = read()
    keras.utils.set_random_seed(1)
    assert read() == unseeded


def test_fewer_targets_than_steps_end_the_windows() -> None:
    dataset = keras.utils.timeseries_dataset_from_array(SERIES[:-3], TARGETS[3:], 3, batch_size=None)
    x, y = list(dataset)[-1]
    assert x[:, 0].tolist() == [48, 50, 52] and y == 270
    assert len(keras.utils.timeseries_dataset_from_array(SERIES, TARGETS[:6], 3, batch_size=None)) == 6


def test_the_series_is_not_copied(tmp_path: Any) -> None:
    np.save(tmp_path / "x.npy", np.zeros((300_000, 4), "float32"))
    series = np.load(tmp_path / "x.npy", mmap_mode="r")
    tracemalloc.start()
    try:
        dataset = keras.utils.timeseries_dataset_from_array(series, None, 100, batch_size=32)
        assert next(iter(dataset)).shape == (32, 100, 4)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000 < series.nbytes  # all windows: 480 MB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"sequence_length": 31}, DataError, "30 steps"),
        ({"sequence_length": 0}, InvalidArgumentError, "sequence_length"),
        ({"sequence_length": 3, "sampling_rate": 30}, InvalidArgumentError, "sampling_rate"),
        ({"sequence_length": 3, "sequence_stride": 0}, InvalidArgumentError, "sequence_stride"),
        ({"sequence_length": 3, "start_index": 30}, InvalidArgumentError, "start_index"),
        ({"sequence_length": 3, "end_index": 30}, InvalidArgumentError, "end_index"),
        ({"sequence_length": 3, "start_index": 9, "end_index": 9}, InvalidArgumentError, "end_index"),
        ({"sequence_length": 3, "start_index": -1}, InvalidArgumentError, "start_index"),
    ],
)
def test_arguments_that_cannot_be_are_named(arguments: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        keras.utils.timeseries_dataset_from_array(SERIES, TARGETS, **arguments)


def test_a_model_forecasts(backend: str) -> None:
    series = np.sin(np.arange(400) / 5).astype("float32")
    dataset = keras.utils.timeseries_dataset_from_array(series[:-1], series[8:], 8, shuffle=True, seed=1)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    losses = model.fit(dataset, epochs=12, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 5

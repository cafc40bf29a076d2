"""Hashing and HashedCrossing: numbers recorded from Keras 3.15 on TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas
import pytest

import layerlab as keras
from layerlab.errors import DataError, DTypeError, InvalidArgumentError, UnsupportedError
from layerlab.layers import HashedCrossing, Hashing

NAMES = ["omar", "stringer", "marlo", "wire", "skywalker"]


@pytest.mark.parametrize(
    ("values", "arguments", "expected"),
    [
        (NAMES, {"num_bins": 2}, [0, 0, 1, 0, 0]),
        (NAMES, {"num_bins": 2, "salt": [133, 137]}, [0, 1, 0, 1, 0]),
        (NAMES, {"num_bins": 3, "mask_value": "omar"}, [0, 1, 2, 1, 1]),
        ([["a", "", "b"], ["longer text of it", "x" * 70, "ü"]], {"num_bins": 5}, [[4, 3, 2], [0, 0, 1]]),
        ([[1, 3], [-5, 10**12]], {"num_bins": 5}, [[4, 1], [1, 2]]),
        ([[1, 3], [-5, 10**12]], {"num_bins": 5, "mask_value": 3}, [[2, 0], [1, 1]]),
        ([[1, 3], [-5, 10**12]], {"num_bins": 5, "salt": 7}, [[4, 0], [0, 1]]),
        ([3.7, -4.2], {"num_bins": 5}, [1, 0]),
        ([3.7, -4.2], {"num_bins": 5, "mask_value": 3}, [2, 3]),
    ],
)
def test_bins_are_those_of_keras(values: Any, arguments: dict[str, Any], expected: Any) -> None:
    assert np.asarray(Hashing(**arguments)(values)).tolist() == expected
    again = Hashing.from_config(Hashing(**arguments).get_config())
    assert np.asarray(again(np.array(values))).tolist() == expected


def test_bins_become_vectors() -> None:
    for mode, expected in [
        ("one_hot", [[[0, 1, 0], [1, 0, 0]], [[0, 1, 0], [1, 0, 0]]]),
        ("multi_hot", [[1, 1, 0], [1, 1, 0]]),
        ("count", [[1, 1, 0], [1, 1, 0]]),
    ]:
        layer = Hashing(3, output_mode=mode)
        assert np.asarray(layer([[0, 1], [2, 3]])).tolist() == expected
        assert layer(keras.Input((2,), dtype="int32")).shape[-1] == 3


@pytest.mark.usefixtures("backend")
def test_features_are_crossed_as_in_keras() -> None:
    layer = HashedCrossing(5)
    assert np.asarray(layer((["A", "B", "A"], np.array([101, 101, -102])))).tolist() == [1, 4, 4]
    table = pandas.DataFrame({"town": ["A", "B", "A", "B", "A"], "hour": [101, 101, 101, 102, 102]})
    assert np.asarray(layer((table["town"], table["hour"]))).tolist() == [1, 4, 1, 1, 3]
    assert np.asarray(layer(([["A"], ["B"]], [["u"], ["w"]], [[1], [2]]))).tolist() == [[0], [2]]
    assert np.asarray(layer(("A", 5))).tolist() == 4
    vectors = HashedCrossing(5, output_mode="one_hot")
    assert np.asarray(vectors((["A", "B"], [101, 101]))).tolist() == [[0, 1, 0, 0, 0], [0, 0, 0, 0, 1]]
    inputs = [keras.Input((1,), dtype="string"), keras.Input((1,), dtype="int32")]
    assert vectors(inputs).shape == (None, 5)


def test_what_does_not_fit_is_refused() -> None:
    for arguments in ({"num_bins": 0}, {"num_bins": 2, "salt": "a"}, {"num_bins": 2, "output_mode": "hot"}):
        with pytest.raises(ValueError, match=r"num_bins|salt|output mode"):
            Hashing(**arguments)  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match="sparse"):
        Hashing(2, output_mode="count", sparse=True)
    with pytest.raises(DTypeError, match="int64"):
        Hashing(2, dtype="float32")
    with pytest.raises(DTypeError, match="texts"):
        Hashing(2)(np.array(["a", None], object))
    with pytest.raises(DataError, match="integers"):
        Hashing(2)([np.nan, 1.0])
    crossing = HashedCrossing(2)
    with pytest.raises(InvalidArgumentError, match="at least two"):
        crossing([["a"]])
    with pytest.raises(DataError, match="one shape"):
        crossing((["a", "b"], [1]))
    with pytest.raises(DataError, match="integers"):
        crossing((["a"], [1.5]))

"""`pad_sequences`, `normalize` and the rest of the small ones, with the installed Keras as witness."""

from __future__ import annotations

import itertools
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab.errors import DataError, InvalidArgumentError, ShapeError

RAGGED = [[5, 1, 2], [], [7], [3, 4, 6, 8, 9]]


@pytest.mark.oracle
@pytest.mark.parametrize("sides", list(itertools.product(["pre", "post"], repeat=2)), ids="-".join)
@pytest.mark.parametrize("maxlen", [None, 1, 3, 8])
def test_sequences_are_filled_and_cut_as_by_keras(sides: Any, maxlen: Any) -> None:
    arguments = {
        "maxlen": maxlen,
        "padding": sides[0],
        "truncating": sides[1],
        "value": -2.5,
        "dtype": "float32",
    }
    ours, theirs = (k.utils.pad_sequences(RAGGED, **arguments) for k in (keras, oracle))
    assert ours.dtype == np.float32
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.oracle
def test_sequences_of_vectors_and_of_words_are_filled_as_by_keras() -> None:
    vectors = [np.ones((2, 3)), np.zeros((0, 3)), np.full((4, 3), 2.0)]
    words = [["a", "bc"], ["d"]]
    for sequences, arguments in (
        (vectors, {"value": 9.0}),
        (words, {"dtype": object, "value": ""}),
        ([], {"maxlen": 2}),
    ):
        ours, theirs = (k.utils.pad_sequences(sequences, **arguments) for k in (keras, oracle))
        np.testing.assert_array_equal(ours, theirs)


def test_a_length_of_zero_leaves_nothing() -> None:
    assert keras.utils.pad_sequences([[1, 2], [3]], maxlen=0).shape == (2, 0)
    assert keras.utils.pad_sequences([]).shape == (0, 0)


@pytest.mark.parametrize(
    ("sequences", "arguments", "error", "says"),
    [
        (3, {}, DataError, "list of sequences"),
        ([[1], 2], {}, DataError, "item 1"),
        ([np.ones((2, 3)), np.ones((2, 4))], {}, ShapeError, r"sequence 1.*\n.*\(3,\)"),
        ([[1]], {"padding": "left"}, InvalidArgumentError, "padding"),
        ([[1]], {"truncating": "both"}, InvalidArgumentError, "truncating"),
        ([["a"]], {"value": "x"}, InvalidArgumentError, "dtype=object"),
        ([[1]], {"maxlen": -1}, InvalidArgumentError, "maxlen"),
    ],
)
def test_what_cannot_be_padded_is_told(sequences: Any, arguments: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        keras.utils.pad_sequences(sequences, **arguments)


@pytest.mark.oracle
@pytest.mark.parametrize("order", [1, 2, 3, np.inf])
@pytest.mark.parametrize("axis", [-1, 1, 2])
def test_normalize_is_that_of_keras(order: Any, axis: int) -> None:
    x = np.random.default_rng(1).normal(size=(3, 4, 4))
    x[1, 2] = 0
    np.testing.assert_allclose(keras.utils.normalize(x, axis, order), oracle.utils.normalize(x, axis, order))


def test_normalize_scales_columns_too() -> None:
    # Keras divides by the norms of other columns here.
    np.testing.assert_allclose(
        keras.utils.normalize(np.array([[3.0, 0.0], [4.0, 2.0]]), axis=0), [[0.6, 0], [0.8, 1]]
    )


def test_normalize_of_an_array_of_the_back_end_is_one(backend: str) -> None:
    x = keras.ops.convert_to_tensor([[3.0, 4.0]])
    result = keras.utils.normalize(x)
    assert type(result) is type(x)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(result), [[0.6, 0.8]], rtol=1e-6)


@pytest.mark.oracle
@pytest.mark.parametrize("data", [("x",), ("x", "y"), ("x", "y", "w")])
def test_batches_are_packed_and_unpacked_as_by_keras(data: Any) -> None:
    for k in (keras, oracle):
        assert k.utils.unpack_x_y_sample_weight(data) == (*data, None, None)[:3]
    assert keras.utils.pack_x_y_sample_weight(*data) == oracle.utils.pack_x_y_sample_weight(*data)


@pytest.mark.oracle
def test_dtypes_have_the_names_that_keras_gives_them() -> None:
    for dtype in (None, "int64", float, int, bool, np.dtype("uint8"), np.float16):
        assert keras.utils.standardize_dtype(dtype) == oracle.utils.standardize_dtype(dtype)
    assert keras.utils.is_keras_tensor(keras.Input((2,))) and not keras.utils.is_keras_tensor(np.ones(2))

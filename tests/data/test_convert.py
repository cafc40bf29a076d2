"""Array-likes become arrays of numbers, or an error says which part is none."""

from __future__ import annotations

from typing import Any

import jax
import jax.experimental.sparse
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
import torch

import layerlab as keras
from layerlab.data.choose_source import make_source


def whole(x: Any, **others: Any) -> Any:
    return make_source(x, **others).whole


def test_frames_and_series_go_by_position_not_by_index() -> None:
    frame = pd.DataFrame({"a": [1.5, 2.5], "b": [True, False]}, index=[7, 3])
    y = pd.DataFrame({"y": [1, 0]}, index=[3, 7])
    weight = pd.Series([0.5, 2.0], index=["u", "v"])

    x, targets, weights = whole(frame, y=y, sample_weight=weight)

    assert x.tolist() == [[1.5, 1.0], [2.5, 0.0]]
    assert (targets.tolist(), weights.tolist()) == ([[1], [0]], [0.5, 2.0])
    assert (x.dtype, targets.dtype, weights.dtype) == ("float32", "int64", "float32")


def test_numbers_in_nullable_categorical_and_object_columns_are_numbers() -> None:
    frame = pd.DataFrame(
        {
            "nullable": pd.array([1, 2], dtype="Int64"),
            "flag": pd.array([True, False], dtype="boolean"),
            "grade": pd.Categorical([3, 4]),
            "object": np.array([5, 6.5], dtype=object),
        }
    )
    assert whole(frame).tolist() == [[1, 1, 3, 5], [2, 0, 4, 6.5]]


@pytest.mark.parametrize(
    "column, found",
    [
        (["p", "q"], "text"),
        (np.array(["1", "2"], dtype=object), "text"),
        (pd.Categorical(["red", "blue"]), "text"),
        (pd.array([1, None], dtype="Int64"), "missing values"),
        (np.array([1.0, None], dtype=object), "missing values"),
        (pd.to_datetime(["2024-01-01", "2024-01-02"]), "dates"),
        (np.array([{}, object()], dtype=object), "mixture of objects"),
    ],
)
def test_the_column_that_is_not_numbers_is_named(column: Any, found: str) -> None:
    frame = pd.DataFrame({"fine": [1.0, 2.0], "colour": column})
    for data in (frame, frame["colour"], {"inputs": frame}):
        with pytest.raises(TypeError, match="'colour'") as caught:
            make_source(data)
        assert found in str(caught.value)


def test_lists_of_values_are_arrays_wherever_they_stand() -> None:
    x, y = whole({"a": [1.0, 2.0], "b": [[1, 2], [3, 4]]}, y=[[0, 1], [1, 0]])
    assert (x["a"].dtype, x["b"].shape, y.shape) == ("float32", (2, 2), (2, 2))
    first, second = whole([np.zeros((2, 3)), [5, 6]])[0]
    assert (first.shape, second.tolist()) == ((2, 3), [5, 6])
    with pytest.raises(TypeError, match=r"x\['a'\] is text"):
        make_source({"a": ["p", "q"]})
    with pytest.raises(ValueError, match=r"x\[1\] is a list of rows of different lengths"):
        make_source([np.zeros(2), [[1], [1, 2]]])


@pytest.mark.parametrize(
    "array, method",
    [
        (scipy.sparse.csr_matrix(np.eye(2)), "toarray"),
        (torch.eye(2).to_sparse(), "to_dense"),
        (jax.experimental.sparse.BCOO.fromdense(np.eye(2)), "todense"),
    ],
)
def test_sparse_arrays_are_refused_with_the_method_that_helps(backend: str, array: Any, method: str) -> None:
    for data in (array, [array, array], {"a": array}):
        with pytest.raises(ValueError, match=rf"{method}\(\)"):
            make_source(data)
    with pytest.raises(ValueError, match=rf"y\.{method}\(\)"):
        make_source(np.eye(2), array)


@pytest.mark.slow
@pytest.mark.parametrize(
    "array",
    [
        torch.tensor([[1.0], [2.0]], requires_grad=True),
        torch.tensor([[1.0], [2.0]], dtype=torch.float64),
        torch.tensor([[1.0], [2.0]], dtype=torch.bfloat16),
        jax.numpy.array([[1.0], [2.0]]),
        jax.numpy.array([[1.0], [2.0]], dtype="bfloat16"),
    ],
    ids=["torch requiring a gradient", "torch 64", "torch bfloat16", "jax", "jax bfloat16"],
)
def test_arrays_of_either_library_train_on_either_back_end(backend: str, array: Any) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    y = torch.tensor([[2.0], [3.0]], requires_grad=True)
    for result in (
        model.evaluate(array, y, verbose=0),
        model.evaluate(iter([(array, y)]), verbose=0),
        model.fit(array, y, verbose=0).history["loss"][0],
        model.fit(iter([(array, y)]), verbose=0).history["loss"][0],
    ):
        assert result == pytest.approx(1.0)


def test_what_is_no_array_is_named() -> None:
    with pytest.raises(TypeError, match=r"x\[1\] is a generator"):
        make_source([np.zeros(2), (value for value in range(2))])
    with pytest.raises(TypeError, match="complex"):
        make_source(np.zeros(2, "complex64"))
    with pytest.raises(TypeError, match="mixture"):
        make_source(np.zeros(2, [("a", "f4"), ("b", "f4")]))


def test_the_array_of_another_length_is_named_among_many() -> None:
    x = [np.zeros(3)] * 20 + [np.zeros(4)]
    with pytest.raises(ValueError, match=r"x\[20\] has 4"):
        make_source(x)


@pytest.mark.parametrize("batched", [False, True])
def test_integers_of_more_than_32_bits_are_refused_on_either_back_end(backend: str, batched: bool) -> None:
    ids = np.array([[1], [2**40]])
    where = "Batch 1: x" if batched else "x"
    with pytest.raises(TypeError, match=rf"^{where} holds integers of more than 32 bits(.|\n)*1099511627776"):
        make_source(iter([(ids, ids)]) if batched else ids).peek()
    assert make_source(ids % 2**31).whole[0].dtype == "int64"


def test_a_masked_array_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^x\['a'\] is a masked array(.|\n)*filled"):
        make_source({"a": np.ma.masked_array(np.ones(3), [0, 1, 0])})

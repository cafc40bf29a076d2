"""Ops on tensors with unknown sizes, operators, and what a graph cannot do."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from layerlab import ops
from layerlab.core.state import StateScope
from layerlab.core.symbolic import KerasTensor
from layerlab.core.variable import Variable
from layerlab.errors import ShapeError, UnsupportedError
from tests.ops.cases import by_name, words
from tests.ops.test_against_keras import arrays_of, leaves, with_arrays

# Their result does not depend on the batch, or they need its size; Keras' own inference gives up on the rest.
_WITHOUT_BATCH = words(
    """
    adaptive_average_pool adaptive_max_pool batch_normalization broadcast_to cholesky
    cholesky_inverse correlate cross det diag diagflat eigh einsum histogram inv kron
    layer_normalization logdet lstsq matrix_rank pinv qr quantile repeat reshape rot90 scatter
    scatter_update segment_max segment_min segment_prod segment_sum slice slice_update slogdet solve
    solve_triangular split svd take_along_axis tile unravel_index vander vsplit
    """
)


@pytest.mark.parametrize("name", sorted(by_name().keys() - set(_WITHOUT_BATCH)))
def test_unknown_sizes_are_kept_as_in_keras(name: str) -> None:
    for case in [one for one in by_name()[name] if one.symbolic and arrays_of(one)][:4]:
        arrays = arrays_of(case)
        rank = arrays[0].ndim
        if rank < 2 or any(array.ndim == rank and array.shape[0] != arrays[0].shape[0] for array in arrays):
            continue
        shapes = [(None, *a.shape[1:]) if a.ndim == rank else a.shape for a in arrays]
        specs = list(zip(shapes, (array.dtype.name for array in arrays), strict=True))
        try:
            theirs = with_arrays(case, [keras.KerasTensor(*one) for one in specs], getattr(keras.ops, name))
        except (ValueError, TypeError, NotImplementedError, IndexError, AttributeError):
            continue
        ours = with_arrays(case, [KerasTensor(*one) for one in specs])
        for mine, other in zip(leaves(ours), leaves(theirs), strict=True):
            agree = [a == b or None in (a, b) for a, b in zip(mine.shape, other.shape, strict=True)]
            assert all(agree), f"{case}: {mine.shape}, Keras has {other.shape}"


def batch(*shape: int, dtype: str = "float32") -> KerasTensor:
    return KerasTensor((None, *shape), dtype)


def test_a_model_like_chain_of_ops_keeps_the_batch_unknown(backend: str) -> None:
    x = batch(8, 8, 3)
    x = ops.relu(ops.conv(x, np.ones((3, 3, 3, 4), "float32"), padding="same", strides=2))
    assert x.shape == (None, 4, 4, 4)
    x = ops.reshape(ops.max_pool(x, 2), (-1, 16))
    assert x.shape == (None, 16)
    assert ops.softmax(x @ np.ones((16, 10), "float32")).shape == (None, 10)
    assert ops.one_hot(ops.argmax(x, axis=-1), 10).shape == (None, 10)


def test_sizes_of_a_symbolic_tensor_may_go_into_reshape(backend: str) -> None:
    x = batch(4, 3)
    assert ops.shape(x) == (None, 4, 3)
    assert ops.reshape(x, (ops.shape(x)[0], 12)).shape == (None, 12)
    assert ops.size(x) is None and ops.ndim(x) == 3


def test_operators_record_the_ops_of_keras() -> None:
    x, y = batch(3), batch(3)
    names = {
         "Add": x + 1, "Subtract": 1 - x, "Multiply": x * y, "Divide": 2 / x, "FloorDivide": x // 2,
        "Mod": 5 % x, "Power": x**2, "Matmul": x @ np.ones((3, 2), "float32"), "Negative": -x,
        "Absolute": abs(x), "Less": x < y, "LessEqual": x <= 1, "Greater": x > y, "GreaterEqual": x >=
        1, "Equal": x == y, "NotEqual": x != y, "LogicalAnd": (x > 0) & (y > 0), "LogicalOr": (x > 0) |
        (y > 0), "LogicalXor": (x > 0) ^ (y > 0), "LogicalNot": ~(x > 0), "GetItem": x[:, 0], "Round":
        round(x, 1), "Reshape": x.reshape((-1, 1, 3)),
    }  # fmt: skip
    assert {name: tensor._keras_history.operation.class_name for name, tensor in names.items()} == {  # type: ignore[attr-defined]
        name: name for name in names
    }
    assert names["GetItem"].shape == (None,)


def test_numpy_arrays_on_the_left_leave_the_operator_to_the_tensor() -> None:
    assert (np.ones((4, 3), "float32") @ batch(3)[0]).shape == (4,)
    assert (np.float32(2) * batch(3)).shape == (None, 3)


def test_symbolic_tensors_keep_hash_and_identity() -> None:
    x, y = batch(3), batch(3)
    assert {x: 1, y: 2}[x] == 1
    assert (x == None) is False and x != "a"  # noqa: E711
    with pytest.raises(NotImplementedError, match="iterated"):
        list(x)


def test_operators_of_variables_use_their_values(backend: str) -> None:
    v = Variable(np.array([[1.0, 2.0], [3.0, 4.0]], "float32"))
    results = [v + 1, 10 - v, v @ v, v[0], v[:, ::-1], -v, v == 1.0, v**2, np.ones((2, 2), "float32") * v]
    values = np.array([[1, 2], [3, 4]])
    wanted = [
        values + 1,
        10 - values,
        values @ values,
        values[0],
        values[:, ::-1],
        -values,
        values == 1,
        values**2,
        values,
    ]
    for result, expected in zip(results, wanted, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(result), expected)
    assert [list(ops.convert_to_numpy(row)) for row in v] == [[1, 2], [3, 4]]
    with StateScope([(v, v.value * 2)]):
        np.testing.assert_array_equal(ops.convert_to_numpy(v + 0), values * 2)


@pytest.mark.parametrize(
    "call",
    [
        ops.nonzero,
        ops.unique,
        lambda x: ops.get_item(x, x > 0),
        ops.where,
        lambda x: ops.bincount(ops.cast(x, "int32")),
    ],
)
def test_shapes_that_depend_on_values_are_refused_in_a_graph(call: Any, backend: str) -> None:
    with pytest.raises(UnsupportedError, match="depends on values"):
        call(KerasTensor((4,)))


def test_an_index_outside_of_its_axis_is_an_error_on_every_back_end(backend: str) -> None:
    for x in (ops.ones((2, 3)), KerasTensor((2, 3))):
        with pytest.raises(ShapeError, match="Index 3 is outside of axis 1"):
            ops.get_item(x, (0, 3))
        with pytest.raises(ShapeError, match="too many indices"):
            ops.get_item(x, (0, 0, 0))


def test_errors_name_the_op_and_the_shapes(backend: str) -> None:
    with pytest.raises(ShapeError, match=r"matmul.*\(None, 3\).*\(4, 2\)"):
        ops.matmul(batch(3), KerasTensor((4, 2)))
    with pytest.raises(UnsupportedError, match="arange"):
        ops.arange(batch(3)[0, 0])

"""Symbolic tensors and shape inference by abstract evaluation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import KerasTensor, Variable, layers, ops
from layerlab.core.symbolic import infer_spec
from layerlab.errors import InvalidArgumentError, ShapeError, UnsupportedError


def test_a_tensor_has_a_shape_and_a_dtype_and_no_values() -> None:
    x = KerasTensor((None, np.int64(3)), "float16", name="x")
    assert (x.shape, x.dtype, x.ndim, x.name) == ((None, 3), "float16", 2, "x")
    for use in (bool, np.asarray, float):
        with pytest.raises((TypeError, UnsupportedError), match=r"symbolic|KerasTensor"):
            use(x)
    with pytest.raises(TypeError, match="no known length"):
        len(x)
    assert len(KerasTensor((3, 2))) == 3


def test_unknown_kinds_and_arguments_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="dense"):
        KerasTensor((1,), sparse=True)
    with pytest.raises(InvalidArgumentError, match="unknown arguments"):
        KerasTensor((1,), shap=3)
    with pytest.raises(InvalidArgumentError, match="was not made by"):
        _ = KerasTensor((1,), name="x").history


@pytest.mark.parametrize(
    ("function", "shape", "expected"),
    [
        (lambda x: x + 1, (None, 4), (None, 4)),
        (lambda x: ops.sum(x, axis=0), (None, 4), (4,)),
        (lambda x: ops.concatenate([x, x], axis=0), (None, 4), (None, 4)),
        (lambda x: ops.reshape(x, (-1, 2)), (None, 4), (None, 2)),
        (lambda x: ops.reshape(x, (2, -1)), (None, 4), (2, None)),
        (lambda x: x[:, ::2], (None, None), (None, None)),
        (lambda x: x[:3], (None, 4), (None, 4)),
        (lambda x: ops.matmul(x, ops.transpose(x)), (None, 4), (None, None)),
        (lambda x: ops.expand_dims(x, 1), (2, 4), (2, 1, 4)),
    ],
)
def test_sizes_that_depend_on_unknown_ones_are_unknown(
    backend: str, function: Any, shape: Any, expected: Any
) -> None:
    assert infer_spec(function, KerasTensor(shape)).shape == expected
    assert function(keras.Input(batch_shape=shape)).shape == expected


def test_nothing_that_is_assigned_while_inferring_takes_effect(backend: str) -> None:
    counter = Variable(0.0)

    def count(x: Any) -> Any:
        counter.assign_add(1.0)
        return x * counter

    infer_spec(count, KerasTensor((None, 2)))
    assert float(counter) == 0.0


def test_results_keep_their_structure_and_dtypes(backend: str) -> None:
    def several(x: Any, y: Any) -> Any:
        return {"a": (x, ops.cast(y, "int32")), "b": [None, 3, x > 0]}

    result = infer_spec(several, KerasTensor((None, 2)), KerasTensor((3,), "float16"))
    assert [tensor.dtype for tensor in (*result["a"], result["b"][2])] == ["float32", "int32", "bool"]
    assert result["b"][:2] == [None, 3]


def test_shapes_that_do_not_fit_are_an_error_of_the_layer_with_its_name(backend: str) -> None:
    class Wrong(layers.Layer):
        def call(self, x):
            return ops.matmul(x, np.ones((3, 3), "float32"))

    with pytest.raises(ShapeError) as caught:
        Wrong(name="wrong")(keras.Input((4,)))
    for word in ('Wrong "wrong"', "(None, 4) float32"):
        assert word in str(caught.value)


def test_a_call_leaves_a_node_that_knows_what_was_called_on_what() -> None:
    x = keras.Input((4,), name="x")
    dense = layers.Dense(2)
    y = dense(x)
    operation, node_index, tensor_index = y.history
    assert (operation, node_index, tensor_index) == (dense, 0, 0)
    assert dense.input is x and dense.output is y
    assert dense._inbound_nodes[0].parents == x.history.operation._inbound_nodes
    with pytest.raises(AttributeError, match="never called"):
        _ = layers.Dense(2).output


def test_an_operation_that_hands_its_input_through_gives_a_tensor_of_its_own() -> None:
    x = keras.Input((4,))
    y = layers.Activation("linear")(x)
    assert y is not x
    assert y.history.operation.name.startswith("activation")


def test_the_truth_of_a_symbolic_tensor_is_refused_with_advice() -> None:
    with pytest.raises(TypeError, match=r"ops\.where"):
        if keras.Input((4,)) > 0:
            pass

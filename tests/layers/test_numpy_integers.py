"""Sizes and axes of layers may be NumPy's integers, and stand in configs as Python's, which JSON knows."""

from __future__ import annotations

import json
from typing import Any

import keras
import numpy as np
import pytest

from layerlab import KerasTensor, layers, tree

pytestmark = pytest.mark.oracle
PAIR = [(None, 5), (None, 5)]
# With plain integers, which each test makes NumPy's: (name, arguments, shape or shapes of the inputs).
CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("Concatenate", {"axis": 1}, PAIR),
    ("Cropping2D", {"cropping": 1}, (None, 5, 4, 3)),
    ("Dot", {"axes": -1}, PAIR),
    ("Dot", {"axes": [1, 1]}, PAIR),
    ("Dropout", {"rate": 0, "noise_shape": (None, 1), "seed": 3}, (None, 5)),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 20}, (None, 5)),
    ("EinsumDense", {"equation": "abc,cde->abde", "output_shape": (5, 20, 20)}, (None, 5, 3)),
    ("GroupNormalization", {"groups": 2, "axis": 1}, (None, 4, 3)),
    ("LayerNormalization", {"axis": 1}, (None, 5, 3)),
    ("LayerNormalization", {"axis": [1, 2]}, (None, 5, 3)),
    ("Normalization", {"axis": 1}, (None, 5, 3)),
    ("PReLU", {"shared_axes": 1}, (None, 5, 3)),
    ("Permute", {"dims": (2, 1)}, (None, 5, 3)),
    ("Reshape", {"target_shape": (20, 20, -1)}, (None, 800)),
    ("Softmax", {"axis": 1}, (None, 5, 3)),
    ("UnitNormalization", {"axis": [1, 2]}, (None, 5, 3)),
    ("ZeroPadding3D", {"padding": 1}, (None, 5, 4, 3, 2)),
]


def with_numpy(arguments: Any) -> Any:
    return tree.map_structure(lambda leaf: np.int64(leaf) if isinstance(leaf, int) else leaf, arguments)


def called(layer: Any, shapes: Any, tensor: type) -> Any:
    """The layer's output for symbolic inputs of these shapes."""
    return layer([tensor(shape) for shape in shapes] if isinstance(shapes, list) else tensor(shapes))  # type: ignore[call-arg]


def json_of(layer: Any) -> dict[str, Any]:
    config = layer.get_config()
    return json.loads(json.dumps({key: config[key] for key in config if key not in ("name", "dtype")}))


@pytest.mark.parametrize(("name", "arguments", "shapes"), CASES)
def test_a_layer_of_numpys_integers_is_keras_layer_of_plain_ones(
    name: str, arguments: dict[str, Any], shapes: Any, backend: str
) -> None:
    layer, theirs = getattr(layers, name)(**with_numpy(arguments)), getattr(keras.layers, name)(**arguments)
    assert called(layer, shapes, KerasTensor).shape == called(theirs, shapes, keras.KerasTensor).shape
    mine, expected = json_of(layer), json_of(theirs)
    assert {key: mine[key] for key in arguments} == {key: expected[key] for key in arguments}


def test_heads_and_their_axes_may_be_numpys(backend: str) -> None:
    layer = layers.MultiHeadAttention(
        np.int64(2), np.int64(3), output_shape=np.int64(7), attention_axes=np.int64(2)
    )
    x = KerasTensor((None, 3, 4, 6))
    assert layer(x, x).shape == (None, 3, 4, 7)
    config = json_of(layer)
    assert (config["value_dim"], config["output_shape"], config["attention_axes"]) == (3, [7], [2])


class Sum(layers.Layer):
    """A cell whose state is the sum of its inputs so far."""

    state_size = np.int64(3)

    def call(self, inputs: Any, states: Any) -> Any:
        total = inputs + states[0]
        return total, [total]


def test_the_state_size_of_a_cell_may_be_numpys(backend: str) -> None:
    x = np.arange(6, dtype="float32").reshape(1, 2, 3)
    assert np.asarray(layers.RNN(Sum())(x)).tolist() == [[3.0, 5.0, 7.0]]


@pytest.mark.parametrize("size", [np.uint8(20), np.int32(20)])
def test_products_of_small_integers_do_not_wrap_around(size: Any, backend: str) -> None:
    assert np.asarray(layers.Reshape((size, size))(np.zeros((1, 400), "float32"))).shape == (1, 20, 20)

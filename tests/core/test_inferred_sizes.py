"""Unknown sizes in shape inference: where they meet known ones, and where a known size is not sure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from layerlab.core.symbolic import infer_spec
from layerlab.errors import ShapeError
from tests.helpers import tolerance


def shapes_of(result: Any) -> Any:
    return [tensor.shape for tensor in keras.tree.flatten(result)]


class Function(layers.Layer):
    """Computes what it is told, as a layer of a user's would in `call`."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def call(self, *inputs):
        return self.function(*inputs)


# -- an unknown size meets a known one ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "given", "expected"),
    [
        (ops.maximum, [(None, 3), (2, None)], (2, 3)),
        (ops.add, [(None, None, 4), (7, 1)], (None, 7, 4)),
        (lambda x, y: ops.where(x > 0, x, y), [(None, 3), (2, 3)], (2, 3)),
        (lambda x, y: ops.concatenate([x, y], axis=1), [(None, 4, 5), (2, 6, 5)], (2, 10, 5)),
        (lambda x, y: ops.stack([x, y]), [(None, 4), (3, 4)], (2, 3, 4)),
        (lambda x, y: ops.matmul(x, y), [(None, 4, 3), (2, 3, 5)], (2, 4, 5)),
        (lambda x: ops.reshape(x, (32, 3, 5)), [(None, 15)], (32, 3, 5)),
        (lambda x: ops.reshape(x, (96, 5)), [(None, 3, 5)], (96, 5)),
        (lambda x: ops.reshape(x, (-1, 2, 5)), [(None, 5)], (None, 2, 5)),
        (lambda x: ops.reshape(x, (-1, 7, 5)), [(None, 3)], (None, 7, 5)),
        (lambda x: ops.reshape(x, (8, -1)), [(None, 3)], (8, None)),
        (lambda x: x + ops.ones((6, 4)), [(None, 4)], (6, 4)),
        (lambda x: ops.split(x, 2, axis=1)[0], [(None, None, 3)], (None, None, 3)),
        (lambda x: ops.squeeze(x, 1), [(None, None, 3)], (None, 3)),
        # Position embeddings: at most 512 steps.
        (lambda x: x + ops.ones((512, 4))[: x.shape[1]], [(None, None, 4)], (None, None, 4)),
    ],
)
def test_a_made_up_size_gives_way_to_one_that_fits(
    backend: str, function: Any, given: Any, expected: Any
) -> None:
    inputs = [keras.Input(batch_shape=shape) for shape in given]
    assert function(*inputs).shape == expected if function is ops.maximum else True
    assert Function(function)(*inputs).shape == expected


def test_tensors_of_a_dict_keep_their_shapes_whatever_their_names(backend: str) -> None:
    given = {"z": keras.Input((3,)), "a": keras.Input((4,)), "m": keras.Input(batch_shape=(2, 5))}
    result = infer_spec(lambda x: {key: value * 2.0 for key, value in x.items()}, given)
    assert {key: tensor.shape for key, tensor in result.items()} == {
        "z": (None, 3),
        "a": (None, 4),
        "m": (2, 5),
    }
    joined = Function(lambda x: ops.concatenate([x["m"], x["z"], x["a"]], axis=1))
    assert joined(given).shape == (2, 12)


@pytest.mark.oracle
def test_keras_gives_the_same_where_it_gives_anything() -> None:
    import keras as theirs

    def inputs(*shapes: Any) -> Any:
        return [theirs.Input(batch_shape=shape) for shape in shapes]

    class Fixed(theirs.layers.Layer):
        def call(self, x):
            return theirs.ops.reshape(x, (32, 3, 5))

    assert theirs.ops.maximum(*inputs((None, 3), (2, None))).shape == (2, 3)
    assert Fixed()(*inputs((None, 15))).shape == (32, 3, 5)
    assert theirs.ops.reshape(*inputs((None, 5)), (-1, 2, 5)).shape == (None, 2, 5)
    assert theirs.layers.Add()(inputs((None, 3), (2, 3))).shape == (2, 3)


def test_a_model_of_unknown_and_known_batch_sizes_runs_with_its_masks(backend: str) -> None:
    x, y = keras.Input(batch_shape=(None, 2, 3)), keras.Input(batch_shape=(2, 2, 3))
    joined = layers.Concatenate(axis=1)([layers.Masking()(x), layers.Masking()(y)])
    model = keras.Model([x, y], layers.GlobalAveragePooling1D()(joined))
    assert model.output_shape == (2, 3)
    first = np.array([[[1, 2, 3], [0, 0, 0]], [[2, 2, 2], [4, 4, 4]]], "float32")
    second = np.array([[[3, 4, 5], [5, 6, 7]], [[0, 0, 0], [0, 0, 0]]], "float32")
    np.testing.assert_allclose(
        model.predict([first, second], verbose=0), [[3, 4, 5], [3, 3, 3]], **tolerance()
    )


def test_weights_that_were_made_before_a_size_did_not_fit_are_made_once(backend: str) -> None:
    class Folded(layers.Layer):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(5)

        def build(self, input_shape):
            self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")

        def call(self, x):
            return self.dense(ops.reshape(x * self.scale, (4, 2, 3)))

    layer = Folded()
    assert layer(keras.Input((6,))).shape == (4, 2, 5)
    assert [variable.shape for variable in layer.weights] == [(6,), (3, 5), (5,)]


def test_a_build_that_fails_leaves_no_weights_behind(backend: str) -> None:
    class Picky(layers.Layer):
        def build(self, input_shape):
            self.first = self.add_weight(shape=(2,), name="first")
            self.second = self.add_weight(shape=(input_shape[1],), name="second")

        def call(self, x):
            return x

    layer = Picky()
    with pytest.raises(ShapeError, match="known sizes"):
        layer(keras.Input((None, 3)))
    layer(keras.Input((4, 3)))
    assert [variable.shape for variable in layer.weights] == [(2,), (4,)]


def test_sizes_that_do_not_fit_are_told_without_made_up_ones(backend: str, caplog: Any) -> None:
    for wrong, given in (
        (lambda x: ops.matmul(x, ops.ones((3, 3))), (None, 4)),
        (lambda x: ops.concatenate([x, x[:, None]]), (None, 4)),
        (lambda x: ops.split(x, [2], axis=3), (None, 3)),
    ):
        with pytest.raises(ValueError) as caught:
            Function(wrong)(keras.Input(batch_shape=given))
        assert "1009" not in str(caught.value)
    assert not caplog.records  # torch would log what failed while shapes are inferred


# -- a size is known only if it is sure ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x[:, :10], [(None, None, 3)]),
        (lambda x: x[:, 2:5], [(None, None, 3)]),
        (lambda x: x[:, -4:], [(None, None, 3)]),
        (lambda x: x[:, :10, :2], [(None, None, 2)]),
        (lambda x: x[:10], [(None, None, 3)]),
        (lambda x: ops.svd(x, full_matrices=False), [(None, None, None), (None, None), (None, None, 3)]),
        (lambda x: ops.qr(x), [(None, None, None), (None, None, 3)]),
        (lambda x: ops.diagonal(x, axis1=1, axis2=2), [(None, None)]),
        (lambda x: layers.Cropping1D((2, 3))(x), [(None, None, 3)]),
        (lambda x: ops.array_split(x, 3, axis=1), [(None, None, 3)] * 3),
        # With fewer steps these are errors: their sizes are sure.
        (lambda x: ops.split(x, [2, 5], axis=1), [(None, 2, 3), (None, 3, 3), (None, None, 3)]),
        (lambda x: ops.top_k(ops.transpose(x, (0, 2, 1)), 5), [(None, 3, 5), (None, 3, 5)]),
        (lambda x: ops.slice(x, (0, 0, 0), (2, 5, 3)), [(2, 5, 3)]),
    ],
)
def test_what_shorter_data_would_cut_is_not_known(backend: str, function: Any, expected: Any) -> None:
    inputs = keras.Input((None, 3))
    assert shapes_of(function(inputs)) == expected
    assert shapes_of(infer_spec(function, inputs)) == expected


def test_a_slice_says_the_truth_for_short_data_and_for_long(backend: str) -> None:
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, Function(lambda x: x[:, :10])(inputs))
    assert model.output_shape == (None, None, 3)
    for steps, left in ((4, 4), (25, 10)):
        assert model.predict(np.ones((2, steps, 3)), verbose=0).shape == (2, left, 3)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: ops.split(x, [2, 5], axis=1),
        lambda x: ops.top_k(x, 5),
        lambda x: ops.slice(x, (0, 0), (2, 5)),
    ],
)
def test_too_few_entries_are_an_error_on_every_backend(backend: str, function: Any) -> None:
    with pytest.raises(ShapeError, match="at least"):
        function(np.ones((2, 3), "float32"))


def test_layers_that_refuse_small_sizes_know_their_shapes(backend: str) -> None:
    inputs = keras.Input((None, None, 3))
    conv = layers.Conv2D(4, 7)
    refusing = Function(lambda x: conv(x) if x.shape[1] >= 7 else x.no_such_attribute)
    assert refusing(inputs).shape == (None, None, None, 4)
    inner = keras.Sequential([keras.Input((None, 3)), layers.Conv1D(4, 9), layers.MaxPooling1D(5)])
    assert inner(keras.Input((None, 3))).shape == (None, None, 4)

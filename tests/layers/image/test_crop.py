"""Layers that vary images: a window at a random place in training, a fixed one otherwise."""

from __future__ import annotations

from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab import layers
from layerlab.errors import ShapeError, UnsupportedError

to_numpy = keras.ops.convert_to_numpy


def numbered(*shape: int) -> np.ndarray:
    """Each value another, so that a window tells where it came from."""
    return np.arange(np.prod(shape), dtype="float32").reshape(shape)


def place_of(window: np.ndarray, x: np.ndarray) -> tuple[int, int]:
    """The row and column of `x` at which the window (both batched, channels last) was cut out."""
    height, width = window.shape[1:3]
    for top in range(x.shape[1] - height + 1):
        for left in range(x.shape[2] - width + 1):
            if np.array_equal(window, x[:, top : top + height, left : left + width]):
                return top, left
    raise AssertionError("not a window of the images")


def test_in_training_all_images_of_a_batch_are_cut_at_one_random_place(backend: str) -> None:
    x = numbered(3, 8, 10, 2)
    layer = layers.RandomCrop(4, 6, seed=3)
    places = {place_of(to_numpy(layer(x, training=True)), x) for _ in range(60)}
    assert len(places) > 15  # of 25
    assert {top for top, _ in places} == {left for _, left in places} == set(range(5))


def test_the_same_seed_cuts_at_the_same_places(backend: str) -> None:
    x = numbered(1, 9, 9, 1)
    one, other = (layers.RandomCrop(3, 3, seed=5) for _ in range(2))
    for _ in range(5):
        np.testing.assert_array_equal(to_numpy(one(x, training=True)), to_numpy(other(x, training=True)))
    again = layers.RandomCrop.from_config(one.get_config())
    assert again.seed == one.seed == 5


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(2, 8, 10, 3), (8, 10, 3), (2, 3, 10, 3), (2, 8, 5, 3), (2, 4, 6, 3)])
def test_in_inference_the_largest_window_of_the_proportions_is_resized(
    backend: str, shape: tuple[int, ...]
) -> None:
    x = numbered(*shape)
    found = to_numpy(layers.RandomCrop(4, 6)(x, training=False))
    expected = np.asarray(oracle.preprocessing.image.smart_resize(x, (4, 6)))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("shape", [(2, 4, 6, 3), (2, 4, 10, 3), (2, 9, 6, 1), (4, 7, 2)])
def test_images_that_fit_one_way_are_cut_in_the_middle_as_in_keras(
    backend: str, shape: tuple[int, ...]
) -> None:
    x = numbered(*shape)
    found = to_numpy(layers.RandomCrop(4, 6)(x, training=True))
    np.testing.assert_array_equal(found, np.asarray(oracle.layers.RandomCrop(4, 6)(x, training=True)))


@pytest.mark.slow
def test_channels_first_is_the_same_with_axes_moved(backend: str) -> None:
    x = numbered(2, 8, 10, 3)
    last = layers.RandomCrop(4, 6, seed=1)
    first = layers.RandomCrop(4, 6, seed=1, data_format="channels_first")
    for training in (True, False):
        expected = to_numpy(last(x, training=training))
        found = to_numpy(first(np.moveaxis(x, -1, 1), training=training))
        np.testing.assert_allclose(np.moveaxis(found, 1, -1), expected, rtol=1e-6)


def test_the_result_is_floating_and_has_the_size_asked_for(backend: str) -> None:
    for training in (True, False):
        found = layers.RandomCrop(4, 6)(np.zeros((2, 8, 10, 3), "uint8"), training=training)
        assert to_numpy(found).dtype == "float32"
    unknown = layers.RandomCrop(4, 6)(keras.Input((None, None, 3)))
    assert (unknown.shape, unknown.dtype) == ((None, 4, 6, 3), "float32")


def test_a_model_cuts_anew_in_each_step_of_fit_and_not_in_predict(backend: str) -> None:
    class Seen(keras.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.total = self.add_weight(shape=(), initializer="zeros", trainable=False)
            self.scale = self.add_weight(shape=(), initializer="ones")

        def call(self, inputs: Any, training: bool = False) -> Any:
            if training:
                self.total.assign(keras.ops.sum(inputs))
            return keras.ops.mean(inputs, axis=(1, 2, 3))[:, None] * self.scale

    x = numbered(1, 8, 8, 1)
    seen = Seen()
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.RandomCrop(2, 2, seed=1), seen])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    totals = set()
    for _ in range(8):
        model.fit(x, np.zeros((1, 1)), verbose=0)
        totals.add(float(seen.total.numpy()))
    assert len(totals) > 3
    first = model.predict(x, verbose=0)
    np.testing.assert_array_equal(model.predict(x, verbose=0), first)


def test_the_config_is_that_of_keras() -> None:
    oracle.utils.clear_session(free_memory=False)
    keras.utils.clear_session()
    ours = layers.RandomCrop(4, 6, seed=1).get_config()
    theirs = oracle.layers.RandomCrop(4, 6, seed=1).get_config()
    assert ours == theirs
    assert oracle.layers.deserialize(layers.serialize(layers.RandomCrop(4, 6, seed=2))).seed == 2


def test_what_cannot_be_cut_is_explained() -> None:
    with pytest.raises(ValueError, match=r"RandomCrop(.|\n)*height"):
        layers.RandomCrop(0, 3)
    with pytest.raises(ShapeError, match=r"3 or 4 axes(.|\n)*\(4, 4\)"):
        layers.RandomCrop(2, 2)(np.zeros((4, 4)))
    with pytest.raises(UnsupportedError, match="leave `bounding_box_format` out"):
        layers.RandomCrop(2, 2, bounding_box_format="xyxy")
    with pytest.raises(ValueError, match=r"'images'(.|\n)*'image'"):
        layers.RandomCrop(2, 2)({"image": np.zeros((4, 4, 1))})

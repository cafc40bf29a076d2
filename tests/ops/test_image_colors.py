"""Grey, and hue, saturation and value: the numbers of Keras, and of the standard library's colorsys."""

from __future__ import annotations

import colorsys

import keras
import numpy as np
import pytest

from layerlab import ops
from layerlab.errors import DTypeError, ShapeError

# Grey, black, each colour the largest, two largest ones.
COLORS = [(0.5, 0.5, 0.5), (0, 0, 0), (0.9, 0.1, 0.4), (0.1, 0.8, 0.3), (0.2, 0.1, 0.7), (0.6, 0.6, 0.1)]


def test_hue_saturation_and_value_are_those_of_colorsys_both_ways(backend: str) -> None:
    x = np.array([COLORS], "float32")  # an image of one row
    expected = np.array([[colorsys.rgb_to_hsv(*color) for color in COLORS]])
    found = ops.convert_to_numpy(ops.image.rgb_to_hsv(x))
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(ops.image.hsv_to_rgb(found)), x, atol=1e-6)
    first = ops.image.rgb_to_hsv(np.moveaxis(x, -1, 0), data_format="channels_first")
    np.testing.assert_array_equal(np.moveaxis(ops.convert_to_numpy(first), 0, -1), found)


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_grey_is_that_of_keras(backend: str, dtype: str) -> None:
    x = np.random.default_rng(0).uniform(0, 255, (2, 3, 4, 3)).astype(dtype)
    found = ops.convert_to_numpy(ops.image.rgb_to_grayscale(x))
    expected = np.asarray(keras.ops.image.rgb_to_grayscale(x))
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_other_images_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"3 channels(.|\n)*\(2, 2, 2\)"):
        ops.image.rgb_to_hsv(np.zeros((2, 2, 2)))
    with pytest.raises(DTypeError, match="floating images"):
        ops.image.hsv_to_rgb(np.zeros((2, 2, 3), "uint8"))
    assert ops.image.rgb_to_grayscale(np.ones((2, 2, 1))).shape == (2, 2, 1)

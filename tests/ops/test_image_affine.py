"""ops.image.affine_transform gives the numbers of Keras, in the dtype of the images."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import keras
import numpy as np
import pytest

import layerlab
from layerlab import ops
from layerlab.errors import ShapeError


def maps(count: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    found = rng.normal(size=(count, 8)) * [1, 1, 6, 1, 1, 6, 0, 0]  # far outside as well
    return found.astype("float32")


@functools.cache
def of_keras(shape: tuple[int, ...], dtype: str, *how: Any) -> np.ndarray:
    return np.asarray(keras.ops.image.affine_transform(*given(shape, dtype), *how))


def given(shape: tuple[int, ...], dtype: str) -> tuple[np.ndarray, np.ndarray]:
    images = np.random.default_rng(0).uniform(0, 255, shape).astype(dtype)
    return images, maps(shape[0] if len(shape) == 4 else 1)


@pytest.mark.oracle
@pytest.mark.parametrize("fill_mode", ["constant", "nearest", "wrap", "mirror", "reflect"])
@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
def test_moved_images_are_those_of_keras(backend: str, interpolation: str, fill_mode: str) -> None:
    for shape, dtype, data_format in [
        ((2, 5, 7, 3), "float32", "channels_last"),
        ((2, 3, 1, 4), "float32", "channels_first"),
        ((5, 7, 1), "int32", "channels_last"),
    ]:
        how = (interpolation, fill_mode, 3, data_format)
        found = ops.convert_to_numpy(ops.image.affine_transform(*given(shape, dtype), *how))
        expected = of_keras(shape, dtype, *how)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-3)


def test_one_map_moves_all_images(backend: str) -> None:
    x = np.arange(12.0, dtype="float32").reshape(2, 2, 3, 1)
    left = np.array([1, 0, 1, 0, 1, 0, 0, 0], "float32")
    found = ops.convert_to_numpy(ops.image.affine_transform(x, left))
    expected = np.concatenate([x[:, :, 1:], np.zeros((2, 2, 1, 1))], axis=2)
    np.testing.assert_array_equal(found, expected)


def test_a_graph_holds_the_transform_as_an_input() -> None:
    images, transform = layerlab.Input((5, 7, 3)), layerlab.Input((8,))
    outputs = ops.image.affine_transform(images, transform)
    assert (outputs.shape, outputs.dtype) == ((None, 5, 7, 3), "float32")


def test_the_arguments_are_those_of_keras_and_bad_ones_are_explained() -> None:
    ours, theirs = (inspect.signature(k.ops.image.affine_transform).parameters for k in (layerlab, keras))
    assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]
    x = np.zeros((2, 4, 4, 1), "float32")
    with pytest.raises(ShapeError, match=r"\(8,\) or \(2, 8\)(.|\n)*\(3, 8\)"):
        ops.image.affine_transform(x, np.zeros((3, 8)))
    with pytest.raises(ValueError, match="Did you mean 'reflect'"):
        ops.image.affine_transform(x, np.zeros(8), fill_mode="reflct")

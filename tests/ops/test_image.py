"""ops.image.resize gives the numbers of Keras, in the dtype of the images."""

from __future__ import annotations

import inspect
import itertools
from typing import Any

import keras
import numpy as np
import pytest

import layerlab
from layerlab import ops
from layerlab.backend.active import backend as active
from layerlab.backend.active import use

METHODS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
SHAPES = {  # of the images -> (height, width) of the result
    (2, 4, 5, 3): (7, 3),
    (6, 9, 2): (3, 4),
    (1, 3, 3, 1): (3, 6),
}
OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"antialias": True},
    {"crop_to_aspect_ratio": True},
    {"pad_to_aspect_ratio": True, "fill_value": 3},
)


def images(shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, shape).astype(dtype)


@pytest.mark.parametrize("name", ["jax", "torch", "numpy"])
@pytest.mark.parametrize("method", METHODS)
def test_resized_images_are_those_of_keras(name: str, method: str) -> None:
    use(name)
    try:
        for (shape, size), options in itertools.product(SHAPES.items(), OPTIONS):
            found = ops.convert_to_numpy(ops.image.resize(images(shape), size, method, **options))
            expected = np.asarray(keras.ops.image.resize(images(shape), size, method, **options))
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3, err_msg=f"{shape} {options}")
    finally:
        use("jax")


@pytest.mark.parametrize("dtype", ["uint8", "int32", "bool", "float16"])
@pytest.mark.parametrize("method", ["nearest", "bilinear", "bicubic"])
def test_the_dtype_is_that_of_the_images(backend: str, method: str, dtype: str) -> None:
    x = images((2, 4, 5, 3), dtype)
    found = ops.convert_to_numpy(ops.image.resize(x, (7, 3), method))
    expected = np.asarray(keras.ops.image.resize(x, (7, 3), method))
    assert found.dtype == expected.dtype == dtype
    # A half may be rounded either way: the sums are not in the same order.
    np.testing.assert_allclose(found.astype("float32"), expected.astype("float32"), rtol=2e-3, atol=1)


def test_values_that_the_cubic_overshoots_stay_in_range(backend: str) -> None:
    edge = np.array([0, 0, 255, 255], "uint8").reshape(1, 4, 1)
    found = ops.convert_to_numpy(ops.image.resize(edge, (1, 8), "bicubic")).reshape(-1)
    assert found.tolist()[:3] == [0, 0, 0] and found.tolist()[-3:] == [255, 255, 255]


def test_channels_first_is_the_same_with_axes_moved(backend: str) -> None:
    x = images((2, 6, 5, 3))
    last = ops.convert_to_numpy(ops.image.resize(x, (4, 8)))
    first = ops.image.resize(np.moveaxis(x, -1, 1), (4, 8), data_format="channels_first")
    np.testing.assert_allclose(np.moveaxis(ops.convert_to_numpy(first), 1, -1), last, rtol=1e-6)


def test_sizes_that_are_not_known_become_those_asked_for(backend: str) -> None:
    inputs = layerlab.Input((None, None, 3), dtype="uint8")
    outputs = ops.image.resize(inputs, size=(7, 3), interpolation="bicubic", antialias=True)
    assert (outputs.shape, outputs.dtype) == ((None, 7, 3, 3), "uint8")
    x = images((2, 4, 5, 3), "uint8")
    found = layerlab.Model(inputs, outputs).predict(x, verbose=0)
    expected = ops.convert_to_numpy(ops.image.resize(x, (7, 3), "bicubic", antialias=True))
    np.testing.assert_allclose(found.astype(int), expected.astype(int), atol=1)


def test_gradients_spread_over_the_pixels_that_were_mixed(backend: str) -> None:
    def total(values: list[Any]) -> Any:
        return ops.sum(ops.image.resize(values[0], (2, 2), antialias=True))

    x = active().asarray(images((1, 4, 4, 1)))
    _, (gradient,) = active().value_and_grad(total)([x])
    np.testing.assert_allclose(ops.convert_to_numpy(gradient).sum(), 4.0, rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: ops.image.resize(np.zeros((4, 4)), (2, 2)), ["3 axes", "(4, 4)"]),
        (lambda: ops.image.resize(np.zeros((4, 4, 1)), 2), ["size=(height, width)", "2"]),
        (lambda: ops.image.resize(np.zeros((4, 4, 1)), (0, 2)), ["at least 1", "(0, 2)"]),
        (lambda: ops.image.resize(np.zeros((4, 4, 1)), (2, 2), "biliner"), ["Did you mean 'bilinear'"]),
        (lambda: ops.image.resize(np.zeros((4, 4, 1)), (2, 2), fill_mode="wrap"), ["wrap", "constant"]),
        (
            lambda: ops.image.resize(
                np.zeros((4, 4, 1)), (2, 2), crop_to_aspect_ratio=True, pad_to_aspect_ratio=True
            ),
            ["both", "drop one"],
        ),
    ],
)
def test_what_cannot_be_resized_is_explained(call: Any, words: list[str]) -> None:
    with pytest.raises(ValueError) as caught:
        call()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_the_signature_is_that_of_keras() -> None:
    ours, theirs = (inspect.signature(module.image.resize).parameters for module in (ops, keras.ops))
    assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]

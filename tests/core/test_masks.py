"""What becomes of a mask at a layer that says so itself: by `compute_mask`, or by the mask it is passed."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers
from tests.helpers import tolerance
from tests.oracle import agree

# (batch, time, features), steps of which the last ones are padding
X = np.arange(24, dtype="float32").reshape(2, 4, 3)
PADDED = np.where(np.array([[1, 1, 1, 0], [1, 0, 0, 0]])[..., None] == 1, X + 1, 0).astype("float32")


def every_second(k: Any, **attributes: Any) -> Any:
    class EverySecond(k.layers.Layer):
        def __init__(self):
            super().__init__()
            for name, value in attributes.items():
                setattr(self, name, value)

        def call(self, inputs):
            return inputs[:, ::2]

        def compute_mask(self, inputs, mask=None):
            return None if mask is None else mask[:, ::2]

    return EverySecond()


def test_compute_mask_counts_though_the_layer_does_not_say_that_it_supports_masking(backend: str) -> None:
    # Steps 0 and 2 remain; in the second sample step 2 is padding.
    expected = np.stack([PADDED[0, ::2].mean(0), PADDED[1, 0]])
    stack = [layers.Masking(), every_second(keras), layers.GlobalAveragePooling1D()]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        inputs = keras.Input((4, 3))
        outputs = inputs
        for layer in stack:
            outputs = layer(outputs)
        functional = keras.Model(inputs, outputs)
        results = [functional.predict(PADDED, verbose=0), functional(PADDED), keras.Sequential(stack)(PADDED)]
    for result in results:
        np.testing.assert_allclose(keras.ops.convert_to_numpy(result), expected, **tolerance())


def test_a_layer_that_makes_a_mask_of_its_own_needs_no_flag(backend: str) -> None:
    class Padding(layers.Layer):
        def call(self, inputs):
            return inputs * 2.0

        def compute_mask(self, inputs, mask=None):
            return keras.ops.any(inputs > 0, axis=-1)

    result = layers.GlobalAveragePooling1D()(Padding()(PADDED))
    expected = np.stack([2 * PADDED[0, :3].mean(0), 2 * PADDED[1, 0]])
    np.testing.assert_allclose(keras.ops.convert_to_numpy(result), expected, **tolerance())


def test_a_mask_that_is_passed_goes_on_to_the_next_layer(backend: str) -> None:
    mask = np.array([[True, False, False, True], [False, True, False, False]])
    expected = np.stack([X[0, [0, 3]].mean(0), X[1, 1]])

    class Same(layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def call(self, inputs, mask=None):
            return inputs * 1.0

    result = layers.GlobalAveragePooling1D()(Same()(X, mask=mask))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(result), expected, **tolerance())
    inputs, masks = keras.Input((4, 3)), keras.Input((4,), dtype="bool")
    model = keras.Model([inputs, masks], layers.GlobalAveragePooling1D()(Same()(inputs, mask=masks)))
    np.testing.assert_allclose(model.predict([X, mask], verbose=0), expected, **tolerance())


@pytest.mark.oracle
def test_who_passes_a_mask_on_is_as_in_keras() -> None:
    def scenario(k: Any) -> Any:
        class Plain(k.layers.Layer):
            def call(self, inputs):
                return inputs * 1.0

        seen = []
        for layer in (
            Plain(),
            every_second(k),
            every_second(k, supports_masking=False),
            every_second(k, supports_masking=True),
            k.layers.Lambda(lambda x: x),
            k.layers.Lambda(lambda x: x, mask=lambda x, mask: mask),
        ):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                pooled = k.layers.GlobalAveragePooling1D()(layer(k.layers.Masking()(PADDED)))
            warned = [str(w.message) for w in caught if "mask" in str(w.message)]
            seen.append((layer.supports_masking, len(warned), np.asarray(pooled).round(4).tolist()))
        return seen

    agree(scenario)

"""The mask of an eager array is its attribute `_keras_mask`, which the masking guide prints."""

from __future__ import annotations

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from layerlab.core.masking import get_mask, set_mask
from tests.oracle import agree

IDS = np.array([[711, 632, 71, 0, 0, 0], [73, 8, 3215, 55, 927, 0]])


@pytest.mark.oracle
def test_the_masking_guide_prints_what_it_prints_in_keras(backend: str) -> None:
    def scenario(k):
        embedding = k.layers.Embedding(5000, 4, mask_zero=True)
        embedded = embedding(IDS)
        masked = k.layers.Masking()(k.ops.cast(k.ops.tile(IDS[..., None], (1, 1, 3)), "float32"))
        after = k.layers.LSTM(3, return_sequences=True)(embedded)
        return [k.ops.convert_to_numpy(x._keras_mask).tolist() for x in (embedded, masked, after)]

    assert agree(scenario)[0] == (IDS != 0).tolist()


def test_a_mask_set_by_hand_is_used_and_can_be_taken_away(backend: str) -> None:
    x = ops.ones((1, 3, 2))
    pool = layers.GlobalAveragePooling1D()
    values = ops.array([[[1.0], [2.0], [9.0]]])
    values._keras_mask = ops.array([[True, True, False]])  # type: ignore[attr-defined]
    assert ops.convert_to_numpy(pool(values)).tolist() == [[1.5]]
    values._keras_mask = None  # type: ignore[attr-defined]
    assert ops.convert_to_numpy(pool(values)).tolist() == [[4.0]]
    set_mask(x, None)
    assert not hasattr(x, "_keras_mask")  # what never had one is left alone


def test_arrays_without_attributes_keep_their_masks_too() -> None:
    x, mask = np.ones((1, 2)), np.array([[True, False]])
    set_mask(x, mask)
    assert get_mask(x) is mask and get_mask(x.copy()) is None
    set_mask(x, None)
    assert get_mask(x) is None
    set_mask(3.0, mask)  # a number has no time steps
    assert get_mask(3.0) is None


@pytest.mark.slow
def test_masks_work_in_compiled_steps(backend: str) -> None:
    model = keras.Sequential(
        [
            keras.Input((6,), dtype="int32"),
            layers.Embedding(5000, 2, mask_zero=True),
            layers.GlobalAveragePooling1D(),
        ]
    )
    model.compile("sgd", "mse", jit_compile=True)
    weights = model.get_weights()[0]
    expected = [weights[row[row != 0]].mean(0) for row in IDS]
    np.testing.assert_allclose(model.predict(IDS, verbose=0), expected, rtol=1e-5)
    model.fit(IDS, np.zeros((2, 2)), verbose=0)
    changed = (model.get_weights()[0] != weights).any(1)
    assert changed.nonzero()[0].tolist() == sorted({*IDS.ravel().tolist()} - {0})

"""The older homes hold what Keras has there, and smart_resize its numbers."""

from __future__ import annotations

import inspect
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras


@pytest.mark.oracle
@pytest.mark.parametrize("place", ["preprocessing", "preprocessing.image", "preprocessing.sequence"])
def test_each_older_home_has_the_names_of_keras(place: str) -> None:
    ours: Any = keras
    theirs: Any = oracle
    for part in place.split("."):
        ours, theirs = getattr(ours, part), getattr(theirs, part)
    assert {name for name in dir(theirs) if name[0] != "_"} == set(ours.__all__)


def test_they_are_the_functions_of_utils() -> None:
    for name in ("load_img", "save_img", "img_to_array", "array_to_img"):
        assert getattr(keras.preprocessing.image, name) is getattr(keras.utils, name)
    assert keras.preprocessing.sequence.pad_sequences is keras.utils.pad_sequences
    for name in ("image_dataset_from_directory", "timeseries_dataset_from_array"):
        assert getattr(keras.preprocessing, name) is getattr(keras.utils, name)


@pytest.mark.oracle
@pytest.mark.parametrize("shape", [(9, 5, 3), (2, 5, 11, 1)])
def test_smart_resize_gives_the_numbers_of_keras(backend: str, shape: Any) -> None:
    x = np.random.default_rng(0).uniform(0, 255, shape).astype("float32")
    expected = oracle.preprocessing.image.smart_resize(x, (4, 6))
    found = keras.preprocessing.image.smart_resize(x, (4, 6))
    assert type(found) is np.ndarray
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=255e-5)
    first = np.moveaxis(x, -1, -3)
    moved = keras.preprocessing.image.smart_resize(
        keras.ops.convert_to_tensor(first), (4, 6), data_format="channels_first"
    )
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(moved), np.moveaxis(expected, -1, -3), rtol=1e-5, atol=255e-5
    )
    assert keras.ops.is_tensor(moved)


@pytest.mark.oracle
def test_smart_resize_has_the_arguments_of_keras() -> None:
    ours, theirs = (k.preprocessing.image.smart_resize for k in (keras, oracle))
    assert [(p.name, p.default) for p in inspect.signature(ours).parameters.values()] == [
        (p.name, p.default) for p in inspect.signature(theirs).parameters.values()
    ]
    with pytest.raises(TypeError, match="antialias"):
        keras.preprocessing.image.smart_resize(np.zeros((4, 4, 3)), (2, 2), antialias=True)

"""A file that is not there: the error that Keras' users catch, of whichever kind."""

from __future__ import annotations

from pathlib import Path

import pytest

import layerlab as keras
from layerlab import layers


@pytest.mark.parametrize("error", [ValueError, FileNotFoundError])
@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m", "there/not/m.keras"])
def test_a_model_that_is_not_there(tmp_path: Path, name: str, error: type[Exception]) -> None:
    (tmp_path / "model.keras").touch()
    with pytest.raises(error, match="There is no file"):
        keras.models.load_model(tmp_path / name)


@pytest.mark.parametrize("error", [ValueError, FileNotFoundError])
@pytest.mark.parametrize("name", ["m.weights.h5", "m.h5", "m", "m.safetensors", "m.weights.json"])
def test_weights_that_are_not_there(tmp_path: Path, name: str, error: type[Exception]) -> None:
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1)])
    with pytest.raises(error, match=r"m(\.\w+)*"):
        model.load_weights(tmp_path / name)

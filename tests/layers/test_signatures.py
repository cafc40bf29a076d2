"""Arguments of layers stand where Keras has them, so that calls by position mean the same."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import pytest

from layerlab import layers

SHARED = [
    name
    for name in sorted(dir(layers))
    if inspect.isclass(getattr(layers, name)) and inspect.isclass(getattr(keras.layers, name, None))
]


def by_position(cls: Any) -> list[str]:
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


@pytest.mark.oracle
def test_arguments_have_keras_places() -> None:
    other = {}
    for name in SHARED:
        mine, theirs = by_position(getattr(layers, name)), by_position(getattr(keras.layers, name))
        if mine[: len(theirs)] != theirs:
            other[name] = mine, theirs
    assert not other


def test_a_transposed_convolution_of_volumes_takes_its_padding_behind_the_format() -> None:
    layer = layers.Conv3DTranspose(2, 3, 2, "same", "channels_first", 1, bias_initializer="ones")
    config = layer.get_config()
    assert (config["data_format"], config["output_padding"]) == ("channels_first", (1, 1, 1))
    assert config["bias_initializer"]["class_name"] == "Ones"
    assert layers.Conv3DTranspose.from_config(config).get_config() == config

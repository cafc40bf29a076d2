"""Layers, under the names of `keras.layers`; one file per family."""

from __future__ import annotations

from typing import Any

from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.input_spec import InputSpec
from layerlab.core.layer import Layer
from layerlab.errors import ConfigError, explain
from layerlab.layers import (
    activation,
    conv,
    conv_transpose,
    dense,
    embed,
    input,
    merge,
    norm,
    pool,
    regularize,
    reshape,
    rnn,
    wrap,
)
from layerlab.layers.activation import *
from layerlab.layers.conv import *
from layerlab.layers.conv_transpose import *
from layerlab.layers.dense import *
from layerlab.layers.embed import *
from layerlab.layers.input import *
from layerlab.layers.merge import *
from layerlab.layers.norm import *
from layerlab.layers.pool import *
from layerlab.layers.regularize import *
from layerlab.layers.reshape import *
from layerlab.layers.rnn import *
from layerlab.layers.rnn import *
from layerlab.layers.rnn_cells import *
from layerlab.layers.time_wrap import *
from layerlab.layers.wrap import *

_FAMILIES = (activation, conv, conv_transpose, dense, embed, input, merge, norm, pool, regularize, reshape, rnn, wrap)
__all__ = ["InputSpec", "Layer", "deserialize", "serialize"]
for _family in _FAMILIES:
    __all__ += _family.__all__


def serialize(layer: Layer) -> dict[str, Any]:
    """The layer's config, as Keras writes it to files."""
    return serialize_keras_object(layer)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Layer:
    """The inverse of `serialize`; `custom_objects` maps further names to classes. Raises: ConfigError."""
    layer = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(layer, Layer):
        raise ConfigError(explain("layers.deserialize", expected="the config of a layer", got=type(layer).__name__))
    return layer

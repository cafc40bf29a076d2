"""Layers, under the names of `keras.layers`; one file per family."""

from __future__ import annotations

from typing import Any

from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.input_spec import InputSpec
from layerlab.core.layer import Layer
from layerlab.errors import ConfigError, explain
from layerlab.layers.activation import *
from layerlab.layers.activation import __all__ as _activation
from layerlab.layers.attention import *
from layerlab.layers.attention import __all__ as _attention
from layerlab.layers.augment import *
from layerlab.layers.augment import __all__ as _augment
from layerlab.layers.conv import *
from layerlab.layers.conv import __all__ as _conv
from layerlab.layers.conv_transpose import *
from layerlab.layers.conv_transpose import __all__ as _conv_transpose
from layerlab.layers.dense import *
from layerlab.layers.dense import __all__ as _dense
from layerlab.layers.embed import *
from layerlab.layers.embed import __all__ as _embed
from layerlab.layers.input import *
from layerlab.layers.input import __all__ as _input
from layerlab.layers.merge import *
from layerlab.layers.merge import __all__ as _merge
from layerlab.layers.multi_head import *
from layerlab.layers.multi_head import __all__ as _multi_head
from layerlab.layers.norm import *
from layerlab.layers.norm import __all__ as _norm
from layerlab.layers.pool import *
from layerlab.layers.pool import __all__ as _pool
from layerlab.layers.preprocess import *
from layerlab.layers.preprocess import __all__ as _preprocess
from layerlab.layers.regularize import *
from layerlab.layers.regularize import __all__ as _regularize
from layerlab.layers.reshape import *
from layerlab.layers.reshape import __all__ as _reshape
from layerlab.layers.rnn import *
from layerlab.layers.rnn import __all__ as _rnn
from layerlab.layers.rnn_cells import GRUCell, LSTMCell, SimpleRNNCell
from layerlab.layers.rnn_layers import *
from layerlab.layers.rnn_layers import __all__ as _rnn_layers
from layerlab.layers.rnn_stack import StackedRNNCells
from layerlab.layers.time_wrap import *
from layerlab.layers.time_wrap import __all__ as _time_wrap
from layerlab.layers.wrap import *
from layerlab.layers.wrap import __all__ as _wrap

__all__ = [
    "GRUCell",
    "InputSpec",
    "LSTMCell",
    "Layer",
    "SimpleRNNCell",
    "StackedRNNCells",
    "deserialize",
    "serialize",
    *_activation,
    *_attention,
    *_augment,
    *_conv,
    *_conv_transpose,
    *_dense,
    *_embed,
    *_input,
    *_merge,
    *_multi_head,
    *_norm,
    *_pool,
    *_preprocess,
    *_regularize,
    *_reshape,
    *_rnn,
    *_rnn_layers,
    *_time_wrap,
    *_wrap,
]


def serialize(layer: Layer) -> dict[str, Any]:
    """The config of a layer, as files have it: its class and what it was made with.

    Args:
        layer: the layer. Its weights are not part of a config.
    Returns: a dict of JSON-like values, with 'class_name' and 'config'.

    Example:
        >>> config = serialize(Dense(2, name="scores"))
        >>> config["class_name"], config["config"]["units"]
        ('Dense', 2)
    """
    return serialize_keras_object(layer)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Layer:
    """A new layer from a config that `serialize` gave, not built yet.

    Args:
        config: the dict.
        custom_objects: further classes and functions that the config may name, by name;
            None allows layerlab's and those that are registered.
    Returns: the layer.
    Raises: UnknownNameError for a class that is not known; ConfigError for the config
    of something else than a layer.

    Example:
        >>> deserialize(serialize(Dense(2, name="scores"))).name
        'scores'
    """
    layer = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(layer, Layer):
        raise ConfigError(
            explain("layers.deserialize", expected="the config of a layer", got=type(layer).__name__)
        )
    return layer

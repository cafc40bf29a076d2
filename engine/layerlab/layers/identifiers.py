"""Layers from configs, and back."""

from __future__ import annotations

from typing import Any

from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.layer import Layer
from layerlab.errors import ConfigError, explain

__all__ = ["deserialize", "serialize"]


def serialize(layer: Layer) -> dict[str, Any]:
    """The config of a layer, as files have it: its class and what it was made with.

    Args:
        layer: the layer. Its weights are not part of a config.
    Returns: a dict of JSON-like values, with 'class_name' and 'config'.

    Example:
        >>> from layerlab.layers import Dense
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
        >>> from layerlab.layers import Dense
        >>> deserialize(serialize(Dense(2, name="scores"))).name
        'scores'
    """
    layer = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(layer, Layer):
        raise ConfigError(
            explain("layers.deserialize", expected="the config of a layer", got=type(layer).__name__)
        )
    return layer

"""Activation functions, under the names of `keras.activations`."""

from __future__ import annotations

from typing import Any

from layerlab.activations.functions import *
from layerlab.activations.functions import __all__ as _functions
from layerlab.activations.functions import linear
from layerlab.core.config import resolve, serialize_keras_object
from layerlab.core.registry import builtin_name, custom_object_scope
from layerlab.errors import InvalidArgumentError, explain

__all__ = [*_functions, "deserialize", "get", "serialize"]


def get(identifier: Any) -> Any:
    """The function for a name, a config or a callable; None is `linear`.

    Raises: UnknownNameError, InvalidArgumentError.
    """
    if identifier is None:
        return linear
    found = resolve("activations", identifier, "An activation")
    if not callable(found):
        raise InvalidArgumentError(
            explain(
                "An activation must be callable.", expected="a function or layer", got=type(found).__name__
            )
        )
    return found


def serialize(activation: Any) -> Any:
    """The name of a function from here, else its config as Keras writes it to files."""
    known = builtin_name(activation)
    return known[1] if known is not None else serialize_keras_object(activation)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The inverse of `serialize`; `custom_objects` maps further names to functions."""
    with custom_object_scope(custom_objects):
        return resolve("activations", config, "An activation")

"""Activations from names and configs, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from layerlab.activations.functions import linear
from layerlab.core.config import resolve, serialize_keras_object
from layerlab.core.registry import builtin_name
from layerlab.errors import InvalidArgumentError, explain
from layerlab.typing import ActivationLike, Config

__all__ = ["deserialize", "get", "serialize"]


def get(identifier: ActivationLike) -> Any:
    """The activation that a name, a config or a function stands for.

    Layers read their argument `activation` by it.

    Args:
        identifier: a name such as "relu", a config of `serialize`, or a function or
            layer, which is given back. None is `linear`.
    Returns: a function of an array.
    Raises: UnknownNameError for an unknown name, with the nearest one;
        InvalidArgumentError for what cannot be called.

    Example:
        >>> get("relu")([-2.0, 3.0]).tolist()
        [0.0, 3.0]
        >>> get(None) is linear
        True
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


def serialize(activation: Callable[[Any], Any]) -> Any:
    """What a config says of an activation; `deserialize` reads it.

    Args:
        activation: a function from here, or one of the user.
    Returns: the name of a function from here; for others a dictionary, as Keras writes
        it to files.

    Example:
        >>> serialize(get("relu"))
        'relu'
    """
    known = builtin_name(activation)
    return known[1] if known is not None else serialize_keras_object(activation)


def deserialize(config: Config | str | None, custom_objects: dict[str, Any] | None = None) -> Any:
    """The activation that `serialize` wrote down.

    Args:
        config: a name, or a dictionary.
        custom_objects: further names and the functions they stand for. None is those
            that were registered.
    Returns: a function of an array.
    Raises: UnknownNameError for an unknown name.

    Example:
        >>> deserialize("twice", {"twice": lambda x: 2 * x})(3.0)
        6.0
    """
    return resolve("activations", config, "An activation", custom_objects)

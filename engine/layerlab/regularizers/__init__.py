"""Penalties on weights and activations, under the names of `keras.regularizers`."""

from __future__ import annotations

from typing import Any

from layerlab.core.config import resolve, serialize_keras_object
from layerlab.core.registry import custom_object_scope
from layerlab.regularizers.penalties import L1, L1L2, L2, OrthogonalRegularizer, Regularizer

l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]


def get(identifier: Any) -> Any:
    """The regularizer that a layer's `kernel_regularizer` and the like stand for.

    Args:
        identifier: a name ("l2", "L1L2"), a config, a class, which is called without
            arguments, or any callable, which is given back as it is. None gives None:
            no penalty.
    Returns: a callable `array -> scalar`, or None.
    Raises: UnknownNameError for an unknown name; InvalidArgumentError for another kind
    of value.

    Example:
        >>> round(float(get("l2")([1.0, 2.0])), 4)  # 0.01 (1 + 4)
        0.05
    """
    return resolve("regularizers", identifier, "A regularizer")


def serialize(regularizer: Any) -> Any:
    """The config of a regularizer, as files and configs of layers hold it.

    Args:
        regularizer: a Regularizer.
    Returns: a dict of plain values, from which `deserialize` makes an equal one.

    Example:
        >>> serialize(L2(0.5))["config"]
        {'l2': 0.5}
    """
    return serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The regularizer that a config describes: the inverse of `serialize`.

    Args:
        config: what `serialize` gave, or a name.
        custom_objects: further classes by name, for regularizers of your own that are
            not registered.
    Returns: a new Regularizer; None for None.
    Raises: UnknownNameError for an unknown class; InvalidArgumentError for what is no
    config.

    Example:
        >>> deserialize(serialize(L2(0.5))).l2
        0.5
    """
    with custom_object_scope(custom_objects):
        return resolve("regularizers", config, "A regularizer")

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
    """The regularizer for None, a name, a config, a class or a callable.

    Raises: UnknownNameError, InvalidArgumentError.
    """
    return resolve("regularizers", identifier, "A regularizer")


def serialize(regularizer: Any) -> Any:
    """The regularizer's config, as Keras writes it to files."""
    return serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The inverse of `serialize`; `custom_objects` maps further names to classes."""
    with custom_object_scope(custom_objects):
        return resolve("regularizers", config, "A regularizer")

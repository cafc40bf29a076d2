"""Projections of weights after each update, under the names of `keras.constraints`."""

from __future__ import annotations

from typing import Any

from layerlab.constraints.norms import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from layerlab.core.config import resolve, serialize_keras_object
from layerlab.core.registry import custom_object_scope

max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]


def get(identifier: Any) -> Any:
    """The constraint for None, a name, a config, a class or a callable.

    Raises: UnknownNameError, InvalidArgumentError.
    """
    return resolve("constraints", identifier, "A constraint")


def serialize(constraint: Any) -> Any:
    """The constraint's config, as Keras writes it to files."""
    return serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The inverse of `serialize`; `custom_objects` maps further names to classes."""
    with custom_object_scope(custom_objects):
        return resolve("constraints", config, "A constraint")

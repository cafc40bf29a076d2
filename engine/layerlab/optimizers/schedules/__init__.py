"""Learning rates that follow from the step, under the names of `keras.optimizers.schedules`."""

from __future__ import annotations

from typing import Any

from layerlab.core.config import resolve, serialize_keras_object
from layerlab.core.registry import custom_object_scope
from layerlab.optimizers.schedules.base import LearningRateSchedule
from layerlab.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from layerlab.optimizers.schedules.decay import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]


def serialize(learning_rate_schedule: Any) -> Any:
    """The schedule's config, as Keras writes it to files."""
    return serialize_keras_object(learning_rate_schedule)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The inverse of `serialize`; `custom_objects` maps further names to classes."""
    with custom_object_scope(custom_objects):
        return resolve("schedules", config, "A learning rate schedule")

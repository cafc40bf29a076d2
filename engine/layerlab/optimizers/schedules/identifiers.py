"""Schedules from configs, and back."""

from __future__ import annotations

from typing import Any

from layerlab.core.config import resolve, serialize_keras_object
from layerlab.typing import Config

__all__ = ["deserialize", "serialize"]


def serialize(learning_rate_schedule: object) -> Any:
    """The config of a schedule, as configs of optimizers hold it.

    Args:
        learning_rate_schedule: a LearningRateSchedule.
    Returns: a dict of plain values, from which `deserialize` makes an equal one.

    Example:
        >>> from layerlab.optimizers.schedules import PiecewiseConstantDecay
        >>> serialize(PiecewiseConstantDecay([10], [1.0, 0.1]))["class_name"]
        'PiecewiseConstantDecay'
    """
    return serialize_keras_object(learning_rate_schedule)


def deserialize(config: Config | str | None, custom_objects: dict[str, Any] | None = None) -> Any:
    """The schedule that a config describes: the inverse of `serialize`.

    Args:
        config: what `serialize` gave.
        custom_objects: further classes by name, for schedules of your own that are not
            registered.
    Returns: a new LearningRateSchedule; None for None.
    Raises: UnknownNameError for an unknown class; InvalidArgumentError for what is no
    config.

    Example:
        >>> from layerlab.optimizers.schedules import PiecewiseConstantDecay
        >>> schedule = PiecewiseConstantDecay([10], [1.0, 0.5])
        >>> float(deserialize(serialize(schedule))(11))
        0.5
    """
    return resolve("schedules", config, "A learning rate schedule", custom_objects)

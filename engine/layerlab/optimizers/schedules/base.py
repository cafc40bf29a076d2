"""LearningRateSchedule: a learning rate as a function of the step."""

from __future__ import annotations

from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.config import Configurable
from layerlab.errors import InvalidArgumentError, explain
from layerlab.settings import settings

__all__ = ["LearningRateSchedule", "as_float", "check_steps"]


class LearningRateSchedule(Configurable):
    """A callable `step -> learning rate`, with a config. Subclass it and override `__call__`.

    It must be written with operators and `layerlab.ops`: in a compiled training step, `step` has no
    value yet that `if` or `float` could read.

    Example:
        >>> class Halve(LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.5 ** ops.cast(step, "float32")
        >>> float(Halve()(2))
        0.25
    """

    registry_kind = "schedules"

    def __call__(self, step: Any) -> Array:
        """The learning rate, a scalar, after `step` updates (an integer, an array or a Variable)."""
        raise NotImplementedError(f"{type(self).__name__} must override __call__(step)")


def as_float(step: Any) -> Array:
    """A step as a scalar of the default float type."""
    return ops.cast(step, settings.floatx)


def check_steps(schedule: LearningRateSchedule, argument: str, value: float) -> float:
    """`value` if it is positive, else an InvalidArgumentError that names the schedule's argument."""
    if value > 0:
        return value
    raise InvalidArgumentError(
        explain(f"{type(schedule).__name__} argument '{argument}'", expected="more than 0", got=str(value))
    )

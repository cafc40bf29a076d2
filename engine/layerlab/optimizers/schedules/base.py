"""LearningRateSchedule: a learning rate as a function of the step."""

from __future__ import annotations

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.config import Configurable
from layerlab.core.registry import share_arguments
from layerlab.errors import InvalidArgumentError, explain
from layerlab.settings import settings
from layerlab.typing import TensorLike

__all__ = ["LearningRateSchedule"]

share_arguments(
    "schedules",
    {
        "initial_learning_rate": "the rate at step 0.",
        "decay_steps": "steps, more than 0, to which the rule refers; steps are batches,\n"
        "        not epochs.",
        "staircase": "True lets the rate fall in jumps, once every `decay_steps`; False at\n"
        "        each step.",
        "name": "kept in the config; the rate does not depend on it.",
    },
)


class LearningRateSchedule(Configurable):
    """Base of all schedules: the learning rate as a function of the step.

    Given to an optimizer as `learning_rate`, it is asked before each update. Subclass
    it, and write `__call__`; constructor arguments kept as attributes of the same names
    are its config. Write it with operators and `layerlab.ops`: in a compiled training
    step, `step` has no value yet that `if` or `float` could read.

    Example:
        >>> class Halve(LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.5 ** ops.cast(step, "float32")
        >>> float(Halve()(2))
        0.25
    """

    registry_kind = "schedules"

    def __call__(self, step: TensorLike) -> Array:
        """The learning rate after a number of steps, a scalar.

        Args:
            step: steps so far, 0 before the first: an integer, an array or a Variable.
                Each batch is a step, also where gradients are accumulated.
        """
        raise NotImplementedError(f"{type(self).__name__} must override __call__(step)")


def as_float(step: TensorLike) -> Array:
    """A step as a scalar of the default float type."""
    return ops.cast(step, settings.floatx)


def check_steps(schedule: LearningRateSchedule, argument: str, value: float) -> float:
    """`value` if it is positive, else an InvalidArgumentError that names the schedule's argument."""
    if value > 0:
        return value
    raise InvalidArgumentError(
        explain(f"{type(schedule).__name__} argument '{argument}'", expected="more than 0", got=str(value))
    )

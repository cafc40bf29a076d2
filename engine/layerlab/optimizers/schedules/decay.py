"""Schedules that decay by a simple rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, explain
from layerlab.optimizers.schedules.base import LearningRateSchedule, as_float, check_steps
from layerlab.settings import settings

__all__ = ["ExponentialDecay", "InverseTimeDecay", "PiecewiseConstantDecay", "PolynomialDecay"]


class ExponentialDecay(LearningRateSchedule):
    """initial * decay_rate ** (step / decay_steps).

    Args:
        staircase: divide without remainder: the rate falls once every `decay_steps`.

    Example:
        >>> float(ExponentialDecay(1.0, decay_steps=10, decay_rate=0.5)(20))
        0.25
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = check_steps(self, "decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Array:
        progress = as_float(step) / self.decay_steps
        if self.staircase:
            progress = ops.floor(progress)
        return self.initial_learning_rate * ops.power(self.decay_rate, progress)


class InverseTimeDecay(LearningRateSchedule):
    """initial / (1 + decay_rate * step / decay_steps).

    Args:
        staircase: divide without remainder: the rate falls once every `decay_steps`.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = check_steps(self, "decay_steps", decay_steps)
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Array:
        progress = as_float(step) / self.decay_steps
        if self.staircase:
            progress = ops.floor(progress)
        return self.initial_learning_rate / (1 + self.decay_rate * progress)


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to and including step boundaries[0], then values[1] up to boundaries[1] ...

    Args:
        boundaries: increasing steps.
        values: one more than boundaries.
    """

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise InvalidArgumentError(
                explain(
                    "PiecewiseConstantDecay",
                    expected=f"one value more than the {len(boundaries)} boundaries",
                    got=f"{len(values)} values",
                )
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Array:
        step = ops.convert_to_tensor(step)
        rate = ops.cast(self.values[0], settings.floatx)
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            rate = ops.where(step > boundary, value, rate)
        return rate


class PolynomialDecay(LearningRateSchedule):
    """From `initial_learning_rate` to `end_learning_rate` within `decay_steps`, as (1 - progress) ** power.

    Args:
        cycle: after `decay_steps`, stretch the decay to the next multiple of it; else stay at the end.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = check_steps(self, "decay_steps", decay_steps)
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Array:
        step = as_float(step)
        if self.cycle:
            cycles = ops.maximum(ops.ceil(step / self.decay_steps), 1.0)
            progress = step / (self.decay_steps * cycles)
        else:
            progress = ops.minimum(step, self.decay_steps) / self.decay_steps
        fall = self.initial_learning_rate - self.end_learning_rate
        return fall * ops.power(1 - progress, self.power) + self.end_learning_rate

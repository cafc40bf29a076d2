"""Schedules that decay by a simple rule."""

from __future__ import annotations

from collections.abc import Sequence

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, explain
from layerlab.optimizers.schedules.base import LearningRateSchedule, as_float, check_steps
from layerlab.settings import settings
from layerlab.typing import TensorLike

__all__ = ["ExponentialDecay", "InverseTimeDecay", "PiecewiseConstantDecay", "PolynomialDecay"]


class ExponentialDecay(LearningRateSchedule):
    """A fall by a constant factor every so many steps.

    rate = initial decay_rate^(step / decay_steps).

    Args:
        decay_rate: the factor; 0.5 halves the rate every `decay_steps`.
    Raises: InvalidArgumentError for decay_steps that are not more than 0.

    Example:
        >>> halve = ExponentialDecay(1.0, decay_steps=10, decay_rate=0.5)
        >>> [round(float(halve(step)), 3) for step in (0, 5, 10, 20)]
        [1.0, 0.707, 0.5, 0.25]
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

    def __call__(self, step: TensorLike) -> Array:
        return self.initial_learning_rate * ops.power(self.decay_rate, _progress(self, step))


class InverseTimeDecay(LearningRateSchedule):
    """A fall as one over the time: fast at first, ever slower.

    rate = initial / (1 + decay_rate step / decay_steps).

    Args:
        decay_rate: how fast it falls; with 1 the rate is halved after the first
            `decay_steps`.
    Raises: InvalidArgumentError for decay_steps that are not more than 0.
    Source: Robbins, Monro 1951, whose conditions for convergence it meets.

    Example:
        >>> fall = InverseTimeDecay(1.0, decay_steps=10, decay_rate=1.0)
        >>> [round(float(fall(step)), 3) for step in (0, 10, 30)]
        [1.0, 0.5, 0.25]
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

    def __call__(self, step: TensorLike) -> Array:
        return self.initial_learning_rate / (1 + self.decay_rate * _progress(self, step))


class PiecewiseConstantDecay(LearningRateSchedule):
    """A rate that jumps from one value to the next at given steps.

    values[0] up to and including step boundaries[0], then values[1] up to
    boundaries[1], and so on; the last value from there.

    Args:
        boundaries: the last step of each value but the last, in rising order.
        values: the rates, one more than boundaries.
    Raises: InvalidArgumentError if values are not one more than boundaries.

    Example:
        >>> jump = PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.25])
        >>> [float(jump(step)) for step in (0, 10, 11, 21)]
        [1.0, 1.0, 0.5, 0.25]
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

    def __call__(self, step: TensorLike) -> Array:
        step = ops.convert_to_tensor(step)
        rate = ops.cast(self.values[0], settings.floatx)
        for boundary, value in zip(self.boundaries, self.values[1:], strict=True):
            rate = ops.where(step > boundary, value, rate)
        return rate


class PolynomialDecay(LearningRateSchedule):
    """A fall along a power of the steps that are left; along a line by default.

    rate = (initial - end) (1 - p)^power + end, p = min(step / decay_steps, 1).

    Args:
        decay_steps: steps of the fall, more than 0.
        end_learning_rate: the rate at the end.
        power: 1 falls along a line; more falls faster at first and slower at the end.
        cycle: True stretches the fall, after `decay_steps`, to the next multiple of it,
            so that the rate jumps up and falls again; False stays at the end.
    Raises: InvalidArgumentError for decay_steps that are not more than 0.

    Example:
        >>> line = PolynomialDecay(1.0, decay_steps=100, end_learning_rate=0.0)
        >>> [round(float(line(step)), 3) for step in (0, 25, 100, 200)]
        [1.0, 0.75, 0.0, 0.0]
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

    def __call__(self, step: TensorLike) -> Array:
        step = as_float(step)
        if self.cycle:
            cycles = ops.maximum(ops.ceil(step / self.decay_steps), 1.0)
            progress = step / (self.decay_steps * cycles)
        else:
            progress = ops.minimum(step, self.decay_steps) / self.decay_steps
        fall = self.initial_learning_rate - self.end_learning_rate
        return fall * ops.power(1 - progress, self.power) + self.end_learning_rate


def _progress(schedule: ExponentialDecay | InverseTimeDecay, step: TensorLike) -> Array:
    """How many times `decay_steps` have passed; whole ones only, on a staircase."""
    progress = as_float(step) / schedule.decay_steps
    return ops.floor(progress) if schedule.staircase else progress

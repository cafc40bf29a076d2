"""Schedules that fall along a cosine. Source: Loshchilov, Hutter 2017, SGDR, arXiv:1608.03983."""

from __future__ import annotations

import math

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.optimizers.schedules.base import LearningRateSchedule, as_float, check_steps
from layerlab.typing import TensorLike

__all__ = ["CosineDecay", "CosineDecayRestarts"]


class CosineDecay(LearningRateSchedule):
    """A fall along half a cosine, after a linear warm-up if wanted.

    rate = start ((1 - alpha) (1 + cos(π p)) / 2 + alpha), p = min(step / decay_steps,
    1): slow at the beginning, fast in the middle, slow at the end. With a warm-up, p
    counts from its end.

    Args:
        decay_steps: steps of the fall, after the warm-up; more than 0. The rate stays
            at its lowest then.
        alpha: the lowest rate as a fraction of the rate at the beginning of the fall.
        warmup_target: the rate at the end of the warm-up, where the fall begins; None
            for no warm-up.
        warmup_steps: steps from `initial_learning_rate` to `warmup_target`.
    Raises: InvalidArgumentError for decay_steps that are not more than 0.
    Source: Loshchilov, Hutter 2017, arXiv:1608.03983, without restarts.

    Example:
        >>> fall = CosineDecay(1.0, decay_steps=100)
        >>> [round(float(fall(step)), 3) for step in (0, 25, 50, 75, 100)]
        [1.0, 0.854, 0.5, 0.146, 0.0]
        >>> rise = CosineDecay(0.0, decay_steps=100, warmup_target=1.0, warmup_steps=10)
        >>> [round(float(rise(step)), 3) for step in (0, 5, 10, 60)]
        [0.0, 0.5, 1.0, 0.5]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = check_steps(self, "decay_steps", decay_steps)
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: TensorLike) -> Array:
        step = as_float(step)
        if self.warmup_target is None:
            return self._decay(step, self.initial_learning_rate)
        rise = self.warmup_target - self.initial_learning_rate
        warming = rise * (step / max(self.warmup_steps, 1)) + self.initial_learning_rate
        decaying = self._decay(step - self.warmup_steps, self.warmup_target)
        return ops.where(step < self.warmup_steps, warming, decaying)

    def _decay(self, step: Array, start: float) -> Array:
        progress = ops.minimum(step, self.decay_steps) / self.decay_steps
        return start * ((1 - self.alpha) * _half_cosine(progress) + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """Falls along half a cosine, one after the other: warm restarts.

    rate = initial ((1 - alpha) m_mulⁿ (1 + cos(π p)) / 2 + alpha), where n counts the
    restarts and p, from 0 to 1, is the place within the running fall, first_decay_steps
    t_mulⁿ long.

    Args:
        first_decay_steps: steps of the first fall, more than 0.
        t_mul: each next fall is so many times longer.
        m_mul: each next fall begins at so many times the rate.
        alpha: the lowest rate as a fraction of the initial one.
    Raises: InvalidArgumentError for first_decay_steps that are not more than 0.
    Source: Loshchilov, Hutter 2017, arXiv:1608.03983.

    Example:
        >>> falls = CosineDecayRestarts(1.0, first_decay_steps=10, m_mul=0.5)
        >>> [round(float(falls(step)), 3) for step in (0, 5, 10, 20)]
        [1.0, 0.5, 0.5, 0.25]
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = check_steps(self, "first_decay_steps", first_decay_steps)
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: TensorLike) -> Array:
        restarts, progress = self._place(as_float(step) / self.first_decay_steps)
        cosine = ops.power(self.m_mul, restarts) * _half_cosine(progress)
        return self.initial_learning_rate * ((1 - self.alpha) * cosine + self.alpha)

    def _place(self, elapsed: Array) -> tuple[Array, Array]:
        """(restarts so far, progress within the running decay); `elapsed` counts first decays."""
        if self.t_mul == 1:
            restarts = ops.floor(elapsed)
            return restarts, elapsed - restarts
        # The lengths 1, t, t² ... sum up to (1 - t^n) / (1 - t); solved for n.
        restarts = ops.floor(ops.log(1 - elapsed * (1 - self.t_mul)) / ops.log(as_float(self.t_mul)))
        length = ops.power(self.t_mul, restarts)
        begin = (1 - length) / (1 - self.t_mul)
        return restarts, (elapsed - begin) / length


def _half_cosine(progress: Array) -> Array:
    """1 at progress 0, falling to 0 at progress 1."""
    return 0.5 * (1 + ops.cos(math.pi * progress))

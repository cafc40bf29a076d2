"""Schedules that fall along a cosine. Source: Loshchilov, Hutter 2017, SGDR, arXiv:1608.03983."""

from __future__ import annotations

import math
from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.optimizers.schedules.base import LearningRateSchedule, as_float, check_steps

__all__ = ["CosineDecay", "CosineDecayRestarts"]


class CosineDecay(LearningRateSchedule):
    """From the initial rate to `alpha` times it within `decay_steps`, optionally after a linear warm-up.

    Args:
        alpha: the lowest rate as a fraction of that at the beginning of the decay.
        warmup_target: the rate at the end of the warm-up, where the decay begins; None for no warm-up.
        warmup_steps: steps from `initial_learning_rate` to `warmup_target`.

    Example:
        >>> round(float(CosineDecay(1.0, decay_steps=100)(50)), 6)
        0.5
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

    def __call__(self, step: Any) -> Array:
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
    """Cosine decays one after the other, each beginning anew ("warm restarts").

    Args:
        first_decay_steps: length of the first decay.
        t_mul: each next decay is so many times longer.
        m_mul: each next decay begins at so many times the rate.
        alpha: the lowest rate as a fraction of the initial one.
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

    def __call__(self, step: Any) -> Array:
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

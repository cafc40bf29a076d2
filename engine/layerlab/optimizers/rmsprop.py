"""RMSprop: steps scaled by a running mean of the squared gradient."""

from __future__ import annotations

from typing import Any, Unpack

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.optimizers.arguments import CommonArguments
from layerlab.optimizers.base import Optimizer, Slots
from layerlab.typing import LearningRateLike

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """Steps scaled by the size of recent gradients.

    v ← ρ v + (1 - ρ) g², w ← w - η g / √(v + ε). With a momentum μ the change c ← μ c +
    η g / √(v + ε) is subtracted. The first steps are longer than η, as v begins at 0.
    Often taken for recurrent networks and reinforcement learning.

    Args:
        rho: ρ, how slowly the mean square v changes.
        momentum: μ, how much of the last change goes on; 0 for none.
        centered: True divides by the variance of the gradient, v less the square of its
            mean, in place of v.
    Source: Hinton 2012, Neural networks for machine learning, lecture 6.

    Example:
        >>> import layerlab as keras
        >>> w = keras.Variable([1.0, 2.0])
        >>> RMSprop(0.1).apply([[50.0, -0.1]], [w])  # 0.1 / sqrt(1 - 0.9)
        >>> w.numpy().round(2)
        array([0.68, 2.32], dtype=float32)
    """

    aliases = ("rmsprop",)

    def __init__(
        self,
        learning_rate: LearningRateLike = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **common: Unpack[CommonArguments],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def slot_groups(self) -> list[dict[str, Any]]:
        names = ["velocity"]
        if self.momentum > 0:
            names.append("momentum")
        if self.centered:
            names.append("average_gradient")
        return [{name: "zeros"} for name in names]

    def update(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        velocity = self.rho * slots["velocity"] + (1 - self.rho) * (gradient * gradient)
        changed = {"velocity": velocity}
        variance = velocity
        if self.centered:
            mean = self.rho * slots["average_gradient"] + (1 - self.rho) * gradient
            changed["average_gradient"] = mean
            variance = velocity - mean * mean
        change = learning_rate * gradient / backend().xp.sqrt(variance + self.epsilon)
        if self.momentum > 0:
            change = changed["momentum"] = self.momentum * slots["momentum"] + change
        return value - change, changed

"""RMSprop: steps scaled by a running mean of the squared gradient."""

from __future__ import annotations

from typing import Any, Unpack

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.optimizers.arguments import CommonArguments
from layerlab.optimizers.base import Optimizer, Slots

__all__ = ["RMSprop"]


class RMSprop(Optimizer):
    """v ← ρ v + (1 - ρ) g², w ← w - η g / √(v + ε).

    Args:
        learning_rate: η.
        rho: ρ, how slowly the mean changes.
        momentum: of the steps; 0 for none.
        centered: divide by the variance of the gradient instead: v less the square of its mean.
        common: see `Optimizer`.
    Source: Hinton 2012, Neural networks for machine learning, lecture 6.
    """

    aliases = ("rmsprop",)

    def __init__(
        self,
        learning_rate: Any = 0.001,
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

"""Adagrad and Adadelta: steps scaled by sums, or running means, of squared gradients."""

from __future__ import annotations

from typing import Any, Unpack

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.initializers import Constant
from layerlab.optimizers.arguments import CommonArguments
from layerlab.optimizers.base import Optimizer, Slots

__all__ = ["Adadelta", "Adagrad"]


class Adagrad(Optimizer):
    """s ← s + g², w ← w - η g / √(s + ε).

    Args:
        learning_rate: η.
        initial_accumulator_value: s at the beginning.
        common: see `Optimizer`.
    Source: Duchi, Hazan, Singer 2011, JMLR 12.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **common: Unpack[CommonArguments],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def slot_groups(self) -> list[dict[str, Any]]:
        return [{"accumulator": Constant(self.initial_accumulator_value)}]

    def update(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        accumulator = slots["accumulator"] + gradient * gradient
        change = learning_rate * gradient / backend().xp.sqrt(accumulator + self.epsilon)
        return value - change, {"accumulator": accumulator}


class Adadelta(Optimizer):
    """s ← ρ s + (1 - ρ) g², d = g √(u + ε) / √(s + ε), u ← ρ u + (1 - ρ) d², w ← w - η d.

    Args:
        learning_rate: η; 1 in the paper.
        rho: ρ, how slowly the means change.
        common: see `Optimizer`.
    Source: Zeiler 2012, arXiv:1212.5701.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **common: Unpack[CommonArguments],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.rho = rho
        self.epsilon = epsilon

    def slot_groups(self) -> list[dict[str, Any]]:
        return [{"accumulated_grad": "zeros", "accumulated_delta_var": "zeros"}]

    def update(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        sqrt, rho = backend().xp.sqrt, self.rho
        gradients, changes = slots["accumulated_grad"], slots["accumulated_delta_var"]
        gradients = rho * gradients + (1 - rho) * (gradient * gradient)
        change = sqrt(changes + self.epsilon) * gradient / sqrt(gradients + self.epsilon)
        changes = rho * changes + (1 - rho) * (change * change)
        return value - learning_rate * change, {
            "accumulated_grad": gradients,
            "accumulated_delta_var": changes,
        }

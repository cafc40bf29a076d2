"""Adagrad and Adadelta: steps scaled by sums, or running means, of squared gradients."""

from __future__ import annotations

from typing import Any, Unpack

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.initializers import Constant
from layerlab.optimizers.arguments import CommonArguments
from layerlab.optimizers.base import Optimizer, Slots
from layerlab.typing import LearningRateLike

__all__ = ["Adadelta", "Adagrad"]


class Adagrad(Optimizer):
    """Steps scaled by all squared gradients so far, for inputs that are seldom present.

    s ← s + g², w ← w - η g / √(s + ε). Weights that seldom get a gradient keep large
    steps; all steps shrink as training goes on.

    Args:
        learning_rate: η: a number, a LearningRateSchedule, or a function without
            arguments. As steps only get shorter, take a larger one than for Adam.
        initial_accumulator_value: s at the beginning, at least 0; the larger, the
            shorter the first steps.
        epsilon: ε, small and positive: keeps the division from becoming one by 0.
    Source: Duchi, Hazan, Singer 2011, JMLR 12.

    Example:
        >>> import layerlab as keras
        >>> w = keras.Variable([1.0, 2.0])
        >>> optimizer = Adagrad(0.1, initial_accumulator_value=0.0)
        >>> optimizer.apply([[1.0, 1.0]], [w])  # 0.1 each
        >>> optimizer.apply([[1.0, 0.0]], [w])  # 0.1 / sqrt(2), and nothing
        >>> w.numpy().round(3)
        array([0.829, 1.9  ], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRateLike = 0.001,
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
    """Steps scaled by recent gradients and recent changes, so that units cancel.

    s ← ρ s + (1 - ρ) g², d = g √(u + ε) / √(s + ε), u ← ρ u + (1 - ρ) d², w ← w - η d.
    Unlike Adagrad it forgets old gradients; it begins slowly, with steps of about √ε.

    Args:
        learning_rate: η: a number, a LearningRateSchedule, or a function without
            arguments; 1 in the paper, which the default, 0.001, is far below.
        rho: ρ, how slowly the means s and u change.
        epsilon: ε, small and positive; it also sets how long the first steps are.
    Source: Zeiler 2012, arXiv:1212.5701.

    Example:
        >>> import layerlab as keras
        >>> w = keras.Variable([1.0])
        >>> Adadelta(1.0, epsilon=0.01).apply([[1.0]], [w])  # sqrt(0.01 / 0.06)
        >>> w.numpy().round(3)
        array([0.592], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRateLike = 0.001,
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

"""Follow the regularized leader: sparse weights by an L1 penalty that is part of the formula."""

from __future__ import annotations

from typing import Any, Unpack

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, explain
from layerlab.initializers import Constant
from layerlab.optimizers.arguments import CommonArguments
from layerlab.optimizers.base import Optimizer, Slots
from layerlab.typing import LearningRateLike

__all__ = ["Ftrl"]


class Ftrl(Optimizer):
    """Follow the regularized leader: an L1 penalty in the formula makes weights 0.

    n' = n + g², z ← z + g - (n'⁻ᵖ - n⁻ᵖ) w / η, w ← (clip(z, ±λ₁) - z) / (n'⁻ᵖ / η + 2
    λ₂). For wide linear models on sparse data, such as the prediction of clicks.

    Args:
        learning_rate_power: p, at most 0; 0 for a constant rate, -0.5 lets it fall as
            Adagrad does.
        initial_accumulator_value: n at the beginning, at least 0.
        l1_regularization_strength: λ₁, at least 0; the larger, the more weights are 0.
        l2_regularization_strength: λ₂, at least 0; the larger, the smaller weights
            stay.
        l2_shrinkage_regularization_strength: at least 0; adds twice this times w to the
            gradient, but not to n.
        beta: adds beta / (2 η) to λ₂.
    Raises: InvalidArgumentError for negative strengths or a positive power.
    Source: McMahan et al. 2013, "Ad click prediction: a view from the trenches",
    algorithm 1.

    Example:
        >>> import layerlab as keras
        >>> w = keras.Variable([0.0, 0.0])
        >>> Ftrl(1.0, l1_regularization_strength=0.5).apply([[0.4, -2.0]], [w])
        >>> w.numpy().round(3)  # |z| of 0.4 is below 0.5: exactly 0
        array([0.   , 0.741], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRateLike = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **common: Unpack[CommonArguments],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.learning_rate_power = -_not_negative("-learning_rate_power", -learning_rate_power)
        self.initial_accumulator_value = _not_negative("initial_accumulator_value", initial_accumulator_value)
        self.l1_regularization_strength = _not_negative(
            "l1_regularization_strength", l1_regularization_strength
        )
        self.l2_regularization_strength = _not_negative(
            "l2_regularization_strength", l2_regularization_strength
        )
        self.l2_shrinkage_regularization_strength = _not_negative(
            "l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength
        )
        self.beta = beta

    def slot_groups(self) -> list[dict[str, Any]]:
        return [{"accumulator": Constant(self.initial_accumulator_value), "linear": "zeros"}]

    def update(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        power, limit = -self.learning_rate_power, self.l1_regularization_strength
        strength = self.l2_regularization_strength + self.beta / (2.0 * learning_rate)
        shrunk = gradient + 2 * self.l2_shrinkage_regularization_strength * value
        accumulator = slots["accumulator"] + gradient * gradient
        growth = (accumulator**power - slots["accumulator"] ** power) / learning_rate
        linear = slots["linear"] + shrunk - growth * value
        quadratic = accumulator**power / learning_rate + 2 * strength
        value = (backend().xp.clip(linear, -limit, limit) - linear) / quadratic
        return value, {"accumulator": accumulator, "linear": linear}


def _not_negative(name: str, value: float) -> float:
    if value >= 0:
        return value
    raise InvalidArgumentError(explain(f"Ftrl argument '{name}'", expected="at least 0", got=str(value)))

"""Relatives of Adam: by the largest gradient (Adamax), looking ahead (Nadam), layer by layer (Lamb)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Unpack

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.variable import Variable
from layerlab.optimizers.arguments import CommonArguments
from layerlab.optimizers.base import Optimizer, Slots
from layerlab.settings import settings

__all__ = ["Adamax", "Lamb", "Nadam"]


class Adamax(Optimizer):
    """m ← m + (1 - β₁)(g - m), u ← max(β₂ u, |g|), w ← w - η m / ((1 - β₁ᵗ)(u + ε)).

    Args:
        learning_rate: η.
        beta_1, beta_2: how slowly the mean of g and the largest |g| change.
        common: see `Optimizer`.
    Source: Kingma, Ba 2015, arXiv:1412.6980, section 7.1.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **common: Unpack[CommonArguments],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def slot_groups(self) -> list[dict[str, Any]]:
        return [{"momentum": "zeros", "norm": "zeros"}]

    def update(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        xp = backend().xp
        momentum = slots["momentum"] + (gradient - slots["momentum"]) * (1 - self.beta_1)
        norm = xp.maximum(self.beta_2 * slots["norm"], xp.abs(gradient))
        change = learning_rate * momentum / ((1 - self.beta_1**step) * (norm + self.epsilon))
        return value - change, {"momentum": momentum, "norm": norm}


class Nadam(Optimizer):
    """Adam with Nesterov momentum, whose weight warms up: β₁ (1 - 0.96ᵗ / 2).

    Args:
        learning_rate: η.
        beta_1, beta_2: how slowly the means of g and of g² change.
        common: see `Optimizer`.
    Source: Dozat 2016, "Incorporating Nesterov momentum into Adam".
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **common: Unpack[CommonArguments],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, variables: Iterable[Variable]) -> None:
        if self.built:
            return
        variables = list(variables)
        super().build(variables)
        dtype = variables[0].dtype if variables else settings.floatx
        # The product of all weights so far is one number for all variables.
        self._u_product = self.add_variable((), "ones", dtype, name="u_product")

    def slot_groups(self) -> list[dict[str, Any]]:
        return [{"momentum": "zeros", "velocity": "zeros"}]

    def before_updates(self) -> None:
        step = backend().cast(self._step_number(), self._u_product.dtype)
        self._u_product.assign(self._u_product.value * self._momentum_weight(step))

    def update(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        now, ahead = self._momentum_weight(step), self._momentum_weight(step + 1)
        product = backend().cast(self._u_product.value, backend().dtype_name(step))
        momentum = slots["momentum"] + (gradient - slots["momentum"]) * (1 - self.beta_1)
        velocity = slots["velocity"] + (gradient * gradient - slots["velocity"]) * (1 - self.beta_2)
        mean = ahead * momentum / (1 - product * ahead) + (1 - now) * gradient / (1 - product)
        scale = backend().xp.sqrt(velocity / (1 - self.beta_2**step)) + self.epsilon
        return value - mean * learning_rate / scale, {"momentum": momentum, "velocity": velocity}

    def _momentum_weight(self, step: Array) -> Array:
        return self.beta_1 * (1 - 0.5 * 0.96**step)


class Lamb(Optimizer):
    """Adam's step d, scaled for each variable to the length of the variable: w ← w - η d ‖w‖ / ‖d‖.

    Args:
        learning_rate: η.
        beta_1, beta_2: how slowly the means of g and of g² change.
        common: see `Optimizer`.
    Source: You et al. 2020, arXiv:1904.00962.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **common: Unpack[CommonArguments],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def slot_groups(self) -> list[dict[str, Any]]:
        return [{"momentum": "zeros", "velocity": "zeros"}]

    def update(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        xp = backend().xp
        momentum = slots["momentum"] + (gradient - slots["momentum"]) * (1 - self.beta_1)
        velocity = slots["velocity"] + (gradient * gradient - slots["velocity"]) * (1 - self.beta_2)
        scale = xp.sqrt(velocity / (1 - self.beta_2**step)) + self.epsilon
        change = momentum / (1 - self.beta_1**step) / scale
        length, change_length = xp.sqrt(xp.sum(value * value)), xp.sqrt(xp.sum(change * change))
        known = (length > 0) & (change_length > 0)
        ratio = xp.where(known, length / xp.where(known, change_length, 1.0), 1.0)
        return value - ratio * learning_rate * change, {"momentum": momentum, "velocity": velocity}

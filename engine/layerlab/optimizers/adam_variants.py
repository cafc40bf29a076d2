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
from layerlab.typing import LearningRateLike

__all__ = ["Adamax", "Lamb", "Nadam"]


class Adamax(Optimizer):
    """Adam scaled by the largest recent gradient, in place of a mean square.

    m ← m + (1 - β₁)(g - m), u ← max(β₂ u, |g|), w ← w - η m / ((1 - β₁ᵗ)(u + ε)) in
    step t. For gradients that are mostly 0, as of embeddings.

    Args:
        beta_1: β₁, how slowly the mean gradient m changes.
        beta_2: β₂, how slowly a large gradient is forgotten.
    Source: Kingma, Ba 2015, arXiv:1412.6980, section 7.1.

    Example:
        >>> w, optimizer = Variable([1.0]), Adamax(0.1)
        >>> optimizer.apply([[8.0]], [w])  # a step of 0.1
        >>> optimizer.apply([[0.0]], [w])  # 0.1 m / (1 - 0.81) / 8, where m is 0.72
        >>> w.numpy().round(3)
        array([0.853], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRateLike = 0.001,
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
    """Adam with Nesterov momentum: it steps from where the momentum is about to lead.

    m and v as in Adam; w ← w - η (μₜ₊₁ m / (1 - μ₁ ... μₜ₊₁) + (1 - μₜ) g / (1 - μ₁ ...
    μₜ)) / (√(v / (1 - β₂ᵗ)) + ε) in step t, where the weight μₜ = β₁ (1 - 0.96ᵗ / 2)
    warms up.

    Args:
        beta_1: β₁, how slowly the mean gradient m changes.
        beta_2: β₂, how slowly the mean square v changes.
    Source: Dozat 2016, "Incorporating Nesterov momentum into Adam".

    Example:
        >>> w, optimizer = Variable([1.0]), Nadam(0.1)
        >>> for gradient in (4.0, 4.0):
        ...     optimizer.apply([[gradient]], [w])
        >>> w.numpy().round(3)
        array([0.816], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRateLike = 0.001,
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
    """Adam with steps as long as each variable allows, for very large batches.

    w ← w - η d ‖w‖ / ‖d‖, where d is the step of Adam before the learning rate: each
    variable changes by the fraction η of its length. Where ‖w‖ or ‖d‖ is 0: w ← w - η
    d.

    Args:
        beta_1: β₁, how slowly the mean gradient changes.
        beta_2: β₂, how slowly the mean square of the gradient changes.
    Source: You et al. 2020, arXiv:1904.00962.

    Example:
        >>> w = Variable([30.0, 40.0])  # of length 50
        >>> Lamb(0.1).apply([[1.0, 0.0]], [w])  # a step of 0.1 * 50
        >>> w.numpy().round(3)
        array([25., 40.], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRateLike = 0.001,
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

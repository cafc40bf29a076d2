"""Lion: steps of one length, along the sign of a mean gradient."""

from __future__ import annotations

from typing import Any, Unpack

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, explain
from layerlab.optimizers.arguments import CommonArguments
from layerlab.optimizers.base import Optimizer, Slots
from layerlab.typing import LearningRateLike

__all__ = ["Lion"]


class Lion(Optimizer):
    """Lion: steps of one length, along the sign of a mean gradient.

    w ← w - η sign(β₁ m + (1 - β₁) g), m ← β₂ m + (1 - β₂) g. Half the memory of Adam;
    made for large batches. Take a rate 3 to 10 times smaller than for Adam, and a
    weight decay as many times larger.

    Args:
        beta_1: β₁, above 0 and at most 1, how much the direction follows the mean
            gradient m.
        beta_2: β₂, how slowly the mean gradient changes.
    Raises: InvalidArgumentError for a beta_1 that is not above 0 and at most 1.
    Source: Chen et al. 2023, arXiv:2302.06675.

    Example:
        >>> import layerlab as keras
        >>> w = keras.Variable([1.0, 2.0, 3.0])
        >>> Lion(0.25).apply([[50.0, -0.01, 0.0]], [w])
        >>> w.numpy().tolist()
        [0.75, 2.25, 3.0]
    """

    def __init__(
        self,
        learning_rate: LearningRateLike = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **common: Unpack[CommonArguments],
    ) -> None:
        super().__init__(learning_rate, **common)
        if not 0 < beta_1 <= 1:
            raise InvalidArgumentError(
                explain("Lion argument 'beta_1'", expected="above 0 and at most 1", got=str(beta_1))
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def slot_groups(self) -> list[dict[str, Any]]:
        return [{"momentum": "zeros"}]

    def update(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        direction = slots["momentum"] * self.beta_1 + gradient * (1 - self.beta_1)
        momentum = slots["momentum"] * self.beta_2 + gradient * (1 - self.beta_2)
        return value - learning_rate * backend().xp.sign(direction), {"momentum": momentum}

"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any, Unpack

from layerlab.backend.protocol import Array
from layerlab.core.arguments import FRACTION
from layerlab.optimizers.arguments import CommonArguments
from layerlab.optimizers.base import Optimizer, Slots
from layerlab.typing import LearningRateLike

__all__ = ["SGD"]


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted.

    w ← w - η g. With momentum μ: m ← μ m - η g, w ← w + m; with Nesterov's: w ← w + μ m
    - η g. "Stochastic", as g is of one batch. With momentum and a falling rate it often
    generalizes best, but the rate has to be chosen with care.

    Args:
        momentum: μ, in [0, 1], how much of the last change goes on; 0 for none, often
            0.9.
        nesterov: True looks ahead along the momentum (Sutskever et al. 2013); without
            momentum it does nothing.
    Raises: InvalidArgumentError for a momentum outside of [0, 1].
    Source: Robbins, Monro 1951; Polyak 1964 for momentum.

    Example:
        >>> import layerlab as keras
        >>> w, optimizer = keras.Variable([1.0]), SGD(0.1, momentum=0.5)
        >>> optimizer.apply([[2.0]], [w])  # 1 - 0.2
        >>> optimizer.apply([[2.0]], [w])  # 0.8 - (0.1 + 0.2)
        >>> w.numpy().round(3)
        array([0.5], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRateLike = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **common: Unpack[CommonArguments],
    ) -> None:
        super().__init__(learning_rate, **common)
        FRACTION.require(type(self).__name__, "momentum", momentum)
        self.momentum = momentum
        self.nesterov = nesterov

    def slot_groups(self) -> list[dict[str, Any]]:
        return [{"momentum": "zeros"}] if self.momentum else []

    def update(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        descent = gradient * learning_rate
        if not self.momentum:
            return value - descent, {}
        momentum = slots["momentum"] * self.momentum - descent
        change = momentum * self.momentum - descent if self.nesterov else momentum
        return value + change, {"momentum": momentum}

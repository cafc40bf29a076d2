"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any, Unpack

from layerlab.backend.protocol import Array
from layerlab.core.arguments import FRACTION
from layerlab.optimizers.arguments import CommonArguments
from layerlab.optimizers.base import Optimizer, Slots

__all__ = ["SGD"]


class SGD(Optimizer):
    """w ← w - η g; with momentum μ: m ← μ m - η g, w ← w + m; Nesterov: w ← w + μ m - η g.

    Args:
        learning_rate: η.
        momentum: μ, a float from 0 to 1.
        nesterov: look ahead along the momentum. Source: Sutskever et al. 2013.
        common: see `Optimizer`.

    Example:
        >>> SGD(0.1, momentum=0.9).get_config()["momentum"]
        0.9
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
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

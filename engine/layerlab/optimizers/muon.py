"""Muon: momentum, made orthogonal, for the matrices of hidden layers; AdamW for all other variables."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, Unpack

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.variable import Variable
from layerlab.optimizers.arguments import CommonButDecay
from layerlab.optimizers.base import Optimizer, Slots
from layerlab.typing import LearningRateLike

__all__ = ["Muon"]


class Muon(Optimizer):
    """Muon: momentum made orthogonal for matrices of hidden layers, else AdamW.

    m ← μ m + g, w ← w - η s orthogonal(g + μ m), s = rms_rate √(larger side). All
    directions of a matrix get steps of one size, those with small gradients too.

    Args:
        adam_beta_1: β₁ of AdamW, for variables that are not matrices.
        adam_beta_2: β₂ of AdamW.
        adam_weight_decay: weight decay of AdamW; None for none.
        epsilon: ε of AdamW.
        weight_decay: weight decay of matrices; None for none.
        exclude_layers: regular expressions; AdamW changes matrices whose paths hold
            one. None for no more.
        exclude_embeddings: True leaves matrices with "embedding" in their path to
            AdamW.
        muon_a, muon_b, muon_c: coefficients of x ← a x + (b x xᵀ + c (x xᵀ)²) x, which
            makes x orthogonal.
        adam_lr_ratio: learning rate of AdamW, as a multiple of η.
        momentum: μ, how much of the earlier gradients goes on.
        ns_steps: how many iterations; more are more exact and cost more.
        nesterov: True looks ahead along the momentum; False steps along m.
        rms_rate: scale of the steps, 0.2 to match AdamW's; None for s = 1.
    Source: Jordan 2024, https://kellerjordan.github.io/posts/muon; Liu et al. 2025,
    arXiv:2502.16982.

    Example:
        >>> import layerlab as keras
        >>> w = keras.Variable([[0.0, 0.0], [0.0, 0.0]])
        >>> Muon(1.0, rms_rate=None).apply([[[100.0, 0.0], [0.0, 1.0]]], [w])
        >>> bool(abs(w.numpy()[1, 1]) > 0.3)  # though its gradient is 100 times smaller
        True
    """

    def __init__(
        self,
        learning_rate: LearningRateLike = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **common: Unpack[CommonButDecay],
    ) -> None:
        super().__init__(learning_rate, weight_decay, **common)
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = list(exclude_layers or [])
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def slot_groups(self) -> list[dict[str, Any]]:
        return [{"momentum": "zeros", "velocity": "zeros"}]

    def has_slot(self, variable: Variable, name: str) -> bool:
        return super().has_slot(variable, name) and (name != "velocity" or self._uses_adam(variable))

    def update(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        if "velocity" in slots:
            return self._adam(value, gradient, slots, learning_rate * self.adam_lr_ratio, step)
        momentum = slots["momentum"] * self.momentum + gradient
        direction = gradient + self.momentum * momentum if self.nesterov else momentum
        scale = 1.0 if self.rms_rate is None else self.rms_rate * math.sqrt(max(value.shape))
        return value - learning_rate * self._orthogonal(direction) * scale, {"momentum": momentum}

    def _adam(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        xp, beta_1, beta_2 = backend().xp, self.adam_beta_1, self.adam_beta_2
        momentum = slots["momentum"] + (gradient - slots["momentum"]) * (1 - beta_1)
        velocity = slots["velocity"] + (gradient * gradient - slots["velocity"]) * (1 - beta_2)
        alpha = learning_rate * xp.sqrt(1 - beta_2**step) / (1 - beta_1**step)
        value = value - momentum * alpha / (xp.sqrt(velocity) + self.epsilon)
        return value, {"momentum": momentum, "velocity": velocity}

    def _orthogonal(self, matrix: Array) -> Array:
        """The same singular vectors with singular values near 1, by Newton-Schulz iterations."""
        xp = backend().xp
        rows, columns = matrix.shape
        x = xp.matrix_transpose(matrix) if rows > columns else matrix
        x = x / (xp.sqrt(xp.sum(x * x)) + 1e-7)  # singular values of at most 1
        for _ in range(self.ns_steps):
            squares = x @ xp.matrix_transpose(x)
            x = self.muon_a * x + (self.muon_b * squares + self.muon_c * squares @ squares) @ x
        return xp.matrix_transpose(x) if rows > columns else x

    def _decay_rate(self, variable: Variable) -> float | None:
        return self.adam_weight_decay if self._uses_adam(variable) else self.weight_decay

    def _uses_adam(self, variable: Variable) -> bool:
        if len(variable.shape) != 2:
            return True
        if self.exclude_embeddings and "embedding" in variable.path.lower():
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

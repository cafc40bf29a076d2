"""Adam and AdamW: steps scaled by running means of the gradient and of its square."""

from __future__ import annotations

from typing import Any, Unpack

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, explain
from layerlab.optimizers.arguments import CommonArguments, CommonButDecay
from layerlab.optimizers.base import Optimizer, Slots
from layerlab.typing import LearningRateLike

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """Adam: steps along a mean gradient, scaled by the size of recent gradients.

    m ← m + (1 - β₁)(g - m), v ← v + (1 - β₂)(g² - v), w ← w - α m / (√v + ε), with
    α = η √(1 - β₂ᵗ) / (1 - β₁ᵗ) in step t. The first choice where nothing speaks for
    another: its steps are about η long, whatever the scale of the gradients.

    Args:
        beta_1: β₁, how slowly the mean gradient m changes.
        beta_2: β₂, how slowly the mean square v changes.
        epsilon: ε, "epsilon hat" in the paper, just before section 2.1.
        amsgrad: True divides by the largest v so far, so that steps do not grow again
            (Reddi et al. 2018).
    Source: Kingma, Ba 2015, arXiv:1412.6980.

    Example:
        >>> import layerlab as keras
        >>> w = keras.Variable([1.0, 2.0])
        >>> Adam(0.1).apply([[50.0, -0.01]], [w])  # steps of 0.1 each
        >>> w.numpy().round(3)
        array([0.9, 2.1], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRateLike = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Unpack[CommonArguments],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def slot_groups(self) -> list[dict[str, Any]]:
        means = {"momentum": "zeros", "velocity": "zeros"}
        return [means, {"velocity_hat": "zeros"}] if self.amsgrad else [means]

    def update(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        xp, fused = backend().xp, backend().fused_adam
        alpha = learning_rate * xp.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        if fused is not None and not self.amsgrad:
            value, momentum, velocity = fused(
                value,
                gradient,
                slots["momentum"],
                slots["velocity"],
                alpha,
                self.beta_1,
                self.beta_2,
                self.epsilon,
            )
            return value, {"momentum": momentum, "velocity": velocity}
        momentum = slots["momentum"] + (gradient - slots["momentum"]) * (1 - self.beta_1)
        velocity = slots["velocity"] + (gradient * gradient - slots["velocity"]) * (1 - self.beta_2)
        changed = {"momentum": momentum, "velocity": velocity}
        if self.amsgrad:
            velocity = changed["velocity_hat"] = xp.maximum(slots["velocity_hat"], velocity)
        return value - momentum * alpha / (xp.sqrt(velocity) + self.epsilon), changed


class AdamW(Adam):  # a subclass, as in Keras, where user code asks isinstance
    """Adam with decoupled weight decay, which is on by default.

    w ← w - η weight_decay w, then the step of Adam. The decay does not pass through the
    means of Adam, as an L2 penalty in the loss would. The usual choice for
    transformers.

    Args:
        weight_decay: each update also shrinks variables by this rate times η; a number.
            Leave biases and scales out by `exclude_from_weight_decay`.
        beta_1: β₁, how slowly the mean gradient changes.
        beta_2: β₂, how slowly the mean square of the gradient changes.
        amsgrad: True divides by the largest mean square so far (Reddi et al. 2018).
    Raises: InvalidArgumentError for weight_decay=None.
    Source: Loshchilov, Hutter 2019, arXiv:1711.05101.

    Example:
        >>> import layerlab as keras
        >>> w = keras.Variable([1.0, 2.0])
        >>> AdamW(0.1, weight_decay=0.5).apply([[0.0, 0.0]], [w])  # times 1 - 0.1 * 0.5
        >>> w.numpy().round(3)
        array([0.95, 1.9 ], dtype=float32)
    """

    aliases = ("adamw",)

    def __init__(
        self,
        learning_rate: LearningRateLike = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Unpack[CommonButDecay],
    ) -> None:
        if weight_decay is None:
            raise InvalidArgumentError(
                explain("AdamW argument 'weight_decay'", expected="a number", got="None", fix="use Adam")
            )
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **common)

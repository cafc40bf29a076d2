"""Adafactor: Adam's scale from the row and column means of squared gradients, without momentum."""

from __future__ import annotations

from typing import Any, Unpack

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.variable import Variable
from layerlab.optimizers.arguments import CommonArguments
from layerlab.optimizers.base import Optimizer, Slots
from layerlab.typing import InitializerLike, LearningRateLike

__all__ = ["Adafactor"]


class Adafactor(Optimizer):
    """Adam's scaling with little memory: means of rows and columns of the squares.

    w ← w - max(ε₂, rms(w)) min(η, 1 / √t) d, where d = g / √v, cut to a root mean
    square of `clip_threshold`. For a matrix v is the product of the row and column
    means of g² + ε₁, over the mean of all: r + c numbers for r x c weights. For large
    models; there is no momentum.

    Args:
        learning_rate: η, the largest relative step: a number, a LearningRateSchedule,
            or a function without arguments.
        beta_2_decay: the means change by tᵇ in step t, where b is this; below 0.
        epsilon_1: ε₁, added to squared gradients.
        epsilon_2: ε₂, the least size that a variable is taken to have, so that zeros
            can grow.
        clip_threshold: the largest root mean square of d.
        relative_step: kept in the config, as in Keras, where it changes nothing
            either: the rate is at most 1 / √t with True and with False.
    Source: Shazeer, Stern 2018, arXiv:1804.04235, algorithm 4.

    Example:
        >>> import layerlab as keras
        >>> w = keras.Variable([[2.0, 2.0], [2.0, 2.0]])
        >>> Adafactor(0.1).apply([[[3.0, 3.0], [3.0, 3.0]]], [w])  # 0.1 * 2
        >>> w.numpy().round(3).tolist()[0][0] < 1.801
        True
    """

    def __init__(
        self,
        learning_rate: LearningRateLike = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **common: Unpack[CommonArguments],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def slot_groups(self) -> list[dict[str, Any]]:
        return [{"row": "zeros", "column": "zeros", "velocity": "zeros"}]

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: InitializerLike = "zeros"
    ) -> Variable:
        """Rows and columns are named and shaped as in Keras' files; a vector has unused scalars for them."""
        if name not in ("row", "column"):
            return super().add_variable_from_reference(reference_variable, name, initializer)
        shape, own_name = reference_variable.shape, reference_variable.name
        if len(shape) < 2:
            return self.add_variable((), initializer, "int32", name=own_name)
        shape = shape[:-1] if name == "row" else (*shape[:-2], shape[-1])
        return self.add_variable(shape, initializer, reference_variable.dtype, name=own_name)

    def update(
        self, value: Array, gradient: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        xp = backend().xp
        # Keras takes the smaller of the two again for schedules, so that relative_step changes nothing.
        relative = xp.minimum(learning_rate, 1 / xp.sqrt(step))
        size = _at_least(_rms(value), self.epsilon_2)
        changed = self._means(gradient * gradient + self.epsilon_1, slots, step)
        direction = gradient / xp.sqrt(changed["velocity"])
        direction = direction / _at_least(_rms(direction) / self.clip_threshold, 1.0)
        return value - size * relative * direction, changed

    def _means(self, squares: Array, slots: Slots, step: Array) -> Slots:
        xp, keep = backend().xp, 1 - step**self.beta_2_decay
        if squares.ndim < 2:
            return {"velocity": keep * slots["velocity"] + (1 - keep) * squares}
        row = keep * slots["row"] + (1 - keep) * xp.mean(squares, axis=-1)
        column = keep * slots["column"] + (1 - keep) * xp.mean(squares, axis=-2)
        share = row / xp.mean(row, axis=-1, keepdims=True)
        return {"row": row, "column": column, "velocity": share[..., None] * column[..., None, :]}


def _rms(x: Array) -> Array:
    return backend().xp.sqrt(backend().xp.mean(x * x))


def _at_least(x: Array, least: float) -> Array:
    return backend().xp.where(x > least, x, least)

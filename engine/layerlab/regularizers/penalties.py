"""Regularizers: scalars that training adds to the loss to keep weights or activations small."""

from __future__ import annotations

from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.arguments import FINITE_STRENGTH
from layerlab.core.config import Configurable
from layerlab.errors import InvalidArgumentError, ShapeError, explain

__all__ = ["L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer"]


class Regularizer(Configurable):
    """A callable `x -> scalar penalty`, with a config. Subclass it and override `__call__`.

    Example:
        >>> class Spread(Regularizer):
        ...     def __call__(self, x):
        ...         return ops.std(x)
        >>> float(Spread()([1.0, 3.0]))
        1.0
    """

    registry_kind = "regularizers"

    def __call__(self, x: Any) -> Any:
        """The penalty for `x`, a scalar of its dtype."""
        return 0.0


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x²)."""

    aliases = ("l1_l2",)

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = _strength("l1", 0.0 if l1 is None else l1)
        self.l2 = _strength("l2", 0.0 if l2 is None else l2)

    def __call__(self, x: Any) -> Array:
        x = ops.convert_to_tensor(x)
        penalty = ops.zeros((), dtype=x.dtype)
        if self.l1:
            penalty += self.l1 * ops.sum(ops.abs(x))
        if self.l2:
            penalty += self.l2 * ops.sum(ops.square(x))
        return penalty


class L1(Regularizer):
    """l1 * sum(|x|)."""

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = _strength("l1", 0.01 if l1 is None else l1)

    def __call__(self, x: Any) -> Array:
        return self.l1 * ops.sum(ops.abs(x))


class L2(Regularizer):
    """l2 * sum(x²).

    Example:
        >>> float(L2(0.5)([1.0, 2.0]))
        2.5
    """

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = _strength("l2", 0.01 if l2 is None else l2)

    def __call__(self, x: Any) -> Array:
        return self.l2 * ops.sum(ops.square(x))


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean absolute cosine between different rows (or columns) of a matrix, halved.

    Args:
        mode: "rows" or "columns".
    Raises: ShapeError for other than two axes.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise InvalidArgumentError(
                explain("OrthogonalRegularizer mode", expected="'rows' or 'columns'", got=repr(mode))
            )
        self.factor = _strength("factor", factor)
        self.mode = mode

    def __call__(self, inputs: Any) -> Array:
        x = ops.convert_to_tensor(inputs)
        if len(x.shape) != 2:
            raise ShapeError(
                explain("OrthogonalRegularizer", expected="a matrix", got=f"shape {tuple(x.shape)}")
            )
        rows = x if self.mode == "rows" else ops.transpose(x)
        squares = ops.sum(ops.square(rows), axis=1, keepdims=True)
        rows = rows / ops.sqrt(ops.where(squares == 0, 1.0, squares))  # inside: sqrt(0) has no gradient
        size = rows.shape[0]
        cosines = ops.matmul(rows, ops.transpose(rows))  # (size, size)
        different = 1.0 - ops.eye(size, dtype=x.dtype)
        pairs = size * (size - 1) / 2
        return self.factor * 0.5 * ops.sum(ops.abs(cosines * different)) / pairs


def _strength(name: str, value: Any) -> float:
    FINITE_STRENGTH.require("A regularizer", name, value)
    return float(value)

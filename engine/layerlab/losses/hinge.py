"""Margin losses: labels are -1 or 1 (0 and 1 are taken for them), or one-hot."""

from __future__ import annotations

from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.registry import register_function
from layerlab.losses.base import LossFunctionWrapper
from layerlab.losses.pairs import matched_pair

__all__ = ["CategoricalHinge", "Hinge", "SquaredHinge", "categorical_hinge", "hinge", "squared_hinge"]


@register_function("losses")
def hinge(y_true: Any, y_pred: Any) -> Array:
    """mean(max(1 - y_true y_pred, 0)) over the last axis."""
    return ops.mean(_margin(y_true, y_pred, "hinge"), axis=-1)


@register_function("losses")
def squared_hinge(y_true: Any, y_pred: Any) -> Array:
    """mean(max(1 - y_true y_pred, 0)²) over the last axis."""
    return ops.mean(ops.square(_margin(y_true, y_pred, "squared_hinge")), axis=-1)


@register_function("losses")
def categorical_hinge(y_true: Any, y_pred: Any) -> Array:
    """max(1 + the largest wrong prediction - the right one, 0) for one-hot labels."""
    y_true, y_pred = matched_pair(y_true, y_pred, "categorical_hinge")
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class Hinge(LossFunctionWrapper):
    """The distance to the margin."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "hinge", dtype: Any = None
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(LossFunctionWrapper):
    """The squared distance to the margin."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "squared_hinge", dtype: Any = None
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(LossFunctionWrapper):
    """The margin between the right class and the best wrong one."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)


def _margin(y_true: Any, y_pred: Any, what: str) -> Array:
    y_true, y_pred = matched_pair(y_true, y_pred, what)
    is_binary = ops.all(ops.logical_or(y_true == 0, y_true == 1))
    y_true = ops.where(is_binary, 2.0 * y_true - 1.0, y_true)
    return ops.maximum(1.0 - y_true * y_pred, 0.0)

"""Margin losses: labels are -1 or 1 (0 and 1 are taken for them), or one-hot."""

from __future__ import annotations

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.registry import register_function
from layerlab.dtypes import PolicyLike
from layerlab.losses.base import LossFunctionWrapper
from layerlab.losses.label_pairs import matched_pair
from layerlab.typing import TensorLike

__all__ = ["CategoricalHinge", "Hinge", "SquaredHinge", "categorical_hinge", "hinge", "squared_hinge"]


@register_function("losses")
def hinge(y_true: TensorLike, y_pred: TensorLike) -> Array:
    """Distance to the margin of labels -1 and 1, averaged over the last axis.

    mean(max(1 - y_true y_pred, 0)): 0 from where a prediction has the right sign and is
    at least 1 in size.

    Args:
        y_true: labels -1 or 1, of the shape of y_pred; 0 is taken for -1 where all are
            0 or 1.
        y_pred: predictions, (batch, ..., labels), any real numbers.
    Returns: the shape of y_pred without its last axis.

    Example:
        >>> hinge([[1.0], [1.0], [-1.0]], [[2.0], [0.5], [0.5]]).tolist()
        [0.0, 0.5, 1.5]
    """
    return ops.mean(_margin(y_true, y_pred, "hinge"), axis=-1)


@register_function("losses")
def squared_hinge(y_true: TensorLike, y_pred: TensorLike) -> Array:
    """Squared distance to the margin of labels -1 and 1, averaged over the last axis.

    mean(max(1 - y_true y_pred, 0)²).

    Args:
        y_true: labels -1 or 1, of the shape of y_pred; 0 is taken for -1 where all are
            0 or 1.
        y_pred: predictions, (batch, ..., labels), any real numbers.
    Returns: the shape of y_pred without its last axis.

    Example:
        >>> squared_hinge([[1.0], [1.0], [-1.0]], [[2.0], [0.5], [0.5]]).tolist()
        [0.0, 0.25, 2.25]
    """
    return ops.mean(ops.square(_margin(y_true, y_pred, "squared_hinge")), axis=-1)


@register_function("losses")
def categorical_hinge(y_true: TensorLike, y_pred: TensorLike) -> Array:
    """How far the right class falls short of the best wrong one by a margin of 1.

    max(1 + wrong - right, 0), right = sum(y_true y_pred), wrong = max((1 - y_true)
    y_pred), which is never below 0.

    Args:
        y_true: one-hot labels, of the shape of y_pred.
        y_pred: predictions, (batch, ..., classes).
    Returns: the shape of y_pred without its last axis.

    Example:
        >>> categorical_hinge([[0, 1], [0, 1]], [[0.5, 2.0], [0.5, 0.25]]).tolist()
        [0.0, 1.25]
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "categorical_hinge")
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class Hinge(LossFunctionWrapper):
    """Distance to the margin of labels -1 and 1.

    max(1 - y_true y_pred, 0), averaged: the loss of support vector machines. For labels
    -1 and 1, or 0 and 1, behind Dense(1) without activation, or with tanh.

    Input shape: labels and predictions (batch, ..., labels).

    Example:
        >>> float(Hinge()([[1.0], [-1.0]], [[2.0], [0.5]]))  # 0 and 1.5
        0.75
        >>> float(Hinge()([[1.0], [0.0]], [[2.0], [0.5]]))  # 0 stands for -1
        0.75
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "hinge", dtype: PolicyLike = None
    ) -> None:
        super().__init__(hinge, reduction, name, dtype)


class SquaredHinge(LossFunctionWrapper):
    """Squared distance to the margin of labels -1 and 1.

    max(1 - y_true y_pred, 0)², averaged: Hinge that counts large violations more.

    Input shape: labels and predictions (batch, ..., labels).

    Example:
        >>> float(SquaredHinge()([[1.0], [-1.0]], [[2.0], [1.0]]))  # 0 and 4
        2.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "squared_hinge",
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(squared_hinge, reduction, name, dtype)


class CategoricalHinge(LossFunctionWrapper):
    """How far the right class falls short of the best wrong one by a margin of 1.

    max(1 + wrong - right, 0), averaged over the samples; `wrong` is the largest
    prediction of a wrong class, at least 0.

    Input shape: labels, one-hot, and predictions (batch, ..., classes).

    Example:
        >>> labels, outputs = [[0, 1], [0, 1]], [[0.5, 2.0], [0.5, 0.0]]
        >>> float(CategoricalHinge()(labels, outputs))  # 0 and 1.5
        0.75
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(categorical_hinge, reduction, name, dtype)


def _margin(y_true: TensorLike, y_pred: TensorLike, what: str) -> Array:
    y_true, y_pred = matched_pair(y_true, y_pred, what)
    is_binary = ops.all(ops.logical_or(y_true == 0, y_true == 1))
    y_true = ops.where(is_binary, 2.0 * y_true - 1.0, y_true)
    return ops.maximum(1.0 - y_true * y_pred, 0.0)

"""Margin losses as metrics."""

from __future__ import annotations

from layerlab.dtypes import PolicyLike
from layerlab.losses.hinge import categorical_hinge, hinge, squared_hinge
from layerlab.metrics.reduction import MeanMetricWrapper

__all__ = ["CategoricalHinge", "Hinge", "SquaredHinge", "categorical_hinge", "hinge", "squared_hinge"]


class Hinge(MeanMetricWrapper):
    """The mean distance to the margin of labels -1 and 1.

    mean(max(1 - y_true y_pred, 0)); 0 is taken for -1 where all labels of a batch are 0
    or 1.

    Input shape: labels and predictions (batch, ..., labels).

    Example:
        >>> float(Hinge()([[1.0], [-1.0]], [[2.0], [0.5]]))  # 0 and 1.5
        0.75
    """

    _direction = "down"

    def __init__(self, name: str = "hinge", dtype: PolicyLike = None) -> None:
        super().__init__(hinge, name, dtype)


class SquaredHinge(MeanMetricWrapper):
    """The mean squared distance to the margin of labels -1 and 1.

    mean(max(1 - y_true y_pred, 0)²); 0 is taken for -1 where all labels of a batch are
    0 or 1.

    Input shape: labels and predictions (batch, ..., labels).

    Example:
        >>> float(SquaredHinge()([[1.0], [-1.0]], [[2.0], [1.0]]))  # 0 and 4
        2.0
    """

    _direction = "down"

    def __init__(self, name: str = "squared_hinge", dtype: PolicyLike = None) -> None:
        super().__init__(squared_hinge, name, dtype)


class CategoricalHinge(MeanMetricWrapper):
    """How far the right class, on average, falls short of the best wrong one.

    mean(max(1 + wrong - right, 0)), so by a margin of 1; `wrong` is the largest
    prediction of a wrong class, at least 0.

    Input shape: labels, one-hot, and predictions (batch, ..., classes).

    Example:
        >>> labels, outputs = [[0, 1], [0, 1]], [[0.5, 2.0], [0.5, 0.0]]
        >>> float(CategoricalHinge()(labels, outputs))  # 0 and 1.5
        0.75
    """

    _direction = "down"

    def __init__(self, name: str = "categorical_hinge", dtype: PolicyLike = None) -> None:
        super().__init__(categorical_hinge, name, dtype)

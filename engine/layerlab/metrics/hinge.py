"""Margin losses as metrics."""

from __future__ import annotations

from typing import Any

from layerlab.losses.hinge import categorical_hinge, hinge, squared_hinge
from layerlab.metrics.reduction import MeanMetricWrapper

__all__ = ["CategoricalHinge", "Hinge", "SquaredHinge", "categorical_hinge", "hinge", "squared_hinge"]


class Hinge(MeanMetricWrapper):
    """The mean distance to the margin; labels are -1 or 1, or 0 or 1."""

    _direction = "down"

    def __init__(self, name: str = "hinge", dtype: Any = None) -> None:
        super().__init__(hinge, name, dtype)


class SquaredHinge(MeanMetricWrapper):
    """The mean squared distance to the margin; labels are -1 or 1, or 0 or 1."""

    _direction = "down"

    def __init__(self, name: str = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(squared_hinge, name, dtype)


class CategoricalHinge(MeanMetricWrapper):
    """The mean margin between the right class and the best wrong one; one-hot labels."""

    _direction = "down"

    def __init__(self, name: str = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(categorical_hinge, name, dtype)

"""Overlap losses for masks of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.registry import register_function
from layerlab.losses.base import LossFunctionWrapper
from layerlab.losses.pairs import matched_pair
from layerlab.settings import settings

__all__ = ["Dice", "Tversky", "dice", "tversky"]

Axes = int | Sequence[int] | None


@register_function("losses")
def dice(y_true: Any, y_pred: Any, axis: Axes = None) -> Array:
    """1 - 2 |both| / (|y_true| + |y_pred|), summed over `axis` (None: all, one value for the batch).

    Source: Sorensen-Dice coefficient, Milletari et al. 2016, arXiv:1606.04797.
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "dice")
    both = ops.sum(y_true * y_pred, axis=axis)
    either = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1.0 - 2.0 * both / (either + settings.epsilon)


@register_function("losses")
def tversky(y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Axes = None) -> Array:
    """1 - |both| / (|both| + alpha |y_true only| + beta |y_pred only|), summed over `axis`.

    Source: Salehi et al. 2017, arXiv:1706.05721. As in Keras, `alpha` weighs what the prediction misses.
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "tversky")
    both = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum(y_true * (1.0 - y_pred), axis=axis)
    invented = ops.sum((1.0 - y_true) * y_pred, axis=axis)
    return 1.0 - both / (both + alpha * missed + beta * invented + settings.epsilon)


class Dice(LossFunctionWrapper):
    """One minus the Dice coefficient of overlap."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Axes = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)


class Tversky(LossFunctionWrapper):
    """One minus the Tversky index: Dice with a weight for each kind of error."""

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Axes = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)

"""Overlap losses for masks of images."""

from __future__ import annotations

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.registry import register_function
from layerlab.dtypes import PolicyLike
from layerlab.losses.base import LossFunctionWrapper
from layerlab.losses.label_pairs import matched_pair
from layerlab.settings import settings
from layerlab.typing import Axes, TensorLike

__all__ = ["Dice", "Tversky", "dice", "tversky"]


@register_function("losses")
def dice(y_true: TensorLike, y_pred: TensorLike, axis: Axes = None) -> Array:
    """One minus the Dice coefficient: how little two masks overlap.

    1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred) + epsilon): 0 for equal masks,
    1 for masks that have nothing in common. The share of the background does not
    matter.

    Args:
        y_true: masks of 0 and 1, of the shape of y_pred.
        y_pred: predicted probabilities, (batch, height, width, channels) or any shape.
        axis: axis or axes to sum over; None is all, which gives one value for the
            batch, (1, 2, 3) one per image.
    Returns: the shape of y_pred without `axis`.
    Source: Dice 1945, Ecology 26; as a loss: Milletari et al. 2016, arXiv:1606.04797.

    Example:
        >>> masks, outputs = [[1.0, 1.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 0.0]]
        >>> [round(value, 3) for value in dice(masks, outputs, axis=1).tolist()]
        [0.0, 1.0]
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "dice")
    both = ops.sum(y_true * y_pred, axis=axis)
    either = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1.0 - 2.0 * both / (either + settings.epsilon)


@register_function("losses")
def tversky(
    y_true: TensorLike, y_pred: TensorLike, alpha: float = 0.5, beta: float = 0.5, axis: Axes = None
) -> Array:
    """One minus the Tversky index: Dice with a weight for each kind of error.

    1 - both / (both + alpha missed + beta invented + epsilon), with both = sum(y_true
    y_pred), missed = sum(y_true (1 - y_pred)), invented = sum((1 - y_true) y_pred).

    Args:
        y_true: masks of 0 and 1, of the shape of y_pred.
        y_pred: predicted probabilities, (batch, height, width, channels) or any shape.
        alpha: weight of what the prediction misses (as in Keras; the paper has it the
            other way round).
        beta: weight of what the prediction invents.
        axis: axis or axes to sum over; None is all, which gives one value for the
            batch, (1, 2, 3) one per image.
    Returns: the shape of y_pred without `axis`.
    Source: Salehi et al. 2017, arXiv:1706.05721.

    Example:
        >>> found_half = ([1.0, 1.0], [1.0, 0.0])
        >>> round(float(tversky(*found_half, alpha=1.0)), 3)  # 1 - 1 / (1 + 1)
        0.5
        >>> round(float(tversky(*found_half, alpha=0.25)), 3)  # 1 - 1 / (1 + 0.25)
        0.2
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "tversky")
    both = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum(y_true * (1.0 - y_pred), axis=axis)
    invented = ops.sum((1.0 - y_true) * y_pred, axis=axis)
    return 1.0 - both / (both + alpha * missed + beta * invented + settings.epsilon)


class Dice(LossFunctionWrapper):
    """One minus the Dice coefficient: how little two masks overlap.

    1 - 2 |both| / (|y_true| + |y_pred|). For segmentation, where the object is small
    beside the background, which crossentropy would mostly learn.

    Args:
        axis: axis or axes to sum over; None is all, which gives one value for the
            batch, (1, 2, 3) one per image.
    Input shape: labels and predictions (batch, height, width, channels), or any.
    Source: Dice 1945, Ecology 26; as a loss: Milletari et al. 2016, arXiv:1606.04797.

    Example:
        >>> round(float(Dice()([1.0, 1.0, 0.0], [1.0, 0.0, 0.0])), 3)  # 1 - 2 / 3
        0.333
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Axes = None,
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)


class Tversky(LossFunctionWrapper):
    """One minus the Tversky index: Dice with a weight for each kind of error.

    1 - |both| / (|both| + alpha |missed| + beta |invented|). With alpha above beta the
    model finds more and errs more often; with both 0.5 it is Dice.

    Args:
        alpha: weight of what the prediction misses (as in Keras; the paper has it the
            other way round).
        beta: weight of what the prediction invents.
        axis: axis or axes to sum over; None is all, which gives one value for the
            batch, (1, 2, 3) one per image.
    Input shape: labels and predictions (batch, height, width, channels), or any.
    Source: Salehi et al. 2017, arXiv:1706.05721.

    Example:
        >>> loss = Tversky(alpha=1.0, beta=0.25)
        >>> round(float(loss([1.0, 1.0], [1.0, 0.0])), 3)  # missed: 1 - 1 / (1 + 1)
        0.5
        >>> round(float(loss([1.0, 0.0], [1.0, 1.0])), 3)  # invented: 1 - 1 / 1.25
        0.2
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Axes = None,
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(tversky, reduction, name, dtype, alpha=alpha, beta=beta, axis=axis)

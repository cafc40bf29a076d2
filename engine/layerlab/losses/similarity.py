"""Losses on embeddings: near for the same class, far for others."""

from __future__ import annotations

from layerlab import dtypes, ops
from layerlab.backend.protocol import Array
from layerlab.core.masking import set_mask
from layerlab.core.registry import register_function
from layerlab.dtypes import PolicyLike
from layerlab.losses.base import LossFunctionWrapper
from layerlab.ops.dtypes_and_axes import extremes
from layerlab.typing import TensorLike

__all__ = ["Circle", "circle"]


@register_function("losses")
def circle(
    y_true: TensorLike,
    y_pred: TensorLike,
    ref_labels: TensorLike | None = None,
    ref_embeddings: TensorLike | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Array:
    """Loss of embeddings: near for samples of one class, far for samples of others.

    log(1 + sum(exp(push)) sum(exp(pull))) for each sample: pull grows with the cosine
    distances to samples of its class, push with the nearness of samples of others, and
    both weigh the pairs more that are furthest from where they should be.

    Args:
        y_true: class numbers, (batch,).
        y_pred: embeddings, (batch, features), of length 1 each.
        ref_labels: class numbers of what to compare with, (references,); None is
            y_true.
        ref_embeddings: embeddings to compare with, (references, features), of length 1
            each; None is y_pred.
        remove_diagonal: whether the pair of a sample with itself is left out.
        gamma: scale of the similarities; the larger, the more the worst pairs count.
        margin: how strict the separation is, in [0, 1]; the smaller, the stricter.
    Returns: (batch,). Samples of loss 0 are masked: a mean leaves them out.
    Source: Sun et al. 2020, arXiv:2002.10857, eq. 6.

    Example:
        >>> labels, apart = [0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]
        >>> mixed = [[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]]
        >>> good, bad = circle(labels, apart, gamma=2), circle(labels, mixed, gamma=2)
        >>> bool(good[0] < 0.6), bool(bad[0] > 5)
        (True, True)
    """
    y_pred = ops.convert_to_tensor(y_pred)
    labels = ops.reshape(ops.cast(y_true, "int32"), (-1, 1))
    others = y_pred if ref_embeddings is None else ops.cast(ref_embeddings, y_pred.dtype)
    other_labels = labels if ref_labels is None else ops.reshape(ops.cast(ref_labels, "int32"), (-1, 1))

    distance = ops.maximum(1.0 - ops.matmul(y_pred, ops.transpose(others)), 0.0)  # (batch, references)
    same = ops.equal(labels, ops.transpose(other_labels))
    other = ops.logical_not(same)
    if remove_diagonal:
        itself = ops.eye(same.shape[0], same.shape[1], dtype="bool")
        same = ops.logical_and(same, ops.logical_not(itself))

    pull = -gamma * ops.maximum(margin + distance, 0.0) * (margin - distance)
    push = gamma * ops.maximum(1.0 + margin - distance, 0.0) * (1.0 - margin - distance)
    loss = ops.softplus(_log_sum_exp(pull, same) + _log_sum_exp(push, other))
    set_mask(loss, loss > 0)
    return loss


class Circle(LossFunctionWrapper):
    """Loss of embeddings: near for samples of one class, far for samples of others.

    It compares the cosine distances of all pairs in the batch, and weighs the pairs
    more that are furthest from where they should be. For retrieval and recognition of
    faces, behind UnitNormalization; batches need several samples of each class.

    Args:
        gamma: scale of the similarities; the larger, the more the worst pairs count.
        margin: how strict the separation is, in [0, 1]; the smaller, the stricter.
        remove_diagonal: whether the pair of a sample with itself is left out.
    Input shape: labels, class numbers (batch,); predictions (batch, features), of
    length 1 each.
    Source: Sun et al. 2020, arXiv:2002.10857, eq. 6.

    Example:
        >>> labels, apart = [0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]]
        >>> mixed = [[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]]
        >>> bool(Circle(gamma=2)(labels, apart) < Circle(gamma=2)(labels, mixed))
        True
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(
            circle, reduction, name, dtype, gamma=gamma, margin=margin, remove_diagonal=remove_diagonal
        )


def _log_sum_exp(x: Array, where: Array) -> Array:
    # A finite lowest value, not -inf: a sample without partners must have gradient 0, not NaN.
    lowest = extremes(dtypes.standardize_dtype(x.dtype))[0] / 4
    return ops.logsumexp(ops.where(where, x, lowest), axis=1)

"""From one loss per element to the number that is minimized: weights, masks, and the mean or sum.

Metrics weigh their values by the same rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, ShapeError, did_you_mean, explain
from layerlab.typing import DTypeLike, OpenShape, TensorLike

__all__ = [
    "align_weights",
    "check_broadcastable",
    "reduce_weighted",
    "squeeze_or_expand_to_same_rank",
    "standardize_reduction",
    "weights_with_mask",
]

_MEANS = ("sum_over_batch_size", "mean")
_REDUCTIONS = ("sum", *_MEANS, "mean_with_sample_weight", "none", None)


def standardize_reduction(reduction: object) -> str | None:
    """`reduction` if it is one that losses know, else an InvalidArgumentError."""
    if reduction not in _REDUCTIONS:
        names = [name for name in _REDUCTIONS if name]
        raise InvalidArgumentError(
            explain(
                f"Unknown reduction {reduction!r}.{did_you_mean(reduction, names)}",
                expected=f"one of {', '.join(names)}, or None",
            )
        )
    return reduction


def reduce_weighted(
    values: Array,
    sample_weight: TensorLike | None = None,
    mask: Array | None = None,
    reduction: str | None = "sum_over_batch_size",
) -> Array:
    """Multiply `values` by weights, leave out what `mask` hides, and reduce.

    Args:
        values: one loss per element, any shape.
        sample_weight: of the shape of `values`, or of its leading axes, or broadcastable to it.
        mask: boolean, by the same rules; a mean is taken over the elements that it shows.
        reduction: see `Loss`.
    """
    weights = weights_with_mask(sample_weight, mask, values.dtype, is_mean=reduction in _MEANS)
    if weights is not None:
        values, weights = squeeze_or_expand_to_same_rank(values, ops.cast(weights, values.dtype))
        values = values * align_weights(weights, values)
    return _reduce(values, weights, reduction)


def weights_with_mask(
    sample_weight: TensorLike | None, mask: Array | None, dtype: DTypeLike, is_mean: bool = False
) -> Any:
    """The weights that stand for both; None if there is neither.

    For a mean, visible elements weigh (all / visible), so that dividing by the number of all elements
    averages over the visible ones.
    """
    if mask is None:
        return sample_weight
    weights = ops.cast(mask, dtype)
    if is_mean:
        weights = weights * ops.divide_no_nan(1.0, ops.mean(weights))
    if sample_weight is None:
        return weights
    weights, sample_weight = squeeze_or_expand_to_same_rank(weights, ops.cast(sample_weight, dtype))
    return weights * align_weights(sample_weight, weights)


def squeeze_or_expand_to_same_rank(x1: Array, x2: Array, expand_rank_1: bool = True) -> tuple[Array, Array]:
    """Where the ranks differ by one and the longer array ends in an axis of size 1: drop that axis, or
    give it to the shorter one if that has rank 1."""
    if len(x1.shape) == len(x2.shape) + 1:
        return _meet(x1, x2, expand_rank_1)
    if len(x2.shape) == len(x1.shape) + 1:
        x2, x1 = _meet(x2, x1, expand_rank_1)
    return x1, x2


def align_weights(weights: Array, values: Array) -> Array:
    """Weights of the leading axes of `values` get trailing axes: (batch,) weighs (batch, time) by sample.

    Raises: ShapeError if they do not fit.
    """
    missing = len(values.shape) - len(weights.shape)
    if len(weights.shape) and missing > 0 and tuple(weights.shape) == tuple(values.shape)[:-missing]:
        for _ in range(missing):
            weights = ops.expand_dims(weights, -1)
        return weights
    check_broadcastable(
        weights.shape,
        values.shape,
        "sample_weight does not fit the values.",
        "give one weight per sample, or per sample and time step",
    )
    return weights


def check_broadcastable(got: OpenShape, expected: OpenShape, what: str, fix: str) -> None:
    """ShapeError unless the shapes broadcast with each other; sizes that are None are let through."""
    try:
        np.broadcast_shapes(
            *(tuple(1 if size is None else int(size) for size in shape) for shape in (got, expected))
        )
    except ValueError:
        raise ShapeError(explain(what, expected=str(tuple(expected)), got=str(tuple(got)), fix=fix)) from None


def _meet(longer: Array, shorter: Array, expand_rank_1: bool) -> tuple[Array, Array]:
    if longer.shape[-1] != 1:
        return longer, shorter
    if len(shorter.shape) == 1 and expand_rank_1:
        return longer, ops.expand_dims(shorter, -1)
    return ops.squeeze(longer, -1), shorter


def _reduce(values: Array, weights: Array | None, reduction: str | None) -> Array:
    if reduction in (None, "none") or tuple(values.shape) in ((), (0,)):
        return values
    if reduction == "sum":
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and weights is not None:
        return ops.divide_no_nan(ops.sum(values), ops.sum(weights))
    return ops.sum(values) if 0 in values.shape else ops.mean(values)  # an empty batch has loss 0, not NaN

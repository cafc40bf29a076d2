"""The four counts of a yes/no decision at many thresholds at once.

All follow from one sum: the weight of the samples whose prediction lies above each threshold, taken once over
positive and once over negative labels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.losses.label_pairs import check_matching
from layerlab.losses.reduction import align_weights, squeeze_or_expand_to_same_rank
from layerlab.settings import settings
from layerlab.typing import TensorLike

__all__ = ["LOWEST", "Counts", "as_thresholds", "count_decisions", "even_thresholds"]

LOWEST = -1e10  # below every prediction that top_k keeps
_FEW_COMPARISONS = 1 << 18  # up to here comparing all pairs is faster than sorting into buckets
_COUNTED_AT_ONCE = 1 << 22  # samples: a sum of more ones than 2**24 would not be exact in float32


@dataclass(frozen=True)
class Counts:
    """Weights of true and false decisions, (thresholds,) or (thresholds, labels)."""

    true_positives: Array
    false_positives: Array
    true_negatives: Array
    false_negatives: Array


def as_thresholds(thresholds: float | Sequence[float] | None, default: float) -> list[float]:
    """A list from None (the default), a number or a list of numbers in [0, 1]."""
    if thresholds is None:
        return [default]
    listed: list[Any] = list(thresholds) if isinstance(thresholds, list | tuple) else [thresholds]
    wrong = [t for t in listed if t is None or not 0 <= t <= 1]
    if wrong or not listed:
        raise InvalidArgumentError(explain("thresholds", expected="numbers in [0, 1]", got=str(wrong)))
    return listed


def even_thresholds(count: int) -> list[float]:
    """`count` numbers from 0 to 1; 0.5 for a single one."""
    if count <= 0:
        raise InvalidArgumentError(explain("num_thresholds", expected="1 or more", got=str(count)))
    return [0.5] if count == 1 else [0.0, *((i + 1) / (count - 1) for i in range(count - 2)), 1.0]


def count_decisions(
    y_true: TensorLike,
    y_pred: TensorLike,
    thresholds: Sequence[float],
    dtype: str,
    *,
    sample_weight: TensorLike | None = None,
    label_weights: TensorLike | None = None,
    top_k: int | None = None,
    class_id: int | None = None,
    multi_label: bool = False,
) -> Iterator[Counts]:
    """Count decisions `prediction > threshold` against labels, a few million at a time: add up what comes.

    Args:
        y_true, y_pred: one shape, (batch, ...); labels count as true unless 0.
        thresholds: in any order.
        sample_weight: (batch,), or broadcastable to the labels.
        label_weights: (labels,), for the last axis.
        top_k: only the k largest of the last axis count as predicted.
        class_id: only this entry of the last axis is counted.
        multi_label: keep the last axis of (batch, labels): counts are (thresholds, labels).
    """
    y_true, y_pred = ops.cast(y_true, dtype), ops.cast(y_pred, dtype)
    y_pred, y_true = squeeze_or_expand_to_same_rank(y_pred, y_true)
    check_matching(y_true, y_pred, "Yes/no decisions")
    if top_k is not None:
        y_pred = _only_top_k(y_pred, top_k)
    if class_id is not None:
        y_true, y_pred = _only_class(y_true, class_id), _only_class(y_pred, class_id)
    if _is_even(thresholds):
        y_pred = ops.clip(y_pred, 0.0, 1.0)
    weights = ops.broadcast_to(_weights(sample_weight, label_weights, y_pred, dtype), y_pred.shape)
    positive = weights * ops.cast(ops.not_equal(y_true, 0), dtype)
    shape = (-1, y_pred.shape[-1]) if multi_label else (-1, 1)
    values, weights, positive = (ops.reshape(x, shape) for x in (y_pred, weights, positive))
    if values.shape[0] <= _COUNTED_AT_ONCE:
        yield _count(values, weights, positive, thresholds, dtype, multi_label)
        return
    for start in range(0, values.shape[0], _COUNTED_AT_ONCE):
        part = slice(start, start + _COUNTED_AT_ONCE)
        yield _count(values[part], weights[part], positive[part], thresholds, dtype, multi_label)


def _count(
    values: Array,
    weights: Array,
    positive: Array,
    thresholds: Sequence[float],
    dtype: str,
    multi_label: bool,
) -> Counts:
    """Of (samples, labels): weights, and those of the positive labels."""
    negative = weights - positive
    true_positives = _weight_above(values, positive, thresholds, dtype)
    false_positives = _weight_above(values, negative, thresholds, dtype)
    counts = (
        true_positives,
        false_positives,
        ops.sum(negative, axis=0) - false_positives,
        ops.sum(positive, axis=0) - true_positives,
    )
    return Counts(*(counts if multi_label else (x[:, 0] for x in counts)))


def _weight_above(values: Array, weights: Array, thresholds: Sequence[float], dtype: str) -> Array:
    """(thresholds, labels): for each the sum of the weights (samples, labels) where its value is above."""
    count, (samples, labels) = len(thresholds), values.shape
    if count * samples * labels <= _FEW_COMPARISONS:
        limits = ops.reshape(ops.convert_to_tensor(np.asarray(thresholds, "float32"), dtype), (count, 1, 1))
        return ops.sum(ops.where(values > limits, weights, 0.0), axis=1)
    order = np.argsort(np.asarray(thresholds), kind="stable")
    limits = ops.convert_to_tensor(np.asarray(thresholds, "float32")[order], dtype)
    below = ops.reshape(ops.searchsorted(limits, ops.reshape(values, (-1,)), side="left"), values.shape)
    buckets = below + (count + 1) * ops.arange(labels, dtype="int32")  # number of limits below, per label
    sums = ops.segment_sum(
        ops.reshape(weights, (-1,)), ops.reshape(buckets, (-1,)), num_segments=(count + 1) * labels
    )
    sums = ops.reshape(sums, (labels, count + 1))
    above = ops.flip(ops.cumsum(ops.flip(sums[:, 1:], axis=1), axis=1), axis=1)
    return ops.take(ops.transpose(above), np.argsort(order), axis=0)


def _weights(
    sample_weight: TensorLike | None, label_weights: TensorLike | None, like: Array, dtype: str
) -> Array:
    weights = ops.ones((1,) * len(like.shape), dtype=dtype)
    if sample_weight is not None:
        given = ops.cast(sample_weight, dtype)
        if len(given.shape) == len(like.shape) + 1 and given.shape[-1] == 1:
            given = ops.squeeze(given, -1)
        weights = align_weights(given, like)
    return weights if label_weights is None else weights * ops.cast(label_weights, dtype)


def _only_top_k(y_pred: Array, k: int) -> Array:
    _, best = ops.top_k(y_pred, k)
    kept = ops.sum(ops.one_hot(best, y_pred.shape[-1], dtype=y_pred.dtype), axis=-2)
    return ops.where(kept > 0, y_pred, LOWEST)


def _only_class(x: Array, class_id: int) -> Array:
    if len(x.shape) < 2:
        raise ShapeError(
            explain("class_id", expected="predictions of shape (batch, classes)", got=str(tuple(x.shape)))
        )
    return x[..., class_id : class_id + 1]


def _is_even(thresholds: Sequence[float]) -> bool:
    """Three or more from 0 to 1 in equal steps: predictions are then taken as probabilities."""
    count = len(thresholds)
    return count >= 3 and bool(np.allclose(thresholds, np.arange(count) / (count - 1), atol=settings.epsilon))

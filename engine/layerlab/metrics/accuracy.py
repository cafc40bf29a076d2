"""Accuracies: how often predictions equal labels."""

from __future__ import annotations

import math

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.registry import register_function
from layerlab.dtypes import PolicyLike
from layerlab.errors import ShapeError, explain
from layerlab.losses.label_pairs import as_pair, check_matching, check_same_shape, matched_pair
from layerlab.losses.loss_arrays import as_array
from layerlab.losses.reduction import squeeze_or_expand_to_same_rank
from layerlab.metrics.reduction import MeanMetricWrapper
from layerlab.settings import settings
from layerlab.typing import TensorLike

__all__ = [
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "binary_accuracy",
    "categorical_accuracy",
    "sparse_categorical_accuracy",
    "sparse_top_k_categorical_accuracy",
    "top_k_categorical_accuracy",
]


def accuracy(y_true: TensorLike, y_pred: TensorLike) -> Array:
    """1 where the labels equal the predictions, else 0.

    Returns: the shape of y_pred, floatx.
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "accuracy")
    return _matches(y_true, y_pred)


@register_function("metric_functions")
def binary_accuracy(y_true: TensorLike, y_pred: TensorLike, threshold: float = 0.5) -> Array:
    """1 where a prediction is on the right side of a threshold for its label, else 0.

    Args:
        y_true: labels 0 or 1, of the shape of y_pred.
        y_pred: predicted probabilities of label 1, (batch, ..., labels).
        threshold: predictions above it say 1; for logits 0.0.
    Returns: the shape of y_pred, floatx.
    Raises: ShapeError for labels that do not fit the predictions.

    Example:
        >>> binary_accuracy([[1.0], [0.0], [1.0]], [[0.7], [0.2], [0.4]]).tolist()
        [[1.0], [1.0], [0.0]]
    """
    y_true, y_pred = squeeze_or_expand_to_same_rank(as_array(y_true), as_array(y_pred))
    check_matching(y_true, y_pred, "binary_accuracy")
    return _matches(y_true, ops.cast(y_pred > threshold, y_true.dtype))


@register_function("metric_functions")
def categorical_accuracy(y_true: TensorLike, y_pred: TensorLike) -> Array:
    """1 where the largest prediction is at the class of the one-hot label, else 0.

    Args:
        y_true: one-hot labels, of the shape of y_pred.
        y_pred: probabilities or logits, (batch, ..., classes).
    Returns: the shape of y_pred without its last axis, floatx.
    Raises: ShapeError for labels of another shape, such as class numbers.

    Example:
        >>> categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]]).tolist()
        [1.0, 0.0]
    """
    y_true, y_pred = _one_hot_pair(y_true, y_pred, "categorical_accuracy")
    return _matches(ops.argmax(y_true, axis=-1), ops.argmax(y_pred, axis=-1))


@register_function("metric_functions")
def sparse_categorical_accuracy(y_true: TensorLike, y_pred: TensorLike) -> Array:
    """1 where the largest prediction is at the class that the label names, else 0.

    Args:
        y_true: class numbers, (batch, ...) or (batch, ..., 1).
        y_pred: probabilities or logits, (batch, ..., classes).
    Returns: the shape of y_pred without its last axis, floatx.
    Raises: ShapeError for labels that do not fit, such as one-hot ones.

    Example:
        >>> sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.4, 0.6]]).tolist()
        [1.0, 0.0]
    """
    # Class numbers as int32: the dtype of 16-bit predictions could not tell 256 from 257.
    y_true, y_pred = as_array(y_true, "int32"), as_array(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    best = ops.argmax(y_pred, axis=-1)
    check_same_shape(
        y_true, best, "sparse_categorical_accuracy", "use categorical_accuracy for one-hot labels"
    )
    matches = _matches(y_true, best)
    return ops.squeeze(matches, -1) if len(matches.shape) > 1 and matches.shape[-1] == 1 else matches


@register_function("metric_functions")
def top_k_categorical_accuracy(y_true: TensorLike, y_pred: TensorLike, k: int = 5) -> Array:
    """1 where the class of the one-hot label is among the k likeliest, else 0.

    Args:
        y_true: one-hot labels, of the shape of y_pred.
        y_pred: probabilities or logits, (batch, ..., classes).
    Returns: the shape of y_pred without its last axis, floatx.
    Raises: ShapeError for labels of another shape, such as class numbers.

    Example:
        >>> labels, outputs = [[1, 0, 0], [0, 0, 1]], [[0.3, 0.6, 0.1], [0.3, 0.6, 0.1]]
        >>> top_k_categorical_accuracy(labels, outputs, k=2).tolist()
        [1.0, 0.0]
    """
    y_true, y_pred = _one_hot_pair(y_true, y_pred, "top_k_categorical_accuracy")
    return sparse_top_k_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred, k)


@register_function("metric_functions")
def sparse_top_k_categorical_accuracy(
    y_true: TensorLike, y_pred: TensorLike, k: int = 5, from_sorted_ids: bool = False
) -> Array:
    """1 where the class that the label names is among the k likeliest, else 0.

    Args:
        y_true: class numbers, (batch, ...).
        y_pred: probabilities or logits, (batch, ..., classes).
        from_sorted_ids: True for predictions that are class numbers, the likeliest
            first, instead of one value per class.
    Returns: the shape of y_true, floatx.
    Raises: ShapeError for labels that do not fit, such as one-hot ones.

    Example:
        >>> outputs = [[0.3, 0.6, 0.1], [0.3, 0.6, 0.1]]
        >>> sparse_top_k_categorical_accuracy([0, 2], outputs, k=2).tolist()
        [1.0, 0.0]
    """
    y_pred = as_array(y_pred)
    y_true = ops.cast(y_true, y_pred.dtype if from_sorted_ids else "int32")
    shape, rows = tuple(y_true.shape), tuple(y_pred.shape[:-1])
    if None not in (*shape, *rows) and math.prod(shape) != math.prod(rows):
        raise ShapeError(
            explain(
                "sparse_top_k_categorical_accuracy: the labels do not fit the predictions.",
                expected=f"class numbers {rows} for predictions {tuple(y_pred.shape)}",
                got=str(shape),
            )
        )
    labels, outputs = ops.reshape(y_true, (-1,)), ops.reshape(y_pred, (-1, y_pred.shape[-1]))
    if from_sorted_ids:
        found = ops.any(ops.equal(ops.expand_dims(labels, 1), outputs[:, :k]), axis=1)
    else:
        found = ops.in_top_k(labels, outputs, k=k)
    return ops.reshape(ops.cast(found, settings.floatx), shape)


class Accuracy(MeanMetricWrapper):
    """The share of predictions that equal their labels.

    For predictions that are decided already, such as class numbers. In `compile`, the
    string 'accuracy' means the accuracy that fits the shapes: BinaryAccuracy,
    CategoricalAccuracy or SparseCategoricalAccuracy.

    Input shape: labels and predictions of one shape.

    Example:
        >>> accuracy = Accuracy()
        >>> accuracy.update_state([1, 2, 3, 4], [0, 2, 3, 4])
        >>> float(accuracy.result())
        0.75
    """

    aliases = ("acc",)
    _direction = "up"

    def __init__(self, name: str = "accuracy", dtype: PolicyLike = None) -> None:
        super().__init__(accuracy, name, dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """The share of predictions on the right side of a threshold, for labels 0 and 1.

    Args:
        threshold: predictions above it say 1; between 0 and 1, for logits 0.0.
    Input shape: labels and predictions (batch, ..., labels).

    Example:
        >>> accuracy = BinaryAccuracy()
        >>> accuracy.update_state([[1.0], [0.0]], [[0.7], [0.2]])
        >>> accuracy.update_state([[1.0], [0.0]], [[0.4], [0.1]])
        >>> float(accuracy.result())
        0.75
    """

    _direction = "up"

    def __init__(
        self, name: str = "binary_accuracy", dtype: PolicyLike = None, threshold: float = 0.5
    ) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose likeliest class is the class of the one-hot label.

    Input shape: labels and predictions (batch, ..., classes); probabilities or logits.

    Example:
        >>> accuracy = CategoricalAccuracy()
        >>> accuracy.update_state([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]])
        >>> float(accuracy.result())
        0.5
    """

    _direction = "up"

    def __init__(self, name: str = "categorical_accuracy", dtype: PolicyLike = None) -> None:
        super().__init__(categorical_accuracy, name, dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """The share of samples whose likeliest class is the one that the label names.

    Input shape: labels, class numbers (batch, ...) or (batch, ..., 1); predictions
    (batch, ..., classes), probabilities or logits.

    Example:
        >>> accuracy = SparseCategoricalAccuracy()
        >>> accuracy.update_state([1, 0], [[0.2, 0.8], [0.4, 0.6]])
        >>> float(accuracy.result())
        0.5
        >>> float(SparseCategoricalAccuracy()([1, 0], [[0.2, 0.8], [0.4, 0.6]], [3, 1]))
        0.75
    """

    _direction = "up"

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: PolicyLike = None) -> None:
        super().__init__(sparse_categorical_accuracy, name, dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of samples with the class of the one-hot label among the k likeliest.

    Input shape: labels and predictions (batch, ..., classes); probabilities or logits.

    Example:
        >>> labels, outputs = [[1, 0, 0], [0, 0, 1]], [[0.3, 0.6, 0.1], [0.3, 0.6, 0.1]]
        >>> float(TopKCategoricalAccuracy(k=1)(labels, outputs))
        0.0
        >>> float(TopKCategoricalAccuracy(k=2)(labels, outputs))
        0.5
    """

    _direction = "up"

    def __init__(
        self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: PolicyLike = None
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """The share of samples with the class that the label names among the k likeliest.

    Args:
        from_sorted_ids: True for predictions that are class numbers, the likeliest
            first, instead of one value per class.
    Input shape: labels, class numbers (batch, ...); predictions (batch, ..., classes),
    probabilities or logits.

    Example:
        >>> outputs = [[0.3, 0.6, 0.1], [0.3, 0.6, 0.1]]
        >>> float(SparseTopKCategoricalAccuracy(k=2)([0, 2], outputs))
        0.5
    """

    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: PolicyLike = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, name, dtype, k=k, from_sorted_ids=from_sorted_ids)


def _one_hot_pair(y_true: TensorLike, y_pred: TensorLike, what: str) -> tuple[Array, Array]:
    y_true, y_pred = as_pair(y_true, y_pred)
    check_same_shape(y_true, y_pred, what, f"use sparse_{what} for class numbers")
    return y_true, y_pred


def _matches(first: Array, second: Array) -> Array:
    return ops.cast(ops.equal(first, second), settings.floatx)

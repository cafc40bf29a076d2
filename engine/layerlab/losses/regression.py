"""Losses of real numbers: squared, absolute, relative and robust errors."""

from __future__ import annotations

import math

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.registry import register_function
from layerlab.dtypes import PolicyLike
from layerlab.losses.base import LossFunctionWrapper
from layerlab.losses.label_pairs import matched_pair
from layerlab.settings import settings
from layerlab.typing import TensorLike

__all__ = [
    "CosineSimilarity",
    "Huber",
    "LogCosh",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "cosine_similarity",
    "huber",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
]


@register_function("losses", "mse", "MSE")
def mean_squared_error(y_true: TensorLike, y_pred: TensorLike) -> Array:
    """Squared differences, averaged over the last axis.

    mean((y_true - y_pred)²).

    Returns: the shape of y_pred without its last axis.
    Raises: ShapeError for labels that do not fit the predictions.

    Example:
        >>> labels, outputs = [[1.0, 2.0], [3.0, 4.0]], [[1.0, 4.0], [3.0, 4.0]]
        >>> mean_squared_error(labels, outputs).tolist()
        [2.0, 0.0]
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "mean_squared_error")
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@register_function("losses", "mae", "MAE")
def mean_absolute_error(y_true: TensorLike, y_pred: TensorLike) -> Array:
    """Absolute differences, averaged over the last axis.

    mean(|y_true - y_pred|).

    Returns: the shape of y_pred without its last axis.
    Raises: ShapeError for labels that do not fit the predictions.

    Example:
        >>> labels, outputs = [[1.0, 2.0], [3.0, 4.0]], [[1.0, 4.0], [3.0, 4.0]]
        >>> mean_absolute_error(labels, outputs).tolist()
        [1.0, 0.0]
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "mean_absolute_error")
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


@register_function("losses", "mape", "MAPE")
def mean_absolute_percentage_error(y_true: TensorLike, y_pred: TensorLike) -> Array:
    """Absolute differences in percent of the labels, averaged over the last axis.

    100 mean(|y_true - y_pred| / max(|y_true|, epsilon)): labels near 0 give huge
    values.

    Returns: the shape of y_pred without its last axis.
    Raises: ShapeError for labels that do not fit the predictions.

    Example:
        >>> mean_absolute_percentage_error([[2.0], [4.0]], [[3.0], [3.0]]).tolist()
        [50.0, 25.0]
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "mean_absolute_percentage_error")
    relative = (y_true - y_pred) / ops.maximum(ops.abs(y_true), settings.epsilon)
    return 100.0 * ops.mean(ops.abs(relative), axis=-1)


@register_function("losses", "msle", "MSLE")
def mean_squared_logarithmic_error(y_true: TensorLike, y_pred: TensorLike) -> Array:
    """Squared differences of logarithms, averaged over the last axis.

    mean((log(1 + y_true) - log(1 + y_pred))²); values below epsilon count as epsilon.

    Returns: the shape of y_pred without its last axis.
    Raises: ShapeError for labels that do not fit the predictions.

    Example:
        >>> loss = mean_squared_logarithmic_error([[9.0], [99.0]], [[4.0], [49.0]])
        >>> [round(value, 2) for value in loss.tolist()]  # log(2)² for half
        [0.48, 0.48]
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "mean_squared_logarithmic_error")
    return ops.mean(ops.square(_log_of_next(y_pred) - _log_of_next(y_true)), axis=-1)


@register_function("losses")
def cosine_similarity(y_true: TensorLike, y_pred: TensorLike, axis: int = -1) -> Array:
    """Minus the cosine of the angle between labels and predictions.

    -sum(y_true y_pred) / (|y_true| |y_pred|): -1 for the same direction, 1 for the
    opposite, 0 for a right angle and for vectors of zeros. Lengths do not matter.

    Args:
        axis: axis of the vectors, by default the last.
    Returns: the shape of y_pred without `axis`.
    Raises: ShapeError for labels that do not fit the predictions.

    Example:
        >>> loss = cosine_similarity([[0.0, 1.0], [0.0, 1.0]], [[0.0, 3.0], [3.0, 4.0]])
        >>> [round(value, 3) for value in loss.tolist()]
        [-1.0, -0.8]
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "cosine_similarity")
    return -ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


@register_function("losses")
def huber(y_true: TensorLike, y_pred: TensorLike, delta: float = 1.0) -> Array:
    """Squared for small errors, absolute for large ones, averaged over the last axis.

    With e = y_pred - y_true: e² / 2 where |e| <= delta, else delta |e| - delta² / 2.

    Args:
        delta: size of an error, in the unit of the labels, from where the loss is
            linear.
    Returns: the shape of y_pred without its last axis.
    Raises: ShapeError for labels that do not fit the predictions.
    Source: Huber 1964, Annals of Mathematical Statistics 35.

    Example:
        >>> huber([[0.0], [0.0], [0.0]], [[0.5], [1.0], [10.0]]).tolist()
        [0.125, 0.5, 9.5]
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "huber")
    error = y_pred - y_true
    size = ops.abs(error)
    return ops.mean(ops.where(size <= delta, 0.5 * ops.square(error), delta * size - 0.5 * delta**2), axis=-1)


@register_function("losses", "logcosh")
def log_cosh(y_true: TensorLike, y_pred: TensorLike) -> Array:
    """The logarithm of the hyperbolic cosine of the error, averaged over the last axis.

    mean(log(cosh(e))), e = y_pred - y_true: near e² / 2 for small errors and |e| -
    log(2) for large ones, and smooth between.

    Returns: the shape of y_pred without its last axis.
    Raises: ShapeError for labels that do not fit the predictions.

    Example:
        >>> loss = log_cosh([[0.0], [0.0], [0.0]], [[0.0], [0.1], [10.0]])
        >>> [round(value, 3) for value in loss.tolist()]
        [0.0, 0.005, 9.307]
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "log_cosh")
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(-2.0 * error) - math.log(2.0), axis=-1)  # cosh itself overflows


class MeanSquaredError(LossFunctionWrapper):
    """The mean of squared differences.

    mean((y_true - y_pred)²): the first choice for real numbers. Outliers weigh much:
    MeanAbsoluteError, Huber and LogCosh heed them less.

    Input shape: labels and predictions (batch, ..., features).

    Example:
        >>> loss = MeanSquaredError()
        >>> float(loss([[1.0], [2.0]], [[1.0], [4.0]]))  # 0 and 4
        2.0
        >>> float(loss([[1.0], [2.0]], [[1.0], [4.0]], sample_weight=[1, 0.5]))
        1.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """The mean of absolute differences.

    mean(|y_true - y_pred|), in the unit of the labels. The best constant prediction is
    the median of the labels, which outliers do not move.

    Input shape: labels and predictions (batch, ..., features).

    Example:
        >>> float(MeanAbsoluteError()([[1.0], [2.0]], [[1.0], [4.0]]))
        1.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """The mean of absolute differences in percent of the labels.

    100 mean(|y_true - y_pred| / max(|y_true|, epsilon)). For labels of different orders
    of magnitude, none of them near 0.

    Input shape: labels and predictions (batch, ..., features).

    Example:
        >>> float(MeanAbsolutePercentageError()([[2.0], [400.0]], [[3.0], [300.0]]))
        37.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """The mean of squared differences of logarithms, for values from 0 up.

    mean((log(1 + y_true) - log(1 + y_pred))²): what counts is the ratio, so that half
    of a small label and half of a large one cost the same.

    Input shape: labels and predictions (batch, ..., features), not negative.

    Example:
        >>> loss = MeanSquaredLogarithmicError()
        >>> round(float(loss([[9.0]], [[4.0]])), 2)
        0.48
        >>> round(float(loss([[99.0]], [[49.0]])), 2)
        0.48
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine of the angle between labels and predictions.

    -1 for the same direction, 0 for a right angle, 1 for the opposite. For embeddings,
    of which only the direction counts.

    Args:
        axis: axis of the vectors, by default the last.
    Input shape: labels and predictions (batch, ..., features).

    Example:
        >>> float(CosineSimilarity()([[0.0, 1.0]], [[0.0, 3.0]]))
        -1.0
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)


class Huber(LossFunctionWrapper):
    """Squared for small errors, absolute for large ones.

    With e = y_pred - y_true: e² / 2 where |e| <= delta, else delta |e| - delta² / 2.
    For labels with outliers, which MeanSquaredError would follow.

    Args:
        delta: size of an error, in the unit of the labels, from where the loss is
            linear.
    Input shape: labels and predictions (batch, ..., features).
    Source: Huber 1964, Annals of Mathematical Statistics 35.

    Example:
        >>> float(Huber()([[0.0], [0.0]], [[0.5], [10.0]]))  # 0.125 and 9.5
        4.8125
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)


class LogCosh(LossFunctionWrapper):
    """The mean logarithm of the hyperbolic cosine of the error.

    log(cosh(e)), e = y_pred - y_true: near e² / 2 for small errors and |e| - log(2) for
    large ones. Like Huber, without a size to choose.

    Input shape: labels and predictions (batch, ..., features).

    Example:
        >>> round(float(LogCosh()([[0.0]], [[10.0]])), 3)  # 10 - log(2)
        9.307
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "log_cosh", dtype: PolicyLike = None
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)


def _log_of_next(x: Array) -> Array:
    return ops.log(ops.maximum(x, settings.epsilon) + 1.0)

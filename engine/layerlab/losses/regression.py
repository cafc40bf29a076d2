"""Losses of real numbers: squared, absolute, relative and robust errors."""

from __future__ import annotations

import math
from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.registry import register_function
from layerlab.losses.base import LossFunctionWrapper
from layerlab.losses.pairs import matched_pair
from layerlab.settings import settings

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
def mean_squared_error(y_true: Any, y_pred: Any) -> Array:
    """mean((y_true - y_pred)²) over the last axis: (batch, ..., features) to (batch, ...)."""
    y_true, y_pred = matched_pair(y_true, y_pred, "mean_squared_error")
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


@register_function("losses", "mae", "MAE")
def mean_absolute_error(y_true: Any, y_pred: Any) -> Array:
    """mean(|y_true - y_pred|) over the last axis."""
    y_true, y_pred = matched_pair(y_true, y_pred, "mean_absolute_error")
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


@register_function("losses", "mape", "MAPE")
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Array:
    """100 mean(|y_true - y_pred| / max(|y_true|, epsilon)) over the last axis."""
    y_true, y_pred = matched_pair(y_true, y_pred, "mean_absolute_percentage_error")
    relative = (y_true - y_pred) / ops.maximum(ops.abs(y_true), settings.epsilon)
    return 100.0 * ops.mean(ops.abs(relative), axis=-1)


@register_function("losses", "msle", "MSLE")
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Array:
    """mean((log(1 + y_true) - log(1 + y_pred))²) over the last axis; values are at least epsilon."""
    y_true, y_pred = matched_pair(y_true, y_pred, "mean_squared_logarithmic_error")
    return ops.mean(ops.square(_log_of_next(y_pred) - _log_of_next(y_true)), axis=-1)


@register_function("losses")
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    """Minus the cosine of the angle along `axis`: -1 for the same direction, 0 for zero vectors."""
    y_true, y_pred = matched_pair(y_true, y_pred, "cosine_similarity")
    return -ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


@register_function("losses")
def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Array:
    """The mean over the last axis of e² / 2 where |e| <= delta, else delta |e| - delta² / 2.

    Source: Huber 1964, Annals of Mathematical Statistics 35.
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "huber")
    error = y_pred - y_true
    size = ops.abs(error)
    return ops.mean(ops.where(size <= delta, 0.5 * ops.square(error), delta * size - 0.5 * delta**2), axis=-1)


@register_function("losses", "logcosh")
def log_cosh(y_true: Any, y_pred: Any) -> Array:
    """mean(log(cosh(y_pred - y_true))) over the last axis."""
    y_true, y_pred = matched_pair(y_true, y_pred, "log_cosh")
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(-2.0 * error) - math.log(2.0), axis=-1)  # cosh itself overflows


class MeanSquaredError(LossFunctionWrapper):
    """The mean of squared differences."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction, name, dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """The mean of absolute differences."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction, name, dtype)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """The mean of absolute differences in percent of the labels."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, reduction, name, dtype)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """The mean of squared differences of logarithms, for positive values."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, reduction, name, dtype)


class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine of the angle between labels and predictions, along `axis`."""

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)


class Huber(LossFunctionWrapper):
    """Quadratic for errors up to `delta`, linear beyond."""

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)


class LogCosh(LossFunctionWrapper):
    """The logarithm of the hyperbolic cosine of the error: quadratic when small, linear when large."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "log_cosh", dtype: Any = None
    ) -> None:
        super().__init__(log_cosh, reduction, name, dtype)


def _log_of_next(x: Array) -> Array:
    return ops.log(ops.maximum(x, settings.epsilon) + 1.0)

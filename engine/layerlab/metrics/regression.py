"""Errors of real numbers as metrics."""

from __future__ import annotations

from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.registry import register_function
from layerlab.losses.arrays import as_array
from layerlab.losses.pairs import matched_pair
from layerlab.losses.regression import cosine_similarity as negative_cosine_similarity
from layerlab.losses.regression import (
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from layerlab.metrics.reduction import Mean, MeanMetricWrapper

__all__ = [
    "CosineSimilarity",
    "LogCoshError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "RootMeanSquaredError",
    "huber",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
]


class MeanSquaredError(MeanMetricWrapper):
    """The mean of squared differences."""

    aliases = ("mse", "MSE")
    _direction = "down"

    def __init__(self, name: str = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_error, name, dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of absolute differences."""

    aliases = ("mae", "MAE")
    _direction = "down"

    def __init__(self, name: str = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """The mean of absolute differences in percent of the labels."""

    aliases = ("mape", "MAPE")
    _direction = "down"

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of squared differences of logarithms."""

    aliases = ("msle", "MSLE")
    _direction = "down"

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(mean_squared_logarithmic_error, name, dtype)


class RootMeanSquaredError(Mean):
    """The square root of the mean of squared differences, over all batches."""

    aliases = ("rmse", "RMSE")
    _direction = "down"

    def __init__(self, name: str = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take in one batch of labels and predictions."""
        y_true, y_pred = matched_pair(y_true, as_array(y_pred, self.dtype), "root_mean_squared_error")
        super().update_state(ops.square(y_pred - y_true), sample_weight)

    def result(self) -> Array:
        """The root of the mean."""
        return ops.sqrt(super().result())


class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between labels and predictions: 1 for the same direction."""

    _direction = "up"

    def __init__(self, name: str = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)


class LogCoshError(MeanMetricWrapper):
    """The mean logarithm of the hyperbolic cosine of the error."""

    aliases = ("logcosh", "log_cosh")
    _direction = "down"

    def __init__(self, name: str = "logcosh", dtype: Any = None) -> None:
        super().__init__(log_cosh, name, dtype)


@register_function("metric_functions")
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    """The cosine of the angle along `axis`; the loss of this name is its negative."""
    y_true, y_pred = matched_pair(y_true, y_pred, "cosine_similarity")
    return -negative_cosine_similarity(y_true, y_pred, axis)

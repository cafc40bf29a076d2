"""Errors of real numbers as metrics."""

from __future__ import annotations

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.registry import register_function
from layerlab.dtypes import PolicyLike
from layerlab.losses.label_pairs import matched_pair
from layerlab.losses.loss_arrays import as_array
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
from layerlab.typing import TensorLike

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
    """The mean of squared differences.

    mean((y_true - y_pred)²), over all batches.

    Input shape: labels and predictions (batch, ..., features).

    Example:
        >>> metric = MeanSquaredError()
        >>> metric.update_state([[1.0], [2.0]], [[1.0], [4.0]])  # 0 and 4
        >>> metric.update_state([[3.0], [3.0]], [[3.0], [3.0]])  # 0 and 0
        >>> float(metric.result())
        1.0
    """

    aliases = ("mse", "MSE")
    _direction = "down"

    def __init__(self, name: str = "mean_squared_error", dtype: PolicyLike = None) -> None:
        super().__init__(mean_squared_error, name, dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """The mean of absolute differences, in the unit of the labels.

    mean(|y_true - y_pred|), over all batches.

    Input shape: labels and predictions (batch, ..., features).

    Example:
        >>> float(MeanAbsoluteError()([[1.0], [2.0]], [[1.0], [4.0]]))
        1.0
    """

    aliases = ("mae", "MAE")
    _direction = "down"

    def __init__(self, name: str = "mean_absolute_error", dtype: PolicyLike = None) -> None:
        super().__init__(mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """The mean of absolute differences in percent of the labels.

    100 mean(|y_true - y_pred| / max(|y_true|, epsilon)): labels near 0 give huge
    values.

    Input shape: labels and predictions (batch, ..., features).

    Example:
        >>> float(MeanAbsolutePercentageError()([[2.0], [400.0]], [[3.0], [300.0]]))
        37.5
    """

    aliases = ("mape", "MAPE")
    _direction = "down"

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: PolicyLike = None) -> None:
        super().__init__(mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """The mean of squared differences of logarithms, for values from 0 up.

    mean((log(1 + y_true) - log(1 + y_pred))²): what counts is the ratio.

    Input shape: labels and predictions (batch, ..., features), not negative.

    Example:
        >>> metric = MeanSquaredLogarithmicError()
        >>> round(float(metric([[9.0], [99.0]], [[4.0], [49.0]])), 2)  # log(2)², both
        0.48
    """

    aliases = ("msle", "MSLE")
    _direction = "down"

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: PolicyLike = None) -> None:
        super().__init__(mean_squared_logarithmic_error, name, dtype)


class RootMeanSquaredError(Mean):
    """The square root of the mean of squared differences, in the unit of the labels.

    sqrt(mean((y_true - y_pred)²)): the mean is taken over all batches, then the root.

    Input shape: labels and predictions (batch, ..., features).

    Example:
        >>> metric = RootMeanSquaredError()
        >>> metric.update_state([[1.0], [2.0]], [[1.0], [4.0]])  # 0 and 4
        >>> metric.update_state([[3.0], [3.0]], [[3.0], [3.0]])  # 0 and 0
        >>> float(metric.result())
        1.0
    """

    aliases = ("rmse", "RMSE")
    _direction = "down"

    def __init__(self, name: str = "root_mean_squared_error", dtype: PolicyLike = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(  # type: ignore[override]
        self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None
    ) -> None:
        """Take in one batch.

        Args:
            y_true, y_pred: labels and predictions of one shape.
            sample_weight: (batch,), or of the shape of the labels.
        """
        y_true, y_pred = matched_pair(y_true, as_array(y_pred, self.dtype), "root_mean_squared_error")
        super().update_state(ops.square(y_pred - y_true), sample_weight)

    def result(self) -> Array:
        """The root of the mean."""
        return ops.sqrt(super().result())


class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine of the angle between labels and predictions.

    sum(y_true y_pred) / (|y_true| |y_pred|): 1 for the same direction, 0 for a right
    angle, -1 for the opposite. The loss of this name is its negative.

    Args:
        axis: axis of the vectors, by default the last.
    Input shape: labels and predictions (batch, ..., features).

    Example:
        >>> round(float(CosineSimilarity()([[0.0, 1.0]], [[3.0, 4.0]])), 3)
        0.8
    """

    _direction = "up"

    def __init__(self, name: str = "cosine_similarity", dtype: PolicyLike = None, axis: int = -1) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)


class LogCoshError(MeanMetricWrapper):
    """The mean logarithm of the hyperbolic cosine of the error.

    mean(log(cosh(e))), e = y_pred - y_true: near e² / 2 for small errors and |e| -
    log(2) for large ones.

    Input shape: labels and predictions (batch, ..., features).

    Example:
        >>> round(float(LogCoshError()([[0.0]], [[10.0]])), 3)  # 10 - log(2)
        9.307
    """

    aliases = ("logcosh", "log_cosh")
    _direction = "down"

    def __init__(self, name: str = "logcosh", dtype: PolicyLike = None) -> None:
        super().__init__(log_cosh, name, dtype)


@register_function("metric_functions")
def cosine_similarity(y_true: TensorLike, y_pred: TensorLike, axis: int = -1) -> Array:
    """The cosine of the angle between labels and predictions.

    sum(y_true y_pred) / (|y_true| |y_pred|); the loss of this name is its negative.

    Args:
        axis: axis of the vectors, by default the last.
    Returns: the shape of y_pred without `axis`.
    Raises: ShapeError for labels that do not fit the predictions.

    Example:
        >>> labels, outputs = [[0.0, 1.0], [0.0, 1.0]], [[0.0, 3.0], [3.0, 4.0]]
        >>> cosine = cosine_similarity(labels, outputs)
        >>> [round(value, 3) for value in cosine.tolist()]
        [1.0, 0.8]
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "cosine_similarity")
    return -negative_cosine_similarity(y_true, y_pred, axis)

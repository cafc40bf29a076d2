"""Correlations of labels and predictions along an axis."""

from __future__ import annotations

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.registry import register_function
from layerlab.dtypes import PolicyLike
from layerlab.losses.label_pairs import matched_pair
from layerlab.metrics.reduction import MeanMetricWrapper
from layerlab.settings import settings
from layerlab.typing import TensorLike

__all__ = ["ConcordanceCorrelation", "PearsonCorrelation", "concordance_correlation", "pearson_correlation"]


@register_function("metric_functions")
def pearson_correlation(y_true: TensorLike, y_pred: TensorLike, axis: int = -1) -> Array:
    """The linear correlation of labels and predictions along an axis, in [-1, 1].

    covariance / (deviation of y_true * deviation of y_pred): 1 where the predictions
    are the labels shifted and scaled; NaN for a constant series.

    Args:
        axis: axis of the series, by default the last.
    Returns: the shape of y_pred without `axis`.
    Raises: ShapeError for labels that do not fit the predictions.

    Example:
        >>> correlation = pearson_correlation([[1.0, 2.0, 3.0]], [[2.0, 3.0, 4.0]])
        >>> [round(value, 3) for value in correlation.tolist()]  # shifted by 1
        [1.0]
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "pearson_correlation")
    return ops.mean(_standardize(y_true, axis) * _standardize(y_pred, axis), axis=axis)


@register_function("metric_functions")
def concordance_correlation(y_true: TensorLike, y_pred: TensorLike, axis: int = -1) -> Array:
    """The agreement of labels and predictions along an axis, in [-1, 1].

    2 covariance / (variance of y_true + variance of y_pred + (difference of means)²):
    the correlation, less what predictions are shifted and scaled by.

    Args:
        axis: axis of the series, by default the last.
    Returns: the shape of y_pred without `axis`.
    Raises: ShapeError for labels that do not fit the predictions.
    Source: Lin 1989, Biometrics 45.

    Example:
        >>> agreement = concordance_correlation([[1.0, 2.0, 3.0]], [[2.0, 3.0, 4.0]])
        >>> [round(value, 3) for value in agreement.tolist()]  # shifted by 1
        [0.571]
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "concordance_correlation")
    true_mean = ops.mean(y_true, axis=axis, keepdims=True)
    predicted_mean = ops.mean(y_pred, axis=axis, keepdims=True)
    # (y_pred - its mean) has mean zero, so that the other factor needs no centring: the formula of Keras.
    covariance = (y_true - predicted_mean) * (y_pred - predicted_mean)
    spread = (
        ops.var(y_true, axis=axis, keepdims=True)
        + ops.var(y_pred, axis=axis, keepdims=True)
        + ops.square(true_mean - predicted_mean)
    )
    return ops.mean(2.0 * covariance / (spread + settings.epsilon), axis=axis)


class PearsonCorrelation(MeanMetricWrapper):
    """The linear correlation of labels and predictions along an axis, in [-1, 1].

    covariance / (deviation of y_true * deviation of y_pred), for each series, and the
    mean over the series. Shift and scale of the predictions do not matter.

    Args:
        axis: axis of the series, by default the last; 0 correlates over the batch.
    Input shape: labels and predictions of one shape.

    Example:
        >>> metric = PearsonCorrelation()
        >>> round(float(metric([[1.0, 2.0, 3.0]], [[2.0, 3.0, 4.0]])), 3)
        1.0
    """

    _direction = "up"

    def __init__(self, name: str = "pearson_correlation", dtype: PolicyLike = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """The agreement of labels and predictions along an axis, in [-1, 1].

    2 covariance / (variance of y_true + variance of y_pred + (difference of means)²),
    for each series, and the mean over the series: 1 only where predictions equal the
    labels.

    Args:
        axis: axis of the series, by default the last; 0 correlates over the batch.
    Input shape: labels and predictions of one shape.
    Source: Lin 1989, Biometrics 45.

    Example:
        >>> metric = ConcordanceCorrelation()
        >>> round(float(metric([[1.0, 2.0, 3.0]], [[2.0, 3.0, 4.0]])), 3)
        0.571
    """

    _direction = "up"

    def __init__(
        self, name: str = "concordance_correlation", dtype: PolicyLike = None, axis: int = -1
    ) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)


def _standardize(x: Array, axis: int) -> Array:
    return (x - ops.mean(x, axis=axis, keepdims=True)) / ops.std(x, axis=axis, keepdims=True)

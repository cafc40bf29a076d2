"""Correlations of labels and predictions along an axis."""

from __future__ import annotations

from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.registry import register_function
from layerlab.losses.pairs import matched_pair
from layerlab.metrics.reduction import MeanMetricWrapper
from layerlab.settings import settings

__all__ = ["ConcordanceCorrelation", "PearsonCorrelation", "concordance_correlation", "pearson_correlation"]


@register_function("metric_functions")
def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    """Covariance over the product of standard deviations, in [-1, 1]; NaN for a constant series."""
    y_true, y_pred = matched_pair(y_true, y_pred, "pearson_correlation")
    return ops.mean(_standardize(y_true, axis) * _standardize(y_pred, axis), axis=axis)


@register_function("metric_functions")
def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Array:
    """Twice the covariance over the sum of both variances and the squared difference of the means.

    Source: Lin 1989, Biometrics 45.
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
    """The mean over samples of the linear correlation along `axis`."""

    _direction = "up"

    def __init__(self, name: str = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean over samples of the agreement along `axis`: correlation, reduced by shift and scale."""

    _direction = "up"

    def __init__(self, name: str = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)


def _standardize(x: Array, axis: int) -> Array:
    return (x - ops.mean(x, axis=axis, keepdims=True)) / ops.std(x, axis=axis, keepdims=True)

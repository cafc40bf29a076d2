"""Losses between distributions other than crossentropies."""

from __future__ import annotations

from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.registry import register_function
from layerlab.losses.base import LossFunctionWrapper
from layerlab.losses.pairs import matched_pair
from layerlab.settings import settings

__all__ = ["KLDivergence", "Poisson", "kl_divergence", "poisson"]


@register_function("losses", "kld", "KLD", "kullback_leibler_divergence")
def kl_divergence(y_true: Any, y_pred: Any) -> Array:
    """sum(y_true log(y_true / y_pred)) over the last axis; both are clipped to [epsilon, 1]."""
    y_true, y_pred = (
        ops.clip(x, settings.epsilon, 1.0) for x in matched_pair(y_true, y_pred, "kl_divergence")
    )
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


@register_function("losses")
def poisson(y_true: Any, y_pred: Any) -> Array:
    """mean(y_pred - y_true log(y_pred)) over the last axis: the negative log-likelihood of counts."""
    y_true, y_pred = matched_pair(y_true, y_pred, "poisson")
    return ops.mean(y_pred - y_true * ops.log(y_pred + settings.epsilon), axis=-1)


class KLDivergence(LossFunctionWrapper):
    """The Kullback-Leibler divergence of the predicted from the true distribution."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "kl_divergence", dtype: Any = None
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(LossFunctionWrapper):
    """The negative log-likelihood of counts whose predicted rate is y_pred."""

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "poisson", dtype: Any = None
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)

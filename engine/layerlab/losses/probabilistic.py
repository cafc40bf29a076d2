"""Losses between distributions other than crossentropies."""

from __future__ import annotations

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.registry import register_function
from layerlab.dtypes import PolicyLike
from layerlab.losses.base import LossFunctionWrapper
from layerlab.losses.label_pairs import matched_pair
from layerlab.settings import settings
from layerlab.typing import TensorLike

__all__ = ["KLDivergence", "Poisson", "kl_divergence", "poisson"]


@register_function("losses", "kld", "KLD", "kullback_leibler_divergence")
def kl_divergence(y_true: TensorLike, y_pred: TensorLike) -> Array:
    """Kullback-Leibler divergence: how far predicted distributions are from true ones.

    sum(y_true log(y_true / y_pred)) over the last axis; both are clipped to [epsilon,
    1]. 0 where they are equal, else positive.

    Args:
        y_true: probabilities, of the shape of y_pred.
        y_pred: predicted probabilities, (batch, ..., classes).
    Returns: the shape of y_pred without its last axis.
    Source: Kullback, Leibler 1951, Annals of Mathematical Statistics 22.

    Example:
        >>> loss = kl_divergence([[0.5, 0.5], [0.5, 0.5]], [[0.5, 0.5], [0.25, 0.75]])
        >>> [round(value, 3) for value in loss.tolist()]
        [0.0, 0.144]
    """
    y_true, y_pred = (
        ops.clip(x, settings.epsilon, 1.0) for x in matched_pair(y_true, y_pred, "kl_divergence")
    )
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


@register_function("losses")
def poisson(y_true: TensorLike, y_pred: TensorLike) -> Array:
    """Negative log-likelihood of counts under predicted rates, up to a constant.

    mean(y_pred - y_true log(y_pred)) over the last axis; smallest where y_pred =
    y_true.

    Args:
        y_true: counts, of the shape of y_pred.
        y_pred: predicted rates, positive, (batch, ..., features).
    Returns: the shape of y_pred without its last axis.

    Example:
        >>> loss = poisson([[2.0], [2.0], [2.0]], [[1.0], [2.0], [3.0]])
        >>> [round(value, 3) for value in loss.tolist()]
        [1.0, 0.614, 0.803]
    """
    y_true, y_pred = matched_pair(y_true, y_pred, "poisson")
    return ops.mean(y_pred - y_true * ops.log(y_pred + settings.epsilon), axis=-1)


class KLDivergence(LossFunctionWrapper):
    """Kullback-Leibler divergence: how far predicted distributions are from true ones.

    sum(y_true log(y_true / y_pred)) over the last axis. For labels that are
    distributions; for one-hot ones it is the crossentropy.

    Input shape: labels and predictions, probabilities (batch, ..., classes).
    Source: Kullback, Leibler 1951, Annals of Mathematical Statistics 22.

    Example:
        >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 3)
        0.144
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "kl_divergence",
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(kl_divergence, reduction, name, dtype)


class Poisson(LossFunctionWrapper):
    """Negative log-likelihood of counts under predicted rates, up to a constant.

    y_pred - y_true log(y_pred), averaged. For labels that count events; predictions
    must be positive, as of an activation 'exponential' or 'softplus'.

    Input shape: labels and predictions (batch, ..., features).

    Example:
        >>> round(float(Poisson()([[2.0]], [[2.0]])), 3)  # 2 - 2 log(2)
        0.614
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "poisson", dtype: PolicyLike = None
    ) -> None:
        super().__init__(poisson, reduction, name, dtype)

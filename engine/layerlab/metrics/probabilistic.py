"""Crossentropies and divergences as metrics."""

from __future__ import annotations

from layerlab.dtypes import PolicyLike
from layerlab.losses.crossentropy import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    sparse_categorical_crossentropy,
)
from layerlab.losses.probabilistic import kl_divergence, poisson
from layerlab.metrics.reduction import MeanMetricWrapper

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "KLDivergence",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "kl_divergence",
    "poisson",
    "sparse_categorical_crossentropy",
]


class KLDivergence(MeanMetricWrapper):
    """The mean Kullback-Leibler divergence of predicted from true distributions.

    sum(y_true log(y_true / y_pred)) over the last axis; 0 where they are equal.

    Input shape: labels and predictions, probabilities (batch, ..., classes).

    Example:
        >>> metric = KLDivergence()
        >>> round(float(metric([[0.5, 0.5]], [[0.25, 0.75]])), 3)
        0.144
    """

    aliases = ("kld", "KLD", "kullback_leibler_divergence")
    _direction = "down"

    def __init__(self, name: str = "kl_divergence", dtype: PolicyLike = None) -> None:
        super().__init__(kl_divergence, name, dtype)


class Poisson(MeanMetricWrapper):
    """The mean negative log-likelihood of counts, up to a constant.

    mean(y_pred - y_true log(y_pred)); predictions are the expected counts.

    Input shape: labels, counts, and predictions, positive, (batch, ..., features).

    Example:
        >>> round(float(Poisson()([[2.0]], [[2.0]])), 3)  # 2 - 2 log(2)
        0.614
    """

    _direction = "down"

    def __init__(self, name: str = "poisson", dtype: PolicyLike = None) -> None:
        super().__init__(poisson, name, dtype)


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean crossentropy of labels that are 0 or 1, each on its own.

    mean(-y log(p) - (1 - y) log(1 - p)).

    Input shape: labels and predictions (batch, ..., labels).

    Example:
        >>> metric = BinaryCrossentropy()
        >>> round(float(metric([[1.0], [0.0]], [[0.8], [0.2]])), 3)  # -log(0.8)
        0.223
    """

    aliases = ("bce", "BCE")
    _direction = "down"

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: PolicyLike = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            binary_crossentropy, name, dtype, from_logits=from_logits, label_smoothing=label_smoothing
        )


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean crossentropy of one-hot labels.

    -sum(y log(p)) over the classes.

    Input shape: labels and predictions (batch, ..., classes).

    Example:
        >>> metric = CategoricalCrossentropy()
        >>> round(float(metric([[0.0, 1.0]], [[0.2, 0.8]])), 3)  # -log(0.8)
        0.223
    """

    _direction = "down"

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: PolicyLike = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean crossentropy of labels that are class numbers.

    -log(p[y]): as `CategoricalCrossentropy`, without the memory for one-hot labels.

    Args:
        ignore_class: label of places whose loss is 0. As in Keras they still count in
            the mean, unless there are sample weights. None ignores none.
    Input shape: labels (batch, ...) or (batch, ..., 1), predictions (batch, ...,
    classes).

    Example:
        >>> metric = SparseCategoricalCrossentropy()
        >>> metric.update_state([1], [[0.2, 0.8]])
        >>> metric.update_state([0], [[0.5, 0.5]])
        >>> round(float(metric.result()), 3)  # -log(0.8) and -log(0.5)
        0.458
    """

    _direction = "down"

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: PolicyLike = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )

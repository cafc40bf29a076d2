"""Sums and means over batches, and the mean of any function of labels and predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from layerlab import initializers, ops
from layerlab.backend.protocol import Array
from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.masking import get_mask
from layerlab.core.registry import builtin_name
from layerlab.dtypes import PolicyLike
from layerlab.losses.base import Loss
from layerlab.losses.loss_arrays import as_array, returned
from layerlab.losses.reduction import align_weights, squeeze_or_expand_to_same_rank, weights_with_mask
from layerlab.metrics.base import Metric
from layerlab.typing import TensorLike

__all__ = ["Mean", "MeanMetricWrapper", "Sum"]


class Sum(Metric):
    """The sum of all values, each times its weight.

    Call: `metric.update_state(values, sample_weight=None)`; values of any shape.

    Example:
        >>> total = Sum()
        >>> total.update_state([1.0, 2.0, 3.0], sample_weight=[1, 1, 0])
        >>> float(total.result())
        3.0
    """

    def __init__(self, name: str = "sum", dtype: PolicyLike = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), initializers.Zeros(), self.dtype, name="total")

    def update_state(self, values: TensorLike, sample_weight: TensorLike | None = None) -> None:
        """Add the values of one batch.

        Args:
            values: any shape.
            sample_weight: factors of the values, of their shape or their leading axes.
        """
        values, _ = _per_sample(values, sample_weight, ops.sum, self.dtype)
        self.total.assign_add(ops.sum(values))

    def result(self) -> Array:
        """The sum of all values so far."""
        return ops.cast(self.total, self.dtype)


class Mean(Metric):
    """The mean of all values, each with its weight; 0 before the first.

    sum(weight value) / sum(weight), over all batches, whatever their sizes.

    Call: `metric.update_state(values, sample_weight=None)`; values (batch, ...) or a
    number.

    Example:
        >>> mean = Mean()
        >>> mean.update_state([1.0, 3.0])
        >>> mean.update_state(5.0)
        >>> float(mean.result())
        3.0
    """

    def __init__(self, name: str | None = "mean", dtype: PolicyLike = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), initializers.Zeros(), self.dtype, name="total")
        self.count = self.add_variable((), initializers.Zeros(), self.dtype, name="count")

    def update_state(self, values: TensorLike, sample_weight: TensorLike | None = None) -> None:
        """Take in the values of one batch: a sample counts once, or as its weight says.

        Args:
            values: (batch, ...), or a number, which counts as one sample.
            sample_weight: weights of the values, of their shape or their leading axes.
        """
        values, weights = _per_sample(values, sample_weight, ops.mean, self.dtype)
        self.total.assign_add(ops.sum(values))
        if weights is not None:
            self.count.assign_add(ops.sum(weights))
        else:
            self.count.assign_add(float(values.shape[0]) if len(values.shape) else 1.0)

    def result(self) -> Array:
        """The mean of all values so far; 0 if there are none."""
        return ops.divide_no_nan(self.total, self.count)


class MeanMetricWrapper(Mean):
    """A metric made of a function: the mean of `fn(y_true, y_pred, **kwargs)`.

    `compile(metrics=[fn])` makes one of each function; with a MeanMetricWrapper one
    chooses its name and arguments.

    Args:
        fn: gives one value per sample, (batch,), or more axes, which are averaged.
        **kwargs: passed to `fn`; kept as attributes and in the config.

    Example:
        >>> def within(y_true, y_pred, distance):
        ...     return ops.abs(ops.subtract(y_true, y_pred)) <= distance
        >>> metric = MeanMetricWrapper(within, name="within_1", distance=1.0)
        >>> float(metric([1.0, 2.0, 3.0, 4.0], [1.5, 2.0, 3.5, 6.0]))
        0.75
    """

    def __init__(
        self, fn: Callable[..., Array], name: str | None = None, dtype: PolicyLike = None, **kwargs: object
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs
        vars(self).update(kwargs)  # a config is read from attributes
        if type(self) is MeanMetricWrapper and _is_loss(fn):
            self._direction = "down"  # type: ignore[misc]

    def update_state(  # type: ignore[override]
        self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None
    ) -> None:
        """Take in one batch; a mask on `y_pred` hides its padding.

        Args:
            y_true, y_pred: labels and predictions, as `fn` takes them.
            sample_weight: (batch,), or of the shape of what `fn` gives.
        """
        mask = get_mask(y_pred)
        values = returned(self._fn(y_true, y_pred, **self._fn_kwargs), f"The metric function '{self.name}'")
        super().update_state(values, weights_with_mask(sample_weight, mask, self.dtype))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; a function as Keras writes it."""
        config = super().get_config()
        if "fn" in config:  # not one of the subclasses, which bring their own function
            config |= {"fn": serialize_keras_object(self._fn), **serialize_keras_object(self._fn_kwargs)}
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The metric of a config, the inverse of `get_config`.

        Args:
            config: constructor arguments; a function as `get_config` writes it.
        """
        return super().from_config(deserialize_keras_object(config) if "fn" in config else config)


def _per_sample(
    values: Any, sample_weight: TensorLike | None, reduce: Callable[..., Array], dtype: str
) -> tuple[Array, Any]:
    """Values times weights, and the weights, with all axes but the first reduced.

    Weights may cover leading axes only: values are reduced over the others first.
    """
    mask = get_mask(values)
    values = as_array(values, dtype)
    if sample_weight is None:
        return _reduce_from(values, 1, reduce), None
    # A mask of the values themselves counts only beside weights, as in Keras.
    weights = ops.cast(weights_with_mask(sample_weight, mask, dtype), dtype)
    values, weights = squeeze_or_expand_to_same_rank(values, weights)
    values = _reduce_from(values, len(weights.shape), reduce)
    weights = ops.broadcast_to(align_weights(weights, values), values.shape)
    return _reduce_from(values * weights, 1, reduce), _reduce_from(weights, 1, reduce)


def _reduce_from(x: Array, axis: int, reduce: Callable[..., Array]) -> Array:
    return reduce(x, axis=tuple(range(axis, len(x.shape)))) if len(x.shape) > axis else x


def _is_loss(fn: object) -> bool:
    return isinstance(fn, Loss) or (builtin_name(fn) or ("",))[0] == "losses"

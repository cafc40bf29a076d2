"""Crossentropies: of independent yes/no labels, of one class among many, and their focal variants.

Predictions are probabilities, or logits with `from_logits=True`, which is more exact.
"""

from __future__ import annotations

from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.masking import set_mask
from layerlab.core.registry import register_function
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.losses.arrays import as_array
from layerlab.losses.base import LossFunctionWrapper
from layerlab.losses.pairs import as_pair, check_axis, check_same_shape
from layerlab.settings import settings

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "SparseCategoricalCrossentropy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "sparse_categorical_crossentropy",
]


@register_function("losses", "bce", "BCE")
def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """The mean over `axis` of -y log(p) - (1 - y) log(1 - p).

    Args:
        y_true, y_pred: (batch, ..., labels), labels 0 or 1.
        label_smoothing: s in [0, 1] moves labels to y (1 - s) + s / 2.
    """
    y_true, y_pred = _yes_no_pair(y_true, y_pred, label_smoothing, "binary_crossentropy")
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


@register_function("losses")
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Binary crossentropy times (1 - p_t)^gamma, where p_t is the probability of the true label.

    `alpha` weighs label 1, and 1 - alpha label 0, if `apply_class_balancing`.
    Source: Lin et al. 2017, arXiv:1708.02002, eq. 4 and 5.
    """
    y_true, y_pred = _yes_no_pair(y_true, y_pred, label_smoothing, "binary_focal_crossentropy")
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    of_truth = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    focal = ops.power(1.0 - of_truth, gamma) * ops.binary_crossentropy(y_true, y_pred)
    if apply_class_balancing:
        focal = focal * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return ops.mean(focal, axis=axis)


@register_function("losses")
def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """-sum(y log(p)) along `axis`; probabilities are divided by their sum first.

    Args:
        y_true, y_pred: (batch, ..., classes); labels one-hot or probabilities.
        label_smoothing: s in [0, 1] moves labels to y (1 - s) + s / classes.
    """
    y_true, y_pred = _one_hot_pair(y_true, y_pred, label_smoothing, axis, "categorical_crossentropy")
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


@register_function("losses")
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """-sum(alpha (1 - p)^gamma y log(p)) along `axis`; `alpha` is a number or one weight per class.

    Source: Lin et al. 2017, arXiv:1708.02002.
    """
    y_true, y_pred = _one_hot_pair(y_true, y_pred, label_smoothing, axis, "categorical_focal_crossentropy")
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    p = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    p = ops.clip(p, settings.epsilon, 1.0 - settings.epsilon)
    weight = _along(axis, ops.cast(alpha, p.dtype), p) * ops.power(1.0 - p, gamma)
    return -ops.sum(weight * y_true * ops.log(p), axis=axis)


@register_function("losses")
def sparse_categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Array:
    """-log(p[y]): crossentropy for class numbers.

    Args:
        y_true: (batch, ...) or (batch, ..., 1), classes 0 to n - 1.
        y_pred: (batch, ..., n), classes along `axis`.
        ignore_class: places with this label count as masked: loss 0, and no part in a mean.
    """
    y_true, y_pred = _class_numbers_pair(y_true, y_pred, axis, "sparse_categorical_crossentropy")
    if ignore_class is None:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    valid = ops.not_equal(y_true, ignore_class)
    y_true = ops.where(valid, y_true, 0)
    # The predictions too: a gradient of 0 times infinity would be NaN.
    y_pred = ops.where(ops.expand_dims(valid, axis), y_pred, 0)
    loss = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    loss = ops.where(valid, loss, 0)
    set_mask(loss, valid)
    return loss


@register_function("losses")
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Array:
    """(1 - p[y]^q) / q for class numbers: between crossentropy (q to 0) and mean absolute error (q = 1).

    Source: Zhang, Sabuncu 2018, arXiv:1805.07836, eq. 6.
    """
    y_true, y_pred = _class_numbers_pair(y_true, y_pred, -1, "categorical_generalized_cross_entropy")
    one_hot = ops.one_hot(y_true, y_pred.shape[-1], dtype=y_pred.dtype)
    p = ops.sum(y_pred * one_hot, axis=-1)
    return (1.0 - ops.power(p, q)) / q


class BinaryCrossentropy(LossFunctionWrapper):
    """Crossentropy of labels that are 0 or 1, each on its own."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """Binary crossentropy that counts well-classified samples less."""

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class CategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy of one-hot labels."""

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """Categorical crossentropy that counts well-classified samples less."""

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Crossentropy of labels that are class numbers."""

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            reduction,
            name,
            dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """A loss for class numbers that withstands wrong labels; `q` in (0, 1)."""

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise InvalidArgumentError(
                explain("CategoricalGeneralizedCrossEntropy", expected="0 < q < 1", got=str(q))
            )
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)


def _yes_no_pair(y_true: Any, y_pred: Any, label_smoothing: float, what: str) -> tuple[Array, Array]:
    y_true, y_pred = as_pair(y_true, y_pred)
    check_same_shape(y_true, y_pred, what, "one label of 0 or 1 for each output unit")
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return y_true, y_pred


def _one_hot_pair(
    y_true: Any, y_pred: Any, label_smoothing: float, axis: int, what: str
) -> tuple[Array, Array]:
    check_axis(axis)
    y_true, y_pred = as_pair(y_true, y_pred)
    check_same_shape(
        y_true,
        y_pred,
        what,
        f"use sparse_{what.replace('focal_', '')} for class numbers, or to_categorical(y)",
    )
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis]
    return y_true, y_pred


def _along(axis: int, alpha: Array, p: Array) -> Array:
    """One weight per class in the place of the classes of `p`; a single number as it is."""
    if len(alpha.shape) != 1:
        return alpha
    return ops.reshape(alpha, tuple(-1 if i == axis % len(p.shape) else 1 for i in range(len(p.shape))))


def _class_numbers_pair(y_true: Any, y_pred: Any, axis: int, what: str) -> tuple[Array, Array]:
    """Labels as int32 of the shape of the predictions without their axis of classes."""
    check_axis(axis)
    y_true, y_pred = as_array(y_true), as_array(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape and y_true.shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis=axis)
    _check_class_numbers(y_true, y_pred, axis, what)
    return as_array(y_true, "int32"), y_pred


def _check_class_numbers(y_true: Array, y_pred: Array, axis: int, what: str) -> None:
    outputs = list(y_pred.shape)
    classes = outputs.pop(axis)
    labels = tuple(y_true.shape)
    if len(labels) == len(outputs) and all(a == b or a is None or b is None for a, b in zip(labels, outputs)):
        return
    one_hot = len(labels) == len(y_pred.shape) and labels[axis] == classes
    raise ShapeError(
        explain(
            f"{what}: the labels do not fit the predictions.",
            expected=f"class numbers {tuple(outputs)} for predictions {tuple(y_pred.shape)}",
            got=str(labels) + (f", which looks one-hot ({classes} columns)" if one_hot else ""),
            fix=_advice_on_class_numbers(one_hot, len(labels), len(outputs)),
        )
    )


def _advice_on_class_numbers(one_hot: bool, label_axes: int, output_axes: int) -> str:
    if one_hot:
        return "use categorical_crossentropy, or y.argmax(-1)"
    if label_axes == 1 and output_axes > 1:
        return "a Flatten or pooling layer before the last Dense gives one prediction for each sample"
    return "compare the model's output shape with that of y"

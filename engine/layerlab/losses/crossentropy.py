"""Crossentropies: of independent yes/no labels, of one class among many, and their focal variants.

Predictions are probabilities, or logits with `from_logits=True`, which is more exact.
"""

from __future__ import annotations

from collections.abc import Sequence

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.masking import set_mask
from layerlab.core.registry import register_function
from layerlab.dtypes import PolicyLike
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.losses.base import LossFunctionWrapper
from layerlab.losses.label_pairs import as_pair, check_axis, check_same_shape
from layerlab.losses.loss_arrays import as_array
from layerlab.settings import settings
from layerlab.typing import TensorLike

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
    y_true: TensorLike,
    y_pred: TensorLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Crossentropy of labels that are 0 or 1, each on its own, averaged over an axis.

    mean(-y log(p) - (1 - y) log(1 - p)), for each sample: for one yes or no, or for
    several that do not exclude each other.

    Args:
        y_true: labels 0 or 1, or probabilities, of the shape of y_pred.
        y_pred: predicted probabilities of label 1, or logits, (batch, ..., labels).
        axis: axis to average over, by default the last.
    Returns: the shape of y_pred without `axis`.
    Raises: ShapeError for labels of another shape than the predictions.

    Example:
        >>> loss = binary_crossentropy([[1.0], [1.0]], [[0.9], [0.1]])
        >>> [round(value, 3) for value in loss.tolist()]  # -log(0.9), -log(0.1)
        [0.105, 2.303]
    """
    y_true, y_pred = _yes_no_pair(y_true, y_pred, label_smoothing, "binary_crossentropy")
    return ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)


@register_function("losses")
def binary_focal_crossentropy(
    y_true: TensorLike,
    y_pred: TensorLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Binary crossentropy that counts what is predicted well already less.

    mean((1 - p_t)^gamma (-log(p_t))), where p_t is the probability that was predicted
    for the true label. For data in which easy negatives are many and would drown the
    rest.

    Args:
        y_true: labels 0 or 1, of the shape of y_pred.
        y_pred: predicted probabilities of label 1, or logits, (batch, ..., labels).
        apply_class_balancing: True multiplies the loss of labels 1 by alpha, and of
            labels 0 by 1 - alpha.
        alpha: in [0, 1], for `apply_class_balancing`; without it alpha does nothing.
        gamma: how strongly easy cases fade; 0 is plain binary crossentropy.
        axis: axis to average over, by default the last.
    Returns: the shape of y_pred without `axis`.
    Raises: ShapeError for labels of another shape than the predictions.
    Source: Lin et al. 2017, arXiv:1708.02002, eq. 4 and 5.

    Example:
        >>> loss = binary_focal_crossentropy([[1.0], [1.0]], [[0.9], [0.1]])
        >>> [round(value, 3) for value in loss.tolist()]  # times 0.01 and 0.81
        [0.001, 1.865]
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
    y_true: TensorLike,
    y_pred: TensorLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Crossentropy of one-hot labels, or of labels that are probabilities.

    -sum(y log(p)) along the axis; probabilities are divided by their sum first.

    Args:
        y_true: one-hot labels, or probabilities, of the shape of y_pred.
        y_pred: predicted probabilities, or logits, (batch, ..., classes).
    Returns: the shape of y_pred without `axis`.
    Raises: ShapeError for labels of another shape, such as class numbers.

    Example:
        >>> loss = categorical_crossentropy([[0, 1, 0]], [[0.1, 0.8, 0.1]])
        >>> [round(value, 3) for value in loss.tolist()]  # -log(0.8)
        [0.223]
    """
    y_true, y_pred = _one_hot_pair(y_true, y_pred, label_smoothing, axis, "categorical_crossentropy")
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


@register_function("losses")
def categorical_focal_crossentropy(
    y_true: TensorLike,
    y_pred: TensorLike,
    alpha: float | Sequence[float] | Array = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Crossentropy of one-hot labels that counts what is predicted well already less.

    -sum(alpha (1 - p)^gamma y log(p)) along the axis. For classes of very different
    sizes.

    Args:
        y_true: one-hot labels, of the shape of y_pred.
        y_pred: predicted probabilities, or logits, (batch, ..., classes).
        alpha: a number, or one weight per class, (classes,).
        gamma: how strongly easy cases fade; 0 leaves crossentropy times alpha.
    Returns: the shape of y_pred without `axis`.
    Raises: ShapeError for labels of another shape, such as class numbers.
    Source: Lin et al. 2017, arXiv:1708.02002.

    Example:
        >>> outputs = [[0.1, 0.8, 0.1]]
        >>> loss = categorical_focal_crossentropy([[0, 1, 0]], outputs, alpha=1.0)
        >>> [round(value, 4) for value in loss.tolist()]  # 0.2² times 0.2231
        [0.0089]
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
    y_true: TensorLike,
    y_pred: TensorLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Array:
    """Crossentropy of labels that are class numbers.

    -log(p[y]): as `categorical_crossentropy`, without the memory for one-hot labels.

    Args:
        y_true: classes 0 to n - 1, (batch, ...) or (batch, ..., 1).
        y_pred: predicted probabilities, or logits, (batch, ..., n).
    Returns: the shape of y_pred without `axis`.
    Raises: ShapeError for labels that do not fit, such as one-hot ones.

    Example:
        >>> loss = sparse_categorical_crossentropy([1, 0], [[0.2, 0.8], [0.2, 0.8]])
        >>> [round(value, 3) for value in loss.tolist()]  # -log(0.8), -log(0.2)
        [0.223, 1.609]
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
def categorical_generalized_cross_entropy(y_true: TensorLike, y_pred: TensorLike, q: float) -> Array:
    """A loss of class numbers that is robust against wrong labels.

    (1 - p[y]^q) / q: crossentropy as q goes to 0, the absolute error 1 - p[y] at q = 1.
    A wrong label costs 1 / q at most.

    Args:
        y_true: classes 0 to n - 1, (batch, ...) or (batch, ..., 1).
        y_pred: predicted probabilities, (batch, ..., n).
        q: above 0, at most 1; the larger, the less a label counts that does not fit.
    Returns: the shape of y_pred without its last axis.
    Raises: ShapeError for labels that do not fit, such as one-hot ones.
    Source: Zhang, Sabuncu 2018, arXiv:1805.07836, eq. 6.

    Example:
        >>> outputs = [[0.0, 1.0], [0.0, 1.0]]
        >>> categorical_generalized_cross_entropy([1, 0], outputs, q=0.5).tolist()
        [0.0, 2.0]
    """
    y_true, y_pred = _class_numbers_pair(y_true, y_pred, -1, "categorical_generalized_cross_entropy")
    one_hot = ops.one_hot(y_true, y_pred.shape[-1], dtype=y_pred.dtype)
    p = ops.sum(y_pred * one_hot, axis=-1)
    return (1.0 - ops.power(p, q)) / q


class BinaryCrossentropy(LossFunctionWrapper):
    """Crossentropy of labels that are 0 or 1, each on its own.

    -y log(p) - (1 - y) log(1 - p), averaged. For one yes or no, behind Dense(1), or for
    several labels that do not exclude each other, behind Dense(labels).

    Args:
        axis: axis to average over, by default the last.
    Input shape: labels and predictions (batch, ..., labels).

    Example:
        >>> round(float(BinaryCrossentropy()([[1.0], [0.0]], [[0.8], [0.2]])), 3)
        0.223
        >>> loss = BinaryCrossentropy(from_logits=True)
        >>> round(float(loss([[1.0]], [[0.0]])), 3)  # log(2)
        0.693
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: PolicyLike = None,
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
    """Binary crossentropy that counts what is predicted well already less.

    (1 - p_t)^gamma (-log(p_t)), averaged; p_t is the probability that was predicted for
    the true label. For data in which easy negatives are many and would drown the rest.

    Args:
        apply_class_balancing: True multiplies the loss of labels 1 by alpha, and of
            labels 0 by 1 - alpha.
        alpha: in [0, 1], for `apply_class_balancing`; without it alpha does nothing.
        gamma: how strongly easy cases fade; 0 is plain binary crossentropy.
        axis: axis to average over, by default the last.
    Input shape: labels and predictions (batch, ..., labels).
    Source: Lin et al. 2017, arXiv:1708.02002, eq. 4 and 5.

    Example:
        >>> easy, hard = [[0.9]], [[0.1]]
        >>> loss = BinaryFocalCrossentropy(gamma=2.0)
        >>> round(float(loss([[1.0]], easy)), 3), round(float(loss([[1.0]], hard)), 3)
        (0.001, 1.865)
    """

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
        dtype: PolicyLike = None,
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
    """Crossentropy of one-hot labels, or of labels that are probabilities.

    -sum(y log(p)) over the classes. For one class among several, behind Dense(classes);
    SparseCategoricalCrossentropy is the same for class numbers.

    Input shape: labels and predictions (batch, ..., classes).

    Example:
        >>> labels, outputs = [[0.0, 1.0], [1.0, 0.0]], [[0.2, 0.8], [0.5, 0.5]]
        >>> loss = CategoricalCrossentropy()
        >>> round(float(loss(labels, outputs)), 3)
        0.458
        >>> round(float(loss(labels, outputs, sample_weight=[1, 0])), 3)
        0.112
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: PolicyLike = None,
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
    """Crossentropy of one-hot labels that counts what is predicted well already less.

    -sum(alpha (1 - p)^gamma y log(p)) over the classes. For classes of very different
    sizes.

    Args:
        alpha: a number, or one weight per class, (classes,).
        gamma: how strongly easy cases fade; 0 leaves crossentropy times alpha.
    Input shape: labels and predictions (batch, ..., classes).
    Source: Lin et al. 2017, arXiv:1708.02002.

    Example:
        >>> loss = CategoricalFocalCrossentropy(alpha=1.0, gamma=2.0)
        >>> round(float(loss([[0.0, 1.0]], [[0.2, 0.8]])), 4)  # 0.2² times 0.2231
        0.0089
    """

    def __init__(
        self,
        alpha: float | Sequence[float] | Array = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: PolicyLike = None,
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
    """Crossentropy of labels that are class numbers.

    -log(p[y]): for one class among several, behind Dense(classes), with labels 0 to
    classes - 1. CategoricalCrossentropy is the same for one-hot labels.

    Input shape: labels (batch, ...) or (batch, ..., 1), predictions (batch, ...,
    classes).

    Example:
        >>> labels, outputs = [1, 0], [[0.2, 0.8], [0.5, 0.5]]
        >>> round(float(SparseCategoricalCrossentropy()(labels, outputs)), 3)
        0.458
        >>> loss = SparseCategoricalCrossentropy(ignore_class=0)  # one sample is left
        >>> round(float(loss(labels, outputs)), 3)
        0.223
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: PolicyLike = None,
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
    """A loss of class numbers that is robust against wrong labels.

    (1 - p[y]^q) / q: between crossentropy (q to 0) and the absolute error (q to 1). For
    labels some of which are wrong.

    Args:
        q: between 0 and 1, both excluded; the larger, the less a label counts that does
            not fit.
    Input shape: labels (batch, ...) or (batch, ..., 1), predictions (batch, ...,
    classes).
    Raises: InvalidArgumentError for q outside of (0, 1).
    Source: Zhang, Sabuncu 2018, arXiv:1805.07836, eq. 6.

    Example:
        >>> loss = CategoricalGeneralizedCrossEntropy(q=0.5)
        >>> float(loss([1], [[0.75, 0.25]]))  # (1 - √0.25) / 0.5
        1.0
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: PolicyLike = None,
    ) -> None:
        if not 0 < q < 1:
            raise InvalidArgumentError(
                explain("CategoricalGeneralizedCrossEntropy", expected="0 < q < 1", got=str(q))
            )
        super().__init__(categorical_generalized_cross_entropy, reduction, name, dtype, q=q)


def _yes_no_pair(
    y_true: TensorLike, y_pred: TensorLike, label_smoothing: float, what: str
) -> tuple[Array, Array]:
    y_true, y_pred = as_pair(y_true, y_pred)
    check_same_shape(y_true, y_pred, what, "one label of 0 or 1 for each output unit")
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    return y_true, y_pred


def _one_hot_pair(
    y_true: TensorLike, y_pred: TensorLike, label_smoothing: float, axis: int, what: str
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


def _class_numbers_pair(y_true: TensorLike, y_pred: TensorLike, axis: int, what: str) -> tuple[Array, Array]:
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

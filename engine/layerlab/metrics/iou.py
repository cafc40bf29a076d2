"""Intersection over union of segmentations, from a confusion matrix."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from layerlab import dtypes, initializers, ops
from layerlab.backend.protocol import Array
from layerlab.dtypes import PolicyLike
from layerlab.errors import InvalidArgumentError, explain
from layerlab.losses.label_pairs import check_same_shape
from layerlab.losses.loss_arrays import as_array
from layerlab.losses.reduction import squeeze_or_expand_to_same_rank
from layerlab.metrics.accumulators import Counter
from layerlab.metrics.base import Metric
from layerlab.settings import settings
from layerlab.typing import TensorLike

__all__ = ["BinaryIoU", "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"]


class IoU(Metric):
    """Intersection over union: how well the areas of some classes are segmented.

    |both| / |either| for each class: elements of the class in labels and predictions,
    over elements of it in one or the other. They are counted over all batches; the
    result is the mean over the target classes.

    Args:
        dtype: of the counts. None is int32, in which fractions of sample weights are
            lost; 'float32' keeps them.
        axis: axis of the classes, where labels or predictions are not class numbers.
    Input shape: labels and predictions of any one shape, such as (batch, height,
    width), with an axis of classes where they are not class numbers.
    Raises: InvalidArgumentError for a target class of num_classes or above.
    Source: Jaccard 1912, New Phytologist 11.

    Example:
        >>> labels, outputs = [[0, 0, 1, 1]], [[0, 1, 1, 1]]
        >>> metric = IoU(num_classes=2, target_class_ids=[1])
        >>> round(float(metric(labels, outputs)), 3)  # 2 of 3
        0.667
    """

    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: PolicyLike = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int32")
        if max(target_class_ids) >= num_classes:
            raise InvalidArgumentError(
                explain(
                    f"{type(self).__name__} target_class_ids",
                    expected=f"classes 0 to {num_classes - 1}",
                    got=str(max(target_class_ids)),
                )
            )
        self.num_classes = num_classes
        self.target_class_ids = list(target_class_ids)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable(
            (num_classes, num_classes), initializers.Zeros(), self.dtype, name="total_confusion_matrix"
        )

    def update_state(
        self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None
    ) -> None:
        """Take in one batch.

        Args:
            y_true, y_pred: labels and predictions of any one shape, apart from an axis
                of classes.
            sample_weight: a number, or one weight for each element.
        """
        if self.sparse_y_true == self.sparse_y_pred:
            y_true, y_pred = squeeze_or_expand_to_same_rank(as_array(y_true), as_array(y_pred))
        y_true = self._class_numbers(y_true, self.sparse_y_true)
        y_pred = self._class_numbers(y_pred, self.sparse_y_pred)
        check_same_shape(y_true, y_pred, type(self).__name__, "as many labels as predictions")
        weights = self._weights(sample_weight, y_true)
        inside = ops.logical_and(self._is_class(y_true), self._is_class(y_pred))
        if self.ignore_class is not None:
            inside = ops.logical_and(inside, ops.not_equal(y_true, self.ignore_class))
        places = ops.where(inside, y_true * self.num_classes + y_pred, 0)  # row: label, column: prediction
        weights = ops.where(inside, weights, ops.zeros_like(weights))
        counts = ops.segment_sum(weights, places, num_segments=self.num_classes**2)
        self.total_cm.assign_add(ops.reshape(counts, (self.num_classes, self.num_classes)))

    def result(self) -> Array:
        """The mean score, float32."""
        counts = self.total_cm
        matrix = counts.whole() if isinstance(counts, Counter) else ops.cast(counts, "float32")
        both = ops.diagonal(matrix)
        either = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - both
        both, either = (ops.take(x, self.target_class_ids, axis=0) for x in (both, either))
        occurs = either > 1e-9
        scores = ops.where(occurs, both / (either + settings.epsilon), 0.0)
        return ops.sum(scores) / (ops.sum(ops.cast(occurs, "float32")) + settings.epsilon)

    def _class_numbers(self, values: TensorLike, sparse: bool) -> Array:
        numbers = values if sparse else ops.argmax(values, axis=self.axis)
        return ops.reshape(ops.cast(numbers, "int32"), (-1,))

    def _is_class(self, numbers: Array) -> Array:
        return ops.logical_and(numbers >= 0, numbers < self.num_classes)

    def _weights(self, sample_weight: TensorLike | None, y_true: Array) -> Array:
        if sample_weight is None:
            return ops.ones_like(y_true, dtype=self.dtype)
        weights = ops.convert_to_tensor(sample_weight)
        if dtypes.is_float(dtypes.standardize_dtype(weights.dtype)) and not dtypes.is_float(self.dtype):
            warnings.warn(
                f"{type(self).__name__} '{self.name}' counts in {self.dtype}: fractions of weights are lost. "
                "Make it with dtype='float32'.",
                stacklevel=3,
            )
        weights = ops.cast(weights, self.dtype)
        weights = ops.reshape(weights, (-1,)) if len(weights.shape) > 1 else weights
        return ops.broadcast_to(weights, y_true.shape)


class BinaryIoU(IoU):
    """Intersection over union of two classes, with predictions cut at a threshold.

    Args:
        target_class_ids: [1] scores the object, [0] the background; by default the mean
            of both.
        threshold: predictions of at least this much are class 1.
        dtype: of the counts. None is int32, in which fractions of sample weights are
            lost; 'float32' keeps them.
    Input shape: labels 0 and 1 and predictions of any one shape.

    Example:
        >>> metric = BinaryIoU(target_class_ids=[1])
        >>> round(float(metric([0, 0, 1, 1], [0.1, 0.6, 0.7, 0.8])), 3)  # 2 of 3
        0.667
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(num_classes=2, target_class_ids=target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(
        self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None
    ) -> None:
        """Take in one batch.

        Args:
            y_true: labels 0 and 1.
            y_pred: predictions of the same shape.
            sample_weight: a number, or one weight for each element.
        """
        super().update_state(y_true, ops.cast(y_pred, "float32") >= self.threshold, sample_weight)


class MeanIoU(IoU):
    """Intersection over union, averaged over all classes.

    Each class counts the same, however few its elements are; classes that occur nowhere
    are left out.

    Args:
        dtype: of the counts. None is int32, in which fractions of sample weights are
            lost; 'float32' keeps them.
        axis: axis of the classes, where labels or predictions are not class numbers.
    Input shape: labels and predictions of any one shape, such as (batch, height,
    width), with an axis of classes where they are not class numbers.

    Example:
        >>> metric = MeanIoU(num_classes=2)
        >>> round(float(metric([0, 0, 1, 1], [0, 1, 1, 1])), 3)  # 1 / 2 and 2 / 3
        0.583
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: PolicyLike = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )


class OneHotIoU(IoU):
    """Intersection over union of some classes, for one-hot labels.

    As IoU with sparse_y_true=False; predictions are class probabilities unless
    sparse_y_pred.

    Args:
        dtype: of the counts. None is int32, in which fractions of sample weights are
            lost; 'float32' keeps them.
    Input shape: labels and predictions (batch, ..., classes).

    Example:
        >>> labels = [[1, 0], [0, 1], [0, 1]]
        >>> outputs = [[0.4, 0.6], [0.1, 0.9], [0.2, 0.8]]
        >>> metric = OneHotIoU(num_classes=2, target_class_ids=[1])
        >>> round(float(metric(labels, outputs)), 3)  # 2 of 3
        0.667
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: PolicyLike = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """Intersection over union, averaged over all classes, for one-hot labels.

    As MeanIoU with sparse_y_true=False; predictions are class probabilities unless
    sparse_y_pred.

    Args:
        dtype: of the counts. None is int32, in which fractions of sample weights are
            lost; 'float32' keeps them.
    Input shape: labels and predictions (batch, ..., classes).

    Example:
        >>> labels = [[1, 0], [0, 1], [0, 1]]
        >>> outputs = [[0.4, 0.6], [0.1, 0.9], [0.2, 0.8]]
        >>> metric = OneHotMeanIoU(num_classes=2)
        >>> round(float(metric(labels, outputs)), 3)  # 0 and 2 / 3
        0.333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: PolicyLike = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

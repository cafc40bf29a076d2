"""F-scores: weighted harmonic means of precision and recall."""

from __future__ import annotations

from layerlab import initializers, ops
from layerlab.backend.protocol import Array, Shape
from layerlab.core.variable import Variable
from layerlab.dtypes import PolicyLike
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.losses.label_pairs import as_pair, check_same_shape
from layerlab.losses.loss_arrays import as_array
from layerlab.metrics.base import Metric
from layerlab.settings import choose, settings
from layerlab.typing import TensorLike

__all__ = ["F1Score", "FBetaScore"]

_AVERAGES = ("micro", "macro", "weighted")


class FBetaScore(Metric):
    """The weighted harmonic mean of precision and recall.

    (1 + beta²) precision recall / (beta² precision + recall): recall counts beta times
    as much as precision.

    Args:
        beta: a positive float; above 1 recall counts more, below 1 precision.
    Input shape: labels, one-hot or 0 and 1, and predictions (batch, classes).
    Raises: InvalidArgumentError for a beta that is not a positive float, an unknown
    average or a threshold outside of (0, 1]; ShapeError for other shapes.
    Source: van Rijsbergen 1979, Information Retrieval.

    Example:
        >>> labels, outputs = [[1], [1], [1], [0]], [[0.9], [0.2], [0.3], [0.1]]
        >>> metric = FBetaScore(average="micro", beta=2.0, threshold=0.5)
        >>> round(float(metric(labels, outputs)), 3)  # precision 1, recall 1 / 3
        0.385
    """

    _direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average is not None:
            choose(average, _AVERAGES, "average")
        if not isinstance(beta, float) or beta <= 0:
            raise InvalidArgumentError(
                explain(f"{type(self).__name__} beta", expected="a positive float", got=repr(beta))
            )
        if threshold is not None and not (isinstance(threshold, float) and 0 < threshold <= 1):
            raise InvalidArgumentError(
                explain(
                    f"{type(self).__name__} threshold",
                    expected="None or a float in (0, 1]",
                    got=repr(threshold),
                )
            )
        self.average = average
        self.beta = beta
        self.threshold = threshold

    def build_from_shapes(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Make the counts: one number each if 'micro', else one per class.

        Args:
            y_true_shape, y_pred_shape: (batch, classes), or (batch,) beside (batch, 1).
        Raises: ShapeError for other shapes.
        """
        if hasattr(self, "true_positives"):
            return
        labels = _with_column(y_true_shape, y_pred_shape)
        outputs = _with_column(y_pred_shape, y_true_shape)
        for shape in (labels, outputs):
            if len(shape) != 2 or shape[-1] is None:
                raise ShapeError(
                    explain(
                        f"{type(self).__name__} '{self.name}'",
                        expected="labels and predictions of shape (batch, classes)",
                        got=f"{tuple(y_true_shape)} and {tuple(y_pred_shape)}",
                    )
                )
        shape = () if self.average == "micro" else (outputs[-1],)
        self.true_positives = self._counts("true_positives", shape)
        self.false_positives = self._counts("false_positives", shape)
        self.false_negatives = self._counts("false_negatives", shape)
        self.intermediate_weights = self._counts("intermediate_weights", shape)

    def update_state(
        self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None
    ) -> None:
        """Take in one batch.

        Args:
            y_true: labels, one-hot or 0 and 1, (batch, classes).
            y_pred: predictions, (batch, classes).
            sample_weight: (batch,) or (batch, 1).
        """
        y_true, y_pred = as_pair(y_true, as_array(y_pred, self.dtype))
        self.build_from_shapes(y_true.shape, y_pred.shape)
        check_same_shape(y_true, y_pred, type(self).__name__, "one-hot labels: to_categorical(y)")
        weights = None if sample_weight is None else ops.cast(sample_weight, self.dtype)
        if weights is not None and len(weights.shape) == 1:
            weights = ops.expand_dims(weights, 1)
        chosen = ops.cast(self._chosen(y_pred), self.dtype)

        def count(hits: Array) -> Array:
            return ops.sum(
                hits if weights is None else hits * weights, axis=None if self.average == "micro" else 0
            )

        self.true_positives.assign_add(count(chosen * y_true))
        self.false_positives.assign_add(count(chosen * (1.0 - y_true)))
        self.false_negatives.assign_add(count((1.0 - chosen) * y_true))
        self.intermediate_weights.assign_add(count(y_true))

    def result(self) -> Array:
        """The score: one number, or one per class."""
        hits, epsilon = self.true_positives.value, settings.epsilon
        precision = hits / (hits + self.false_positives.value + epsilon)
        recall = hits / (hits + self.false_negatives.value + epsilon)
        square = self.beta**2
        score = (1.0 + square) * precision * recall / (square * precision + recall + epsilon)
        if self.average == "weighted":
            weights = self.intermediate_weights.value
            return ops.sum(score * (weights / (ops.sum(weights) + epsilon)))
        return score if self.average is None else ops.mean(score)

    def _chosen(self, y_pred: Array) -> Array:
        if self.threshold is not None:
            return y_pred > self.threshold
        largest = ops.max(y_pred, axis=-1, keepdims=True)
        return ops.logical_and(y_pred >= largest, ops.abs(y_pred) > 1e-9)  # all zeros choose nothing

    def _counts(self, name: str, shape: Shape) -> Variable:
        return self.add_variable(shape, initializers.Zeros(), self.dtype, name=name)


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall.

    2 precision recall / (precision + recall): FBetaScore with beta 1. High only where
    both are high.

    Input shape: labels, one-hot or 0 and 1, and predictions (batch, classes).
    Raises: InvalidArgumentError for an unknown average or a threshold outside of (0,
    1]; ShapeError for other shapes.

    Example:
        >>> labels, outputs = [[1], [1], [1], [0]], [[0.9], [0.2], [0.3], [0.1]]
        >>> metric = F1Score(average="micro", threshold=0.5)
        >>> round(float(metric(labels, outputs)), 3)  # precision 1, recall 1 / 3
        0.5
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)


def _with_column(shape: Shape, other: Shape) -> Shape:
    """(batch, 1) for (batch,) beside (batch, 1)."""
    return (*shape, 1) if len(shape) == 1 and len(other) == 2 and other[-1] == 1 else shape

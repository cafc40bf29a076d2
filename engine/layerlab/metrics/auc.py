"""AUC: the area under a ROC, precision-recall or precision-recall-gain curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from layerlab import initializers, ops
from layerlab.backend.protocol import Array, Shape
from layerlab.core.config import deserialize_keras_object
from layerlab.dtypes import PolicyLike
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.metrics.base import Metric
from layerlab.metrics.threshold_counts import count_decisions, even_thresholds
from layerlab.settings import choose, settings
from layerlab.typing import TensorLike

__all__ = ["AUC"]

_COUNTS = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class AUC(Metric):
    """The area under a curve of rates, which sums up all thresholds in one number.

    For "ROC" the probability that a label 1 gets a higher prediction than a label 0: 1
    is perfect, 0.5 is chance, whatever the share of labels 1. "PR" is stricter where
    labels 1 are rare.

    Args:
        num_thresholds: number of points of the curve, at least 2; more are finer.
        curve: 'ROC', true positive rate over false positive rate; 'PR', precision over
            recall; 'PRGAIN', the gains of both (Flach, Kull 2015, NeurIPS).
        summation_method: between the points, 'interpolation' takes the mean height (for
            PR: Davis, Goadrich 2006, ICML), 'minoring' the lower and 'majoring' the
            higher.
        thresholds: numbers in [0, 1] instead of `num_thresholds` even ones; 0 and 1 are
            added.
        multi_label: True computes one area for each label of (batch, labels) and
            averages them; False counts all decisions together.
        num_labels: number of labels, for multi_label; with it the variables exist at
            once, else from the first batch on.
        label_weights: (labels,), weights of the labels: in the average, or in the
            counts unless multi_label.
        from_logits: whether predictions still need a sigmoid.
    Input shape: labels 0 or 1 and predictions of one shape; (batch, labels) if
    multi_label.
    Raises: InvalidArgumentError for fewer than 2 thresholds, an unknown curve, or
    num_labels without multi_label; ShapeError for predictions that are not (batch,
    labels) if multi_label.

    Example:
        >>> area = AUC()
        >>> area.update_state([0, 1, 0, 1], [0.1, 0.4, 0.6, 0.8])
        >>> round(float(area.result()), 3)  # 3 of 4 pairs are in order
        0.75
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: PolicyLike = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(dtype=dtype, name=name)
        if thresholds is None and num_thresholds <= 1:
            raise InvalidArgumentError(
                explain("AUC num_thresholds", expected="2 or more", got=str(num_thresholds))
            )
        if num_labels and not multi_label:
            raise InvalidArgumentError(explain("AUC num_labels is only for multi_label=True."))
        inner = even_thresholds(num_thresholds)[1:-1] if thresholds is None else sorted(thresholds)
        # A little beyond 0 and 1, so that the curve reaches both of its ends.
        self._thresholds = [0.0 - settings.epsilon, *inner, 1.0 + settings.epsilon]
        self._given_thresholds = thresholds is not None
        self.num_thresholds = len(self._thresholds)
        self.curve = choose(curve.upper(), ("ROC", "PR", "PRGAIN"), "AUC curve")
        self.summation_method = choose(
            summation_method.lower(), ("interpolation", "majoring", "minoring"), "AUC summation_method"
        )
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else [float(weight) for weight in label_weights]
        self.from_logits = from_logits
        if num_labels or not multi_label:
            self.build_from_shapes((), (None, num_labels))  # type: ignore[arg-type]

    @property
    def thresholds(self) -> list[float]:
        """From just below 0 to just above 1."""
        return list(self._thresholds)

    def build_from_shapes(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Make the counts, (thresholds,) or (thresholds, labels).

        Args:
            y_true_shape: not used.
            y_pred_shape: (batch, labels) if multi_label, else any.
        Raises: ShapeError for another shape if multi_label.
        """
        if self._variables:
            return
        if self.multi_label and len(y_pred_shape) != 2:
            raise ShapeError(
                explain(
                    f"AUC '{self.name}' with multi_label",
                    expected="predictions (batch, labels)",
                    got=str(tuple(y_pred_shape)),
                )
            )
        shape = (self.num_thresholds, y_pred_shape[1]) if self.multi_label else (self.num_thresholds,)
        for count in _COUNTS:
            setattr(self, count, self.add_variable(shape, initializers.Zeros(), name=count))

    def update_state(
        self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None
    ) -> None:
        """Take in one batch of labels 0 or 1 and predictions of the same shape.

        Args:
            y_true: labels 0 or 1.
            y_pred: predictions in [0, 1]; logits if `from_logits`.
            sample_weight: (batch,), or of a shape that broadcasts to the labels.
        """
        y_pred = ops.convert_to_tensor(y_pred)
        self.build_from_shapes((), y_pred.shape)
        parts = count_decisions(
            y_true,
            ops.sigmoid(y_pred) if self.from_logits else y_pred,
            self._thresholds,
            self._variables[0].dtype,
            sample_weight=sample_weight,
            label_weights=None if self.multi_label else self.label_weights,
            multi_label=self.multi_label,
        )
        for counts in parts:
            for variable, count in zip(self._variables, _COUNTS, strict=True):
                variable.assign_add(getattr(counts, count))

    def result(self) -> Array:
        """The area under the curve; the average over the labels if multi_label."""
        tp, fp, tn, fn = (variable.value for variable in self._variables)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self._over_labels(_interpolated_pr_area(tp, fp, fn))
        x, y = _curve(self.curve, tp, fp, tn, fn)
        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2.0
        else:
            heights = (ops.minimum if self.summation_method == "minoring" else ops.maximum)(y[:-1], y[1:])
        return self._over_labels(ops.sum((x[:-1] - x[1:]) * heights, axis=0))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config() | {"thresholds": self._thresholds[1:-1]}
        if not self._given_thresholds:
            del config["thresholds"]
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The metric of a config, the inverse of `get_config`.

        Args:
            config: constructor arguments; label_weights also as a tensor, as Keras
                writes it.
        """
        weights = config.get("label_weights")
        return super().from_config({**config, "label_weights": deserialize_keras_object(weights)})

    def _over_labels(self, areas: Array) -> Array:
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return ops.mean(areas)
        weights = ops.cast(self.label_weights, areas.dtype)
        return ops.divide_no_nan(ops.sum(areas * weights), ops.sum(weights))


def _curve(curve: str, tp: Array, fp: Array, tn: Array, fn: Array) -> tuple[Array, Array]:
    """(x, y) of the curve at each threshold; x falls as the threshold rises."""
    recall = ops.divide_no_nan(tp, tp + fn)
    if curve == "ROC":
        return ops.divide_no_nan(fp, fp + tn), recall
    if curve == "PR":
        return recall, ops.divide_no_nan(tp, tp + fp)
    odds = ops.divide_no_nan(tp + fn, tn + fp)
    recall_gain = ops.where(tp == 0, 0.0, 1.0 - odds * ops.divide_no_nan(fn, tp))
    precision_gain = ops.where(tp == 0, 1.0, 1.0 - odds * ops.divide_no_nan(fp, tp))
    return ops.maximum(recall_gain, 0.0), precision_gain


def _interpolated_pr_area(tp: Array, fp: Array, fn: Array) -> Array:
    """True positives are linear in all positives between two thresholds, so precision is not.

    Source: Davis, Goadrich 2006, The relationship between precision-recall and ROC curves.
    """
    tp_steps = tp[:-1] - tp[1:]
    positives = tp + fp
    slope = ops.divide_no_nan(tp_steps, ops.maximum(positives[:-1] - positives[1:], 0.0))
    intercept = tp[1:] - slope * positives[1:]
    both = ops.logical_and(positives[:-1] > 0, positives[1:] > 0)
    ratio = ops.where(both, ops.divide_no_nan(positives[:-1], ops.maximum(positives[1:], 0.0)), 1.0)
    areas = slope * (tp_steps + intercept * ops.log(ratio))
    return ops.sum(ops.divide_no_nan(areas, ops.maximum(tp[1:] + fn[1:], 0.0)), axis=0)

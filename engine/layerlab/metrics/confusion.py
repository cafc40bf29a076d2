"""Metrics of yes/no decisions: counts, precision, recall, and one rate where another reaches a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from layerlab import initializers, ops
from layerlab.backend.protocol import Array
from layerlab.core.variable import Variable
from layerlab.dtypes import PolicyLike
from layerlab.errors import InvalidArgumentError, explain
from layerlab.metrics.base import Metric
from layerlab.metrics.threshold_counts import LOWEST, Counts, as_thresholds, count_decisions, even_thresholds
from layerlab.typing import TensorLike

__all__ = [
    "FalseNegatives",
    "FalsePositives",
    "Precision",
    "PrecisionAtRecall",
    "Recall",
    "RecallAtPrecision",
    "SensitivityAtSpecificity",
    "SpecificityAtSensitivity",
    "TrueNegatives",
    "TruePositives",
]

_ALL = ("true_positives", "false_positives", "true_negatives", "false_negatives")


class _DecisionMetric(Metric):
    """Gathers the counts named in `counted`, one variable each, at `thresholds`."""

    counted: ClassVar[tuple[str, ...]] = ()

    def __init__(self, thresholds: list[float], name: str | None, dtype: PolicyLike) -> None:
        super().__init__(dtype=dtype, name=name)
        self.thresholds = thresholds
        for count in self.counted:
            setattr(self, count, self.add_variable((len(thresholds),), initializers.Zeros(), name=count))

    def update_state(
        self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None
    ) -> None:
        """Take in one batch of labels 0 or 1 and predictions of the same shape.

        Args:
            y_true: labels; all but 0 count as 1.
            y_pred: predictions in [0, 1].
            sample_weight: (batch,), or of a shape that broadcasts to the labels.
        """
        parts = count_decisions(
            y_true,
            y_pred,
            self.thresholds,
            self._variables[0].dtype,
            sample_weight=sample_weight,
            top_k=getattr(self, "top_k", None),
            class_id=getattr(self, "class_id", None),
        )
        for counts in parts:
            self._add(counts)

    def _add(self, counts: Counts) -> None:
        for count in self.counted:
            getattr(self, count).assign_add(getattr(counts, count))

    def _single(self, values: Array) -> Array:
        return values[0] if len(self.thresholds) == 1 else values


class _Count(_DecisionMetric):
    """One of the four counts; its variable is called 'accumulator'."""

    which: ClassVar[str]
    accumulator: Variable
    counted = ()

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        name: str | None = None,
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(as_thresholds(thresholds, 0.5), name, dtype)
        self.init_thresholds = thresholds
        self.accumulator = self.add_variable(
            (len(self.thresholds),), initializers.Zeros(), name="accumulator"
        )

    def result(self) -> Array:
        """The weighted count: a number for one threshold, else one per threshold."""
        return self._single(self.accumulator.value)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "thresholds": self.init_thresholds}

    def _add(self, counts: Counts) -> None:
        self.accumulator.assign_add(getattr(counts, self.which))


class FalsePositives(_Count):
    """The number of labels 0 whose prediction is above the threshold.

    Input shape: labels 0 or 1 and predictions of one shape.

    Example:
        >>> labels, outputs = [1, 1, 0, 0, 0], [0.9, 0.3, 0.6, 0.1, 0.2]
        >>> float(FalsePositives()(labels, outputs))  # the 0.6
        1.0
    """

    which = "false_positives"


class FalseNegatives(_Count):
    """The number of labels 1 whose prediction is not above the threshold.

    Input shape: labels 0 or 1 and predictions of one shape.

    Example:
        >>> labels, outputs = [1, 1, 0, 0, 0], [0.9, 0.3, 0.6, 0.1, 0.2]
        >>> float(FalseNegatives()(labels, outputs))  # the 0.3
        1.0
    """

    which = "false_negatives"


class TrueNegatives(_Count):
    """The number of labels 0 whose prediction is not above the threshold.

    Input shape: labels 0 or 1 and predictions of one shape.

    Example:
        >>> labels, outputs = [1, 1, 0, 0, 0], [0.9, 0.3, 0.6, 0.1, 0.2]
        >>> float(TrueNegatives()(labels, outputs))
        2.0
    """

    which = "true_negatives"


class TruePositives(_Count):
    """The number of labels 1 whose prediction is above the threshold.

    Input shape: labels 0 or 1 and predictions of one shape.

    Example:
        >>> labels, outputs = [1, 1, 0, 0, 0], [0.9, 0.3, 0.6, 0.1, 0.2]
        >>> TruePositives(thresholds=[0.2, 0.5])(labels, outputs).tolist()
        [2.0, 1.0]
    """

    which = "true_positives"


class _Ratio(_DecisionMetric):
    """The first count over the sum of both."""

    _direction = "up"

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(as_thresholds(thresholds, 0.5 if top_k is None else LOWEST), name, dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id

    def result(self) -> Array:
        """The ratio, 0 if nothing was counted: a number for one threshold, else one per threshold."""
        first, second = self._variables
        return self._single(_share(first, second))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "thresholds": self.init_thresholds}


class Precision(_Ratio):
    """The share of positive predictions that are right.

    true positives / (true positives + false positives), over all batches; 0 if nothing
    was predicted. Of interest where a false alarm is costly.

    Args:
        thresholds: a number in [0, 1], or a list of numbers, for each of which the
            result has a value. Predictions above a threshold count as positive. None is
            0.5, and with top_k no threshold.
    Input shape: labels 0 or 1 and predictions of one shape; (batch, classes) for top_k
    and class_id.

    Example:
        >>> labels, outputs = [1, 1, 1, 0], [0.9, 0.8, 0.1, 0.3]
        >>> float(Precision()(labels, outputs))
        1.0
        >>> Precision(thresholds=[0.0, 0.5])(labels, outputs).tolist()
        [0.75, 1.0]
    """

    counted = ("true_positives", "false_positives")


class Recall(_Ratio):
    """The share of labels 1 that were found.

    true positives / (true positives + false negatives), over all batches; 0 if there
    were no labels 1. Of interest where a miss is costly. Also called sensitivity.

    Args:
        thresholds: a number in [0, 1], or a list of numbers, for each of which the
            result has a value. Predictions above a threshold count as positive. None is
            0.5, and with top_k no threshold.
    Input shape: labels 0 or 1 and predictions of one shape; (batch, classes) for top_k
    and class_id.

    Example:
        >>> labels, outputs = [1, 1, 1, 1, 0], [0.9, 0.8, 0.7, 0.1, 0.3]
        >>> float(Recall()(labels, outputs))  # 3 of 4
        0.75
        >>> float(Recall(class_id=1)([[1, 0], [0, 1]], [[0.9, 0.1], [0.8, 0.2]]))
        0.0
    """

    counted = ("true_positives", "false_negatives")


class _AtValue(_DecisionMetric):
    """The best of one rate over the thresholds at which another reaches `value`."""

    _direction = "up"
    counted = _ALL

    def __init__(
        self,
        value_name: str,
        value: float,
        num_thresholds: int,
        class_id: int | None,
        name: str | None,
        dtype: PolicyLike,
    ) -> None:
        if not 0 <= value <= 1:
            raise InvalidArgumentError(
                explain(f"{type(self).__name__} {value_name}", expected="a number in [0, 1]", got=str(value))
            )
        super().__init__(even_thresholds(num_thresholds), name, dtype)
        self.value = value
        self.num_thresholds = num_thresholds
        self.class_id = class_id

    def _best(self, rate: Array, where: Array) -> Array:
        return ops.max(ops.where(where >= self.value, rate, 0.0), initial=0.0)

    def _sensitivity(self) -> Array:
        return _share(self._variables[0], self._variables[3])

    def _specificity(self) -> Array:
        return _share(self._variables[2], self._variables[1])

    def _precision(self) -> Array:
        return _share(self._variables[0], self._variables[1])


class SensitivityAtSpecificity(_AtValue):
    """The best sensitivity at a specificity of at least a given value.

    Sensitivity (recall) is the share of labels 1 that were found, specificity the share
    of labels 0 that were left alone. Of all thresholds with enough specificity the one
    with the highest sensitivity counts; 0 if none has enough.

    Args:
        specificity: the least specificity, in [0, 1].
    Input shape: labels 0 or 1 and predictions of one shape.
    Raises: InvalidArgumentError for a value outside of [0, 1].

    Example:
        >>> labels, outputs = [0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9]
        >>> float(SensitivityAtSpecificity(0.5)(labels, outputs))  # a false alarm in 2
        1.0
        >>> float(SensitivityAtSpecificity(1.0)(labels, outputs))  # no false alarm
        0.5
    """

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__("specificity", specificity, num_thresholds, class_id, name, dtype)
        self.specificity = specificity

    def result(self) -> Array:
        """The sensitivity; 0 where the specificity is never reached."""
        return self._best(self._sensitivity(), where=self._specificity())


class SpecificityAtSensitivity(_AtValue):
    """The best specificity at a sensitivity of at least a given value.

    Sensitivity (recall) is the share of labels 1 that were found, specificity the share
    of labels 0 that were left alone. Of all thresholds with enough sensitivity the one
    with the highest specificity counts; 0 if none has enough.

    Args:
        sensitivity: the least sensitivity, in [0, 1].
    Input shape: labels 0 or 1 and predictions of one shape.
    Raises: InvalidArgumentError for a value outside of [0, 1].

    Example:
        >>> labels, outputs = [0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9]
        >>> float(SpecificityAtSensitivity(0.5)(labels, outputs))  # one of two found
        1.0
        >>> float(SpecificityAtSensitivity(1.0)(labels, outputs))  # both found
        0.5
    """

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__("sensitivity", sensitivity, num_thresholds, class_id, name, dtype)
        self.sensitivity = sensitivity

    def result(self) -> Array:
        """The specificity; 0 where the sensitivity is never reached."""
        return self._best(self._specificity(), where=self._sensitivity())


class PrecisionAtRecall(_AtValue):
    """The best precision at a recall of at least a given value.

    Of all thresholds with enough recall the one with the highest precision counts; 0 if
    none has enough.

    Args:
        recall: the least recall, in [0, 1].
    Input shape: labels 0 or 1 and predictions of one shape.
    Raises: InvalidArgumentError for a value outside of [0, 1].

    Example:
        >>> labels, outputs = [0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9]
        >>> round(float(PrecisionAtRecall(1.0)(labels, outputs)), 3)  # 2 of 3 are right
        0.667
    """

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__("recall", recall, num_thresholds, class_id, name, dtype)
        self.recall = recall

    def result(self) -> Array:
        """The precision; 0 where the recall is never reached."""
        return self._best(self._precision(), where=self._sensitivity())


class RecallAtPrecision(_AtValue):
    """The best recall at a precision of at least a given value.

    Of all thresholds with enough precision the one with the highest recall counts; 0 if
    none has enough.

    Args:
        precision: the least precision, in [0, 1].
    Input shape: labels 0 or 1 and predictions of one shape.
    Raises: InvalidArgumentError for a value outside of [0, 1].

    Example:
        >>> labels, outputs = [0, 0, 1, 1], [0.1, 0.6, 0.5, 0.9]
        >>> float(RecallAtPrecision(1.0)(labels, outputs))  # no false alarm: one of two
        0.5
    """

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__("precision", precision, num_thresholds, class_id, name, dtype)
        self.precision = precision

    def result(self) -> Array:
        """The recall; 0 where the precision is never reached."""
        return self._best(self._sensitivity(), where=self._precision())


def _share(part: Variable, rest: Variable) -> Array:
    return ops.divide_no_nan(part.value, part.value + rest.value)

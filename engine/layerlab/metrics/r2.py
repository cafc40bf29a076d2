"""R2Score: how much of the variance of the labels the predictions explain."""

from __future__ import annotations

from layerlab import initializers, ops
from layerlab.backend.protocol import Array, Shape
from layerlab.dtypes import PolicyLike
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.losses.label_pairs import matched_pair
from layerlab.losses.loss_arrays import as_array
from layerlab.metrics.base import Metric
from layerlab.settings import choose
from layerlab.typing import TensorLike

__all__ = ["R2Score"]

_AGGREGATIONS = ("uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """The share of the labels' variance that the predictions explain.

    1 - sum((y_true - y_pred)²) / sum((y_true - mean of y_true)²), over all batches: 1
    is perfect, 0 no better than predicting the mean, below 0 worse.

    Args:
        class_aggregation: 'uniform_average', the mean over the columns;
            'variance_weighted_average', their mean by the variance of each. None gives
            one score per column.
        num_regressors: number of independent variables, for the adjusted score; with
            too few samples for the adjustment the plain score is given. 0 is plain.
    Input shape: labels and predictions (batch, columns) or (batch,).
    Raises: InvalidArgumentError for an unknown aggregation or num_regressors below 0;
    ShapeError for other shapes.

    Example:
        >>> labels = [1.0, 2.0, 3.0, 4.0]
        >>> round(float(R2Score()(labels, [1.0, 2.0, 3.0, 5.0])), 3)  # 1 - 1 / 5
        0.8
        >>> round(float(R2Score()(labels, [2.5, 2.5, 2.5, 2.5])), 3)
        0.0
    """

    _direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: PolicyLike = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation is not None:
            choose(class_aggregation, _AGGREGATIONS, "class_aggregation")
        if num_regressors < 0:
            raise InvalidArgumentError(
                explain("R2Score num_regressors", expected="0 or more", got=str(num_regressors))
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), initializers.Zeros(), name="num_samples")

    def build_from_shapes(self, y_true_shape: Shape, y_pred_shape: Shape) -> None:
        """Make the sums, one for each column.

        Args:
            y_true_shape, y_pred_shape: (batch, columns) or (batch,).
        Raises: ShapeError for other shapes.
        """
        if hasattr(self, "count"):
            return
        shape = (1,) if len(y_true_shape) == 1 or len(y_pred_shape) == 1 else tuple(y_pred_shape)[1:]
        if len(shape) != 1 or shape[0] is None:
            raise ShapeError(
                explain(
                    f"R2Score '{self.name}'",
                    expected="predictions of shape (batch, columns)",
                    got=str(tuple(y_pred_shape)),
                )
            )
        self.squared_sum = self.add_variable(shape, initializers.Zeros(), name="squared_sum")
        self.sum = self.add_variable(shape, initializers.Zeros(), name="sum")
        self.total_mse = self.add_variable(shape, initializers.Zeros(), name="residual")
        self.count = self.add_variable(shape, initializers.Zeros(), name="count")

    def update_state(
        self, y_true: TensorLike, y_pred: TensorLike, sample_weight: TensorLike | None = None
    ) -> None:
        """Take in one batch.

        Args:
            y_true, y_pred: labels and predictions, (batch, columns) or (batch,).
            sample_weight: (batch,), or of a shape that broadcasts to the labels.
        """
        y_true, y_pred = matched_pair(y_true, as_array(y_pred, self.dtype), "R2Score")
        if len(y_true.shape) == 1:
            y_true, y_pred = ops.expand_dims(y_true, 1), ops.expand_dims(y_pred, 1)
        self.build_from_shapes(y_true.shape, y_pred.shape)
        weights = ops.cast(1.0 if sample_weight is None else sample_weight, self.dtype)
        if len(weights.shape) == 1:
            weights = ops.expand_dims(weights, 1)
        weights = ops.broadcast_to(weights, y_true.shape)
        self.sum.assign_add(ops.sum(y_true * weights, axis=0))
        self.squared_sum.assign_add(ops.sum(ops.square(y_true) * weights, axis=0))
        self.total_mse.assign_add(ops.sum(ops.square(y_true - y_pred) * weights, axis=0))
        self.count.assign_add(ops.sum(weights, axis=0))
        self.num_samples.assign_add(float(y_true.shape[0] * y_true.shape[1]))

    def result(self) -> Array:
        """The score; a column of constant labels counts as 0."""
        total_sum, count = self.sum.value, self.count.value
        spread = self.squared_sum.value - total_sum * (total_sum / count)
        scores = 1.0 - self.total_mse.value / spread
        scores = ops.where(ops.isinf(scores), 0.0, scores)
        if self.class_aggregation == "uniform_average":
            scores = ops.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            scores = ops.sum(spread * scores) / ops.sum(spread)
        return self._adjusted(scores) if self.num_regressors else scores

    def _adjusted(self, scores: Array) -> Array:
        samples = self.num_samples.value
        freedom = samples - self.num_regressors - 1.0
        adjusted = 1.0 - (1.0 - scores) * (samples - 1.0) / ops.where(freedom > 0, freedom, 1.0)
        return ops.where(freedom > 0, adjusted, scores)

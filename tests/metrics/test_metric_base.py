"""Metric as users meet it: own metrics, state, metrics inside metrics, names, messages."""

from __future__ import annotations

import numpy as np
import pytest

from layerlab import metrics, ops
from layerlab.core.masking import set_mask
from layerlab.core.state import StateScope
from layerlab.errors import (
    InvalidArgumentError,
    NotBuiltError,
    ShapeError,
    UnknownNameError,
    UnsupportedError,
)
from layerlab.metrics.identifiers import resolve_by_shape
from layerlab.metrics.threshold_counts import count_decisions


class CountAbove(metrics.Metric):
    def __init__(self, limit=0.5, name="count_above", **kwargs):
        super().__init__(name=name, **kwargs)
        self.limit = limit
        self.total = self.add_variable(shape=(), initializer="zeros", name="total")

    def update_state(self, y_true, y_pred, sample_weight=None):
        above = ops.cast(y_pred > self.limit, self.dtype)
        self.total.assign(self.total + ops.sum(above))

    def result(self):
        return self.total


def test_a_metric_written_for_keras_works(backend: str) -> None:
    metric = CountAbove(limit=0.3)
    for _ in range(2):
        metric.update_state([0, 0], ops.convert_to_tensor([0.2, 0.4]))
    assert float(metric.result()) == 2.0
    assert [v.path for v in metric.variables] == ["count_above/total"]
    assert not metric.variables[0].trainable
    metric.reset_state()
    assert float(metric.result()) == 0.0
    assert metric.get_config()["limit"] == 0.3


def test_a_name_among_custom_objects_is_found() -> None:
    found = metrics.deserialize("above", custom_objects={"above": CountAbove})
    assert isinstance(found, CountAbove)
    with pytest.raises(UnknownNameError, match="above"):
        metrics.deserialize("above")


def test_metrics_in_attributes_lists_and_dicts_belong_to_the_metric(backend: str) -> None:
    class Outer(metrics.Metric):
        def __init__(self):
            super().__init__(name="outer")
            self.own = self.add_weight(name="own")
            self.inner = metrics.Mean(name="inner")
            self.more = [metrics.Sum(name="a"), {"b": metrics.Sum(name="b")}]

        def update_state(self, values):
            self.own.assign_add(1.0)
            self.inner.update_state(values)
            self.more[0].update_state(values)  # type: ignore[attr-defined]

        def result(self):
            return {"mean": self.inner.result(), "sum": self.more[0].result()}  # type: ignore[attr-defined]

    outer = Outer()
    assert [v.path for v in outer.variables] == [
        "outer/own",
        "inner/total",
        "inner/count",
        "a/total",
        "b/total",
    ]
    assert {k: float(v) for k, v in outer([1.0, 2.0]).items()} == {"mean": 1.5, "sum": 3.0}
    outer.reset_state()
    assert float(outer.own.numpy()) == float(outer.inner.count.numpy()) == 0.0


def test_updates_inside_a_state_scope_leave_the_variables_alone(backend: str) -> None:
    mean = metrics.Mean()
    mean.update_state([1.0])
    with StateScope() as scope:
        mean.update_state([5.0, 6.0])
        assert float(mean.result()) == pytest.approx(4.0)
    assert float(mean.result()) == pytest.approx(1.0)
    assert float(scope.read(mean.count)) == 3.0


def test_stateless_calls_need_a_value_for_each_variable(backend: str) -> None:
    mean = metrics.Mean()
    state = mean.stateless_update_state(mean.stateless_reset_state(), [2.0, 4.0])
    assert float(mean.stateless_result(state)) == 3.0
    with pytest.raises(InvalidArgumentError, match=r"(?s)'mean'.*each of 2 variables.*Got: 1"):
        mean.stateless_result(state[:1])


def test_a_metric_that_forgets_its_base_says_so() -> None:
    class Forgetful(metrics.Metric):
        def __init__(self):
            self.total = self.add_variable((), "zeros")

    with pytest.raises(NotBuiltError, match=r"super\(\).__init__\(\)"):
        Forgetful()


def test_a_metric_without_methods_says_what_to_write() -> None:
    with pytest.raises(UnsupportedError, match="implement update_state"):
        metrics.Metric().update_state(1)


def test_mean_and_sum_weigh_leading_axes(backend: str) -> None:
    values = np.arange(6, dtype="float32").reshape(2, 3)
    mean, total = metrics.Mean(), metrics.Sum()
    mean.update_state(values, sample_weight=[1.0, 3.0])
    total.update_state(values, sample_weight=[1.0, 3.0])
    assert float(mean.result()) == pytest.approx((1 * 1 + 4 * 3) / 4)
    assert float(total.result()) == pytest.approx(3 + 12 * 3)


def test_the_mean_of_nothing_is_zero(backend: str) -> None:
    assert float(metrics.Mean().result()) == 0.0


def test_a_mask_on_the_predictions_hides_padding(backend: str) -> None:
    y_pred = ops.convert_to_tensor([[[1.0], [9.0]], [[2.0], [4.0]]])
    set_mask(y_pred, ops.convert_to_tensor([[True, False], [True, True]]))
    metric = metrics.MeanAbsoluteError()
    metric.update_state(np.zeros((2, 2, 1)), y_pred)
    np.testing.assert_allclose(ops.convert_to_numpy(metric.result()), (1 / 2 + 3) / (1 / 2 + 1), rtol=1e-6)


def test_many_samples_are_counted_in_buckets_with_the_same_result(backend: str) -> None:
    r = np.random.default_rng(0)
    y_true, y_pred = r.integers(0, 2, (3000, 2)), r.uniform(size=(3000, 2)).round(2).astype("float32")
    weight = r.uniform(size=3000).astype("float32")
    thresholds = [0.9, 0.0, 0.25, 0.5, 0.125, *np.linspace(0.01, 0.99, 60)]
    (counts,) = count_decisions(y_true, y_pred, thresholds, "float32", sample_weight=weight, multi_label=True)
    above = y_pred[None] > np.asarray(thresholds, "float32")[:, None, None]
    weighted = weight[None, :, None] * np.ones_like(y_pred)
    for found, mask in (
        (counts.true_positives, above & (y_true == 1)),
        (counts.false_positives, above & (y_true == 0)),
        (counts.true_negatives, ~above & (y_true == 0)),
        (counts.false_negatives, ~above & (y_true == 1)),
    ):
        np.testing.assert_allclose(
            ops.convert_to_numpy(found), (mask * weighted).sum(1), rtol=1e-4, atol=1e-3
        )


@pytest.mark.slow
def test_auc_and_precision_agree_with_scikit_learn(backend: str) -> None:
    scores = pytest.importorskip("sklearn.metrics")
    r = np.random.default_rng(1)
    y_true = r.integers(0, 2, 500)
    y_pred = np.clip(0.3 * y_true + 0.7 * r.uniform(size=500), 0, 1).astype("float32")
    auc = metrics.AUC(num_thresholds=2000)
    assert float(auc(y_true, y_pred)) == pytest.approx(scores.roc_auc_score(y_true, y_pred), abs=1e-3)
    assert float(metrics.Precision()(y_true, y_pred)) == pytest.approx(
        scores.precision_score(y_true, y_pred > 0.5)
    )
    assert float(metrics.F1Score(threshold=0.5)(y_true[:, None], y_pred[:, None])[0]) == pytest.approx(
        scores.f1_score(y_true, y_pred > 0.5), abs=1e-5
    )
    assert float(metrics.R2Score()(y_true[:, None], y_pred[:, None])) == pytest.approx(
        scores.r2_score(y_true, y_pred), abs=1e-4
    )


def test_adjusted_r2_falls_back_with_too_few_samples(backend: str) -> None:
    y_true, y_pred = [[1.0], [2.0], [4.0]], [[1.0], [2.5], [3.5]]
    plain = float(metrics.R2Score()(y_true, y_pred))
    assert float(metrics.R2Score(num_regressors=2)(y_true, y_pred)) == pytest.approx(plain)
    assert float(metrics.R2Score(num_regressors=1)(y_true, y_pred)) == pytest.approx(1 - (1 - plain) * 2 / 1)


def test_sparse_accuracy_tells_many_classes_apart_in_16_bits(backend: str) -> None:
    y_pred = ops.cast(np.eye(300, dtype="float32")[[256, 257]], "bfloat16")
    assert float(metrics.SparseCategoricalAccuracy()([257, 257], y_pred)) == 0.5


@pytest.mark.parametrize(
    ("y_true", "y_pred", "accuracy", "crossentropy"),
    [
        ((None, 1), (None, 1), "BinaryAccuracy", "BinaryCrossentropy"),
        ((8,), (8,), "BinaryAccuracy", "BinaryCrossentropy"),
        ((8,), (8, 3), "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy"),
        ((8, 1), (8, 3), "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy"),
        ((8, 5), (8, 5, 3), "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy"),
        ((8, 3), (8, 3), "CategoricalAccuracy", "CategoricalCrossentropy"),
    ],
)
def test_accuracy_and_crossentropy_follow_the_shapes(
    y_true, y_pred, accuracy: str, crossentropy: str
) -> None:
    for name in ("accuracy", "acc", "Accuracy"):
        assert type(resolve_by_shape(name, y_true, y_pred)).__name__ == accuracy
    for name in ("crossentropy", "ce"):
        assert type(resolve_by_shape(name, y_true, y_pred)).__name__ == crossentropy


def test_wrong_names_and_arguments_say_what_is_expected() -> None:
    with pytest.raises(
        UnknownNameError, match=r"Unknown metric 'mean_squared_eror'\. Did you mean 'mean_squared_error'"
    ):
        metrics.get("mean_squared_eror")
    for make in (
        lambda: metrics.AUC(curve="ROCK"),
        lambda: metrics.AUC(num_thresholds=1),
        lambda: metrics.AUC(num_labels=3),
        lambda: metrics.Precision(thresholds=[0.5, 1.2]),
        lambda: metrics.PrecisionAtRecall(1.5),
        lambda: metrics.SensitivityAtSpecificity(0.5, num_thresholds=0),
        lambda: metrics.FBetaScore(beta=1),
        lambda: metrics.F1Score(average="mikro"),
        lambda: metrics.F1Score(threshold=2.0),
        lambda: metrics.IoU(2, [2]),
        lambda: metrics.R2Score(class_aggregation="mean"),
        lambda: metrics.R2Score(num_regressors=-1),
    ):
        with pytest.raises(InvalidArgumentError):
            make()


def test_shapes_that_do_not_fit_are_named(backend: str) -> None:
    with pytest.raises(
        ShapeError, match=r"(?s)sparse_categorical_accuracy.*\(4,\).*\(4, 3\).*categorical_accuracy"
    ):
        metrics.SparseCategoricalAccuracy()(np.eye(3)[[0, 1, 2, 0]], np.ones((4, 3)))
    with pytest.raises(ShapeError, match=r"(?s)F1Score 'f1_score'.*\(batch, classes\).*\(4,\)"):
        metrics.F1Score()(np.ones(4), np.ones(4))
    with pytest.raises(ShapeError, match="class_id"):
        metrics.Precision(class_id=0)(np.ones(4), np.ones(4))


def test_iou_warns_that_integer_counts_lose_fractions(backend: str) -> None:
    with pytest.warns(UserWarning, match="dtype='float32'"):
        metrics.MeanIoU(2)([0, 1], [0, 1], sample_weight=[0.5, 0.5])


def test_a_wrapped_function_keeps_its_arguments_in_the_config(backend: str) -> None:
    metric = metrics.MeanMetricWrapper(metrics.binary_accuracy, name="b", threshold=0.9)
    again = metrics.MeanMetricWrapper.from_config(metric.get_config())
    assert float(again([1, 0], [0.8, 0.95])) == 0.0
    assert metrics.MeanMetricWrapper(metrics.mean_squared_error)._direction == "down"


def test_a_metric_function_may_return_one_number(backend: str) -> None:
    metric = metrics.MeanMetricWrapper(lambda y_true, y_pred: ops.max(y_pred))
    metric.update_state([0.0, 0.0], [1.0, 3.0])
    metric.update_state([0.0, 0.0], [1.0, 5.0])
    assert float(metric.result()) == 4.0

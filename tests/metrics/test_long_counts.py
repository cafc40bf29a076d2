"""Counts and sums go on where float32 has no room for a one more (2**24), and int32 for any (2**31)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab
from layerlab import metrics, ops
from layerlab.metrics import threshold_counts

LIMIT = 2**24  # float32: 2**24 + 1 == 2**24
PAIR = np.array([[1.0]], "float32"), np.array([[0.9]], "float32")
UPDATES: dict[str, tuple[dict[str, Any], tuple[Any, ...]]] = {
    "Mean": ({}, ([1.0],)),
    "Sum": ({}, ([1.0],)),
    "BinaryAccuracy": ({}, PAIR),
    "Accuracy": ({}, (PAIR[0], PAIR[0])),
    "TruePositives": ({}, PAIR),
    "FalsePositives": ({}, (PAIR[0] * 0, PAIR[1])),
    "TrueNegatives": ({}, (PAIR[0] * 0, PAIR[1] * 0)),
    "FalseNegatives": ({}, (PAIR[0], PAIR[1] * 0)),
    "Precision": ({}, PAIR),
    "F1Score": ({"threshold": 0.5}, PAIR),
    "R2Score": ({}, PAIR),
    "AUC": ({"num_thresholds": 3}, PAIR),
    "PrecisionAtRecall": ({"recall": 0.5, "num_thresholds": 3}, PAIR),
}


@pytest.mark.parametrize("name", UPDATES)
def test_a_hundred_ones_more_than_float32_can_count_are_counted(backend: str, name: str) -> None:
    arguments, batch = UPDATES[name]
    metric = getattr(metrics, name)(**arguments)
    metric.update_state(*batch)  # some make their variables now
    ones = [np.asarray(variable) for variable in metric.variables]
    for variable in metric.variables:
        variable.assign(np.full(variable.shape, LIMIT, "float32"))
    for _ in range(100):
        metric.update_state(*batch)
    assert any((one == 1).any() for one in ones)
    for variable, one in zip(metric.variables, ones, strict=True):
        if ((one == 0) | (one == 1)).all():
            np.testing.assert_array_equal(np.asarray(variable), LIMIT + 100 * one)


def test_small_values_are_not_lost_beside_a_large_total(backend: str) -> None:
    mean = metrics.Mean()
    mean.update_state([3e6])
    for _ in range(200):
        mean.update_state([0.01])  # less than half of what float32 tells apart there
    assert float(mean.total.numpy()) == pytest.approx(3e6 + 2, abs=0.25)


def test_a_metric_of_ones_own_counts_on_as_well(backend: str) -> None:
    class Rows(metrics.Metric):
        def __init__(self) -> None:
            super().__init__(name="rows")
            self.seen = self.add_weight(name="seen", initializer="zeros")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.seen.assign_add(1.0)

        def result(self) -> Any:
            return self.seen.value

    rows = Rows()
    rows.seen.assign(LIMIT)
    for _ in range(10):
        rows.update_state(None, None)
    assert float(rows.result()) == LIMIT + 10
    rows.seen.assign_sub(10.0)
    assert float(rows.result()) == LIMIT


def test_compiled_steps_carry_on_what_a_batch_had_no_room_for(backend: str) -> None:
    model = layerlab.Sequential([layerlab.Input((1,)), layerlab.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "mse", weighted_metrics=[metrics.TruePositives(thresholds=0.0)])
    weights = np.array([LIMIT] + [1] * 64, "float32")
    x = np.zeros((65, 1), "float32")
    logs = model.evaluate(
        x, np.ones((65, 1)), sample_weight=weights, batch_size=1, verbose=0, return_dict=True
    )
    assert logs["true_positives"] == LIMIT + 64
    assert len(model.metrics_variables) == 3  # total and count of the loss, one accumulator


def test_nothing_of_a_count_is_left_after_a_reset_or_for_given_values(backend: str) -> None:
    mean = metrics.Mean()
    mean.update_state([1.0], sample_weight=[LIMIT])
    mean.update_state([1.0])
    assert mean.count.rest is not None
    assert float(mean.count.rest) == 1
    given = [np.float32(10), np.float32(5)]
    total, count = mean.stateless_update_state(given, [4.0])
    assert (float(total), float(count)) == (14, 6)
    mean.reset_state()
    mean.update_state([2.0])
    assert (float(mean.total), float(mean.count)) == (2, 1)


def test_the_variables_are_those_of_keras(backend: str) -> None:
    names = {
        "Mean": ["total", "count"],
        "TruePositives": ["accumulator"],
        "AUC": ["true_positives", "false_positives", "true_negatives", "false_negatives"],
    }
    for metric, expected in names.items():
        made = getattr(metrics, metric)().variables
        assert [variable.name for variable in made] == expected
        assert {variable.dtype for variable in made} == {"float32"}


def test_an_iou_over_more_pixels_than_int32_counts_is_right(backend: str) -> None:
    metric = metrics.IoU(num_classes=2, target_class_ids=[1])
    assert metric.total_cm.dtype == "int32"
    metric.total_cm.assign(np.array([[7, 0], [2**31 - 3, 2**31 - 1]], "int32"))
    metric.update_state([1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0])
    # both: 2**31 + 2; only in the labels: 2**31
    assert float(metric.result()) == pytest.approx(0.5, abs=1e-6)


def test_a_batch_is_counted_in_parts_that_float32_can_count(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threshold_counts, "_COUNTED_AT_ONCE", 4)
    labels = np.array([1, 0, 1, 1, 0, 1, 0, 0, 1, 1], "float32")
    scores = np.linspace(0.05, 0.95, 10).astype("float32")
    weights = np.arange(10).astype("float32")
    metric = metrics.TruePositives(thresholds=[0.2, 0.5])
    metric.update_state(labels, scores, weights)
    np.testing.assert_array_equal(metric.result(), [2 + 3 + 5 + 8 + 9, 5 + 8 + 9])


@pytest.mark.slow
def test_one_batch_of_a_large_image_is_counted_to_the_last_pixel(backend: str) -> None:
    pixels = LIMIT + 4
    metric = metrics.AUC(num_thresholds=30)
    metric.update_state(np.ones((1, pixels), "float32"), np.full((1, pixels), 0.7, "float32"))
    assert float(ops.max(metric.true_positives)) == pixels  # type: ignore[attr-defined]

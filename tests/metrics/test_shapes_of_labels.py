"""Labels (batch,) and predictions (batch, 1), and the reverse: the number of equal shapes, or an error."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import layerlab
from layerlab import metrics, ops
from layerlab.errors import ShapeError
from tests.helpers import tolerance
from tests.losses.label_shapes import LABELS, MIXED, OUTPUTS

ARGUMENTS: dict[str, dict[str, Any]] = {
    "IoU": {"num_classes": 2, "target_class_ids": [0, 1]},
    "MeanIoU": {"num_classes": 2},
    "OneHotIoU": {"num_classes": 2, "target_class_ids": [0]},
    "OneHotMeanIoU": {"num_classes": 2},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
}
NOT_OF_PAIRS = {"Mean", "MeanMetricWrapper", "Metric", "Sum"}
METRICS = sorted(
    name for name, value in vars(metrics).items() if inspect.isclass(value) and name not in NOT_OF_PAIRS
)
# Flat predictions are no table of classes: refused.
NEED_CLASSES = {"SparseCategoricalAccuracy", "SparseCategoricalCrossentropy", "SparseTopKCategoricalAccuracy"}
HINGES = np.maximum(1 - (2 * LABELS - 1) * OUTPUTS, 0)
EXPECTED = {"Hinge": HINGES.mean(), "SquaredHinge": (HINGES**2).mean(), "BinaryAccuracy": 0.75}


def value(name: str, *pair: Any) -> Any:
    return ops.convert_to_numpy(getattr(metrics, name)(**ARGUMENTS.get(name, {}))(*pair))


@pytest.mark.parametrize(("y_true", "y_pred"), MIXED)
@pytest.mark.parametrize("name", METRICS)
def test_a_last_axis_of_one_changes_no_metric(backend: str, name: str, y_true: Any, y_pred: Any) -> None:
    if name in NEED_CLASSES and y_pred.ndim == 1:
        with pytest.raises(ShapeError, match="labels do not fit the predictions"):
            value(name, y_true, y_pred)
        return
    got = value(name, y_true, y_pred)
    np.testing.assert_allclose(got, value(name, LABELS[:, None], OUTPUTS[:, None]), **tolerance("float32"))
    if name in EXPECTED:
        np.testing.assert_allclose(got, EXPECTED[name], **tolerance("float32"))


@pytest.mark.parametrize("name", sorted(set(METRICS) - NEED_CLASSES))
def test_labels_of_the_wrong_rank_are_refused_where_they_would_broadcast(backend: str, name: str) -> None:
    with pytest.raises(ShapeError):
        value(name, LABELS, np.full((4, 4), 0.5, "float32"))


def test_binary_crossentropy_by_name_takes_flat_labels_as_loss_and_as_metric(backend: str) -> None:
    model = layerlab.Sequential([layerlab.Input((2,)), layerlab.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy", metrics=["binary_crossentropy", "hinge"])
    x = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.0]], "float32")
    flat = model.evaluate(x, LABELS, verbose=0)
    np.testing.assert_allclose(flat, model.evaluate(x, LABELS[:, None], verbose=0), **tolerance("float32"))
    assert flat[0] == pytest.approx(flat[1], rel=1e-5)


def test_a_column_of_weights_weighs_samples_in_an_f_score(backend: str) -> None:
    y_true, y_pred = np.eye(2, dtype="float32")[[0, 1, 1]], np.eye(2, dtype="float32")[[0, 1, 0]]
    flat, column = metrics.F1Score(), metrics.F1Score()
    flat.update_state(y_true, y_pred, np.array([1.0, 2.0, 3.0]))
    column.update_state(y_true, y_pred, np.array([[1.0], [2.0], [3.0]]))
    for score in (flat, column):  # class 0: 1 of 4 and all found; class 1: all of 2, 2 of 5 found
        np.testing.assert_allclose(
            ops.convert_to_numpy(score.result()), [2 / 5, 4 / 7], **tolerance("float32")
        )


def test_one_hot_accuracy_refuses_class_numbers(backend: str) -> None:
    for name in ("CategoricalAccuracy", "TopKCategoricalAccuracy"):
        with pytest.raises(ShapeError, match="use sparse_"):
            value(name, np.array([0, 1, 1, 0]), np.full((4, 3), 0.5, "float32"))


def test_smoothing_in_a_metric_counts_the_classes_along_its_axis(backend: str) -> None:
    metric = metrics.CategoricalCrossentropy(axis=1, label_smoothing=0.3)
    pair = np.array([[[1, 1], [0, 0], [0, 0]]], "float32"), np.array([[[0.8] * 2, [0.1] * 2, [0.1] * 2]])
    np.testing.assert_allclose(float(metric(*pair)), 0.6390319, **tolerance("float32"))

"""Labels (batch,) and predictions (batch, 1), and the reverse: the number of equal shapes."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

from layerlab import losses, ops
from layerlab.errors import ShapeError
from tests.helpers import tolerance
from tests.losses.label_shapes import LABELS, MIXED, OUTPUTS

FUNCTIONS = sorted(
    name
    for name, value in vars(losses).items()
    if inspect.isfunction(value) and name not in ("deserialize", "get", "serialize", "task_by_shape")
)
WITH_CLASS_NUMBERS = {
    "categorical_generalized_cross_entropy",
    "circle",
    "sparse_categorical_crossentropy",
}
SIGNED = 2 * LABELS - 1
EXPECTED = {  # by NumPy, from the formulas in the docstrings
    "binary_crossentropy": -(LABELS * np.log(OUTPUTS) + (1 - LABELS) * np.log(1 - OUTPUTS)),
    "hinge": np.maximum(1 - SIGNED * OUTPUTS, 0),
    "kl_divergence": np.where(LABELS == 1, -np.log(OUTPUTS), 1e-7 * np.log(1e-7 / OUTPUTS)),
    "poisson": OUTPUTS - LABELS * np.log(OUTPUTS + 1e-7),
    "squared_hinge": np.maximum(1 - SIGNED * OUTPUTS, 0) ** 2,
    "mean_absolute_error": np.abs(LABELS - OUTPUTS),
}


@pytest.mark.parametrize(("y_true", "y_pred"), MIXED)
@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - WITH_CLASS_NUMBERS))
def test_a_last_axis_of_one_changes_no_loss(backend: str, name: str, y_true: Any, y_pred: Any) -> None:
    expected = getattr(losses, name)(LABELS[:, None], OUTPUTS[:, None])
    got = getattr(losses, name)(y_true, y_pred)
    np.testing.assert_allclose(
        ops.convert_to_numpy(got), ops.convert_to_numpy(expected), **tolerance("float32")
    )
    if name in EXPECTED:
        np.testing.assert_allclose(ops.convert_to_numpy(got), EXPECTED[name], **tolerance("float32"))


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - WITH_CLASS_NUMBERS))
def test_labels_of_the_wrong_rank_are_refused_where_they_would_broadcast(backend: str, name: str) -> None:
    square = np.full((4, 4), 0.5, "float32")
    with pytest.raises(ShapeError, match=r"(?s)labels do not fit.*Expected: \(4, 4\).*Got: \(4,\)"):
        getattr(losses, name)(LABELS, square)


def test_class_numbers_in_a_column_pick_their_own_row(backend: str) -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]], "float32")
    loss = losses.CategoricalGeneralizedCrossEntropy(q=0.5, reduction="none")
    expected = (1 - np.sqrt([0.1, 0.8, 0.5])) / 0.5
    for labels in (np.array([1, 1, 0]), np.array([[1], [1], [0]])):
        got = ops.convert_to_numpy(loss(labels, probabilities))
        np.testing.assert_allclose(got, expected, **tolerance("float32"))


def test_a_single_number_still_stands_for_all_labels(backend: str) -> None:
    np.testing.assert_allclose(
        ops.convert_to_numpy(losses.mean_squared_error(1.0, OUTPUTS[:, None])),
        (1 - OUTPUTS) ** 2,
        **tolerance("float32"),
    )


ALONG_1 = np.array([[[1, 1], [0, 0], [0, 0]]], "float32"), np.array([[[0.8] * 2, [0.1] * 2, [0.1] * 2]])


def test_label_smoothing_counts_the_classes_along_its_axis(backend: str) -> None:
    loss = losses.CategoricalCrossentropy(axis=1, label_smoothing=0.3)
    # labels 0.8, 0.1, 0.1: -(0.8 log 0.8 + 0.2 log 0.1)
    np.testing.assert_allclose(float(loss(*ALONG_1)), 0.6390319, **tolerance("float32"))


def test_focal_smoothing_and_weights_of_classes_follow_the_axis(backend: str) -> None:
    loss = losses.CategoricalFocalCrossentropy(axis=1, label_smoothing=0.3, alpha=[0.5, 0.25, 1.0], gamma=2)
    y, p, alpha = np.array([0.8, 0.1, 0.1]), np.array([0.8, 0.1, 0.1]), np.array([0.5, 0.25, 1.0])
    expected = -np.sum(alpha * (1 - p) ** 2 * y * np.log(p))
    np.testing.assert_allclose(float(loss(*ALONG_1)), expected, **tolerance("float32"))

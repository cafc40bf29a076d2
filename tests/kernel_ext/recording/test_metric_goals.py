"""Which metric comes first and which way is better, the same in the page and in saved outputs."""

from __future__ import annotations

import pytest

from layerlab_jupyter.recording.metric_goals import best_index, goal_of, metric_names


@pytest.mark.parametrize(
    ("name", "goal"),
    [
        ("loss", "min"),
        ("head_loss", "min"),
        ("mae", "min"),
        ("accuracy", "max"),
        ("auc", "max"),
        ("entropy", None),
    ],
)
def test_the_goal_of_a_metric_is_read_from_its_name(name: str, goal: str | None) -> None:
    assert goal_of(name) == goal


def test_losses_come_first_and_the_learning_rate_last() -> None:
    labels = [
        "accuracy",
        "batch_loss",
        "learning_rate",
        "val_loss",
        "head_loss",
        "loss",
        "val_accuracy",
        "lr",
    ]
    assert metric_names(labels) == ["loss", "head_loss", "accuracy", "learning_rate", "lr"]


def test_the_best_value_is_finite_and_the_first_of_equals() -> None:
    assert best_index("loss", [float("nan"), 3.0, float("-inf"), 1.0, 1.0]) == 3
    assert best_index("accuracy", [0.1, 0.9, float("inf")]) == 1
    assert best_index("entropy", [1.0]) is None and best_index("loss", [float("nan")]) is None

"""Which metric comes first, and which way it should go. The page gets the names from here (`tables.ts`)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Literal

__all__ = [
    "BATCH_LOSS",
    "LARGER_IS_BETTER",
    "LEARNING_RATE_LABELS",
    "SMALLER_IS_BETTER",
    "best_index",
    "goal_of",
    "metric_names",
]

BATCH_LOSS = "batch_loss"
"""The label of the loss of a batch alone, where 'loss' is the mean over the epoch so far."""
LEARNING_RATE_LABELS = ("learning_rate", "lr")
"""What callbacks call it; the first is the usual one."""


LARGER_IS_BETTER = re.compile(
    "acc|auc|precision|recall|f1|f_?beta|iou|r2|top_k|similarity|dice", re.IGNORECASE
)
SMALLER_IS_BETTER = re.compile(
    "loss|error|mse|mae|mape|msle|rmse|crossentropy|divergence|perplexity|hinge|poisson", re.IGNORECASE
)


def goal_of(name: str) -> Literal["min", "max"] | None:
    """'min' where less is better, 'max' where more is; None if nobody can say."""
    if SMALLER_IS_BETTER.search(name):
        return "min"
    return "max" if LARGER_IS_BETTER.search(name) else None


def metric_names(labels: Iterable[str]) -> list[str]:
    """The metrics behind `labels`, without 'val_': losses first, the learning rate last."""
    names = dict.fromkeys(label.removeprefix("val_") for label in labels if label != BATCH_LOSS)
    return sorted(names, key=_rank)


def best_index(name: str, values: list[float]) -> int | None:
    """The place of the best finite value; None if there is none, or nobody can say which is best."""
    goal = goal_of(name)
    places = [i for i, value in enumerate(values) if math.isfinite(value)]
    if goal is None or not places:
        return None
    return min(places, key=lambda i: values[i] if goal == "min" else -values[i])


def _rank(name: str) -> int:
    if name in LEARNING_RATE_LABELS:
        return 3
    return 0 if name == "loss" else 1 if name.endswith("_loss") else 2

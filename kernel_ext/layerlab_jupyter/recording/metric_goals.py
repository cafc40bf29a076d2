"""Which metric comes first, and which way it should go: as in `views/monitor/metric-families.ts`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Literal

__all__ = ["best_index", "goal_of", "metric_names"]

_LARGER = re.compile("acc|auc|precision|recall|f1|f_?beta|iou|r2|top_k|similarity|dice", re.IGNORECASE)
_SMALLER = re.compile(
    "loss|error|mse|mae|mape|msle|rmse|crossentropy|divergence|perplexity|hinge|poisson", re.IGNORECASE
)


def goal_of(name: str) -> Literal["min", "max"] | None:
    """'min' where less is better, 'max' where more is; None if nobody can say."""
    if _SMALLER.search(name):
        return "min"
    return "max" if _LARGER.search(name) else None


def metric_names(labels: Iterable[str]) -> list[str]:
    """The metrics behind `labels`, without 'val_': losses first, the learning rate last."""
    names = dict.fromkeys(label.removeprefix("val_") for label in labels if label != "batch_loss")
    return sorted(names, key=_rank)


def best_index(name: str, values: list[float]) -> int | None:
    """The place of the best finite value; None if there is none, or nobody can say which is best."""
    goal = goal_of(name)
    places = [i for i, value in enumerate(values) if math.isfinite(value)]
    if goal is None or not places:
        return None
    return min(places, key=lambda i: values[i] if goal == "min" else -values[i])


def _rank(name: str) -> int:
    if name in ("lr", "learning_rate"):
        return 3
    return 0 if name == "loss" else 1 if name.endswith("_loss") else 2

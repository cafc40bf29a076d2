"""Watching one value in the logs: which way is better, and what counts as better."""

from __future__ import annotations

import warnings
from typing import Any

from layerlab.errors import InvalidArgumentError, explain

__all__ = ["Monitor"]

# Labels for which more is better; others are losses and errors.
_HIGHER_IS_BETTER = ("acc", "auc", "precision", "recall", "f1_score", "fbeta_score", "r2_score", "iou", "true_positives", "true_negatives")


class Monitor:
    """A label with a direction ('min', 'max', or 'auto' from the label) and the least change that counts."""

    def __init__(self, label: str, mode: str, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise InvalidArgumentError(explain("mode", expected="'auto', 'min' or 'max'", got=repr(mode)[:40]))
        self.label = label
        self.min_delta = min_delta
        name = label.removeprefix("val_")
        self.higher_is_better = mode == "max" or (mode == "auto" and any(part in name for part in _HIGHER_IS_BETTER))

    def value(self, logs: Any, who: str) -> float | None:
        """The value in the logs; None, with a warning that lists the labels, if it is not there."""
        found = (logs or {}).get(self.label)
        if found is None:
            labels = ", ".join(logs or {}) or "none"
            warnings.warn(f"{who} watches '{self.label}', which is not in the logs. There are: {labels}.", stacklevel=4)
        return found

    def is_improvement(self, value: float, reference: float | None) -> bool:
        """True if `value` is better than `reference` by more than the least change."""
        if reference is None:
            return True
        if self.higher_is_better:
            return value - self.min_delta > reference
        return value + self.min_delta < reference

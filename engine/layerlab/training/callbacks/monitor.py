"""Watching one value in the logs: which way is better, and what counts as better."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

from layerlab import ops
from layerlab.core.model_protocol import ModelLike
from layerlab.errors import InvalidArgumentError, explain
from layerlab.typing import Logs

__all__ = ["Monitor", "Watching"]


class Monitor:
    """A label with the direction that is better, and the least change that counts.

    Args:
        label: of the value, as in the logs.
        mode: 'min', 'max', or 'auto' for the direction of the loss or metric.
        min_delta: how much better a value must be to count; its sign does not matter.
    Raises: InvalidArgumentError for another mode.
    """

    def __init__(self, label: str, mode: str, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise InvalidArgumentError(
                explain("mode", expected="'auto', 'min' or 'max'", got=repr(mode)[:40])
            )
        self.label = label
        self.min_delta = abs(min_delta)
        self._more_is_better: bool | None = None if mode == "auto" else mode == "max"

    def begin(self, model: ModelLike, who: str) -> None:
        """Settle the direction. Raises: InvalidArgumentError where neither mode nor metric tells it."""
        if self._more_is_better is None:
            self._more_is_better = _more_is_better(self.label, model)
        if self._more_is_better is None:
            raise InvalidArgumentError(
                explain(
                    f"{who} does not know whether more or less of '{self.label}' is better.",
                    expected="a loss, or one of the model's metrics: "
                    + (", ".join(name for name, _ in _metrics(model)) or "there are none"),
                    fix="mode='max' or mode='min'",
                )
            )

    @property
    def better(self) -> Callable[[Any, Any], Any] | None:
        """`ops.greater` or `ops.less`; None as long as it is not known."""
        return None if self._more_is_better is None else ops.greater if self._more_is_better else ops.less

    @better.setter
    def better(self, compare: Callable[[Any, Any], Any] | None) -> None:
        self._more_is_better = None if compare is None else bool(compare(1.0, 0.0))

    def value(self, logs: Logs | None, who: str) -> float | None:
        """The value in the logs; None, with a warning that lists the labels, if it is not there."""
        found = (logs or {}).get(self.label)
        if found is None:
            labels = ", ".join(logs or {}) or "none"
            warnings.warn(
                f"{who} watches '{self.label}', which is not in the logs. There are: {labels}.", stacklevel=4
            )
        return found

    def is_improvement(self, value: float, reference: float | None) -> bool:
        """True if `value` is better than `reference` by more than the least change."""
        if reference is None:
            return True
        if self._more_is_better:
            return value - self.min_delta > reference
        return value + self.min_delta < reference


class Watching:
    """Mixed into the callbacks that watch a value."""

    _monitor: Monitor

    @property
    def monitor_op(self) -> Callable[[Any, Any], Any] | None:
        """What says that a value is better than another; known from the begin of training on, or set."""
        return self._monitor.better

    @monitor_op.setter
    def monitor_op(self, compare: Callable[[Any, Any], Any] | None) -> None:
        self._monitor.better = compare


def _more_is_better(label: str, model: ModelLike) -> bool | None:
    name = label.removeprefix("val_")
    if name == "loss" or name.endswith("_loss"):
        return False
    for metric_name, direction in _metrics(model):
        # With several outputs the label begins with the output's name.
        if direction is not None and (name == metric_name or name.endswith(f"_{metric_name}")):
            return direction == "up"
    return None


def _metrics(model: ModelLike) -> Iterator[tuple[str, str | None]]:
    """Names and directions of the model's metrics, those of `compile` one by one."""
    for metric in getattr(model, "metrics", ()):
        for each in getattr(metric, "metrics", None) or (metric,):
            yield each.name, getattr(each, "_direction", None)

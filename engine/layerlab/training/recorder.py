"""Logs of steps, read from the device on a clock.

`float(loss)` after each step would make the loop wait for the device. Logs stay arrays until about ten times
a second, at the end of an epoch, or when a batch callback asks.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from layerlab.backend.active import backend

__all__ = ["LazyLogs", "StepRecorder", "to_floats"]

FLUSH_SECONDS = 0.1


def to_floats(logs: Mapping[str, Any]) -> dict[str, Any]:
    """Scalars as Python floats, arrays (a metric per class) as NumPy arrays; labels sorted, as in Keras."""
    module = backend()
    values: dict[str, Any] = {}
    for key, value in sorted(logs.items()):
        array = module.to_numpy(value) if module.is_array(value) else np.asarray(value)
        values[key] = float(array) if array.ndim == 0 else array
    return values


class LazyLogs(Mapping[str, Any]):
    """Logs that are read from the device when somebody looks."""

    def __init__(self, logs: Mapping[str, Any]) -> None:
        self._logs = logs
        self._values: dict[str, Any] | None = None

    def __getitem__(self, key: str) -> Any:
        return self.values_now()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._logs)

    def __len__(self) -> int:
        return len(self._logs)

    def values_now(self) -> dict[str, Any]:
        """The logs as Python floats."""
        if self._values is None:
            self._values = to_floats(self._logs)
        return self._values


class StepRecorder:
    """Collects the logs of steps until they are due."""

    def __init__(self) -> None:
        self._steps: list[int] = []
        self._logs: list[Mapping[str, Any]] = []
        self._last_flush = time.perf_counter()

    def add(self, step: int, logs: Mapping[str, Any]) -> None:
        """Keep the logs of a finished step, unread."""
        self._steps.append(step)
        self._logs.append(logs)

    @property
    def is_due(self) -> bool:
        """True when the collected logs should be taken."""
        return bool(self._steps) and time.perf_counter() - self._last_flush >= FLUSH_SECONDS

    def take(self) -> tuple[list[int], dict[str, list[float]]]:
        """(steps, values per label) since the last call; scalars only."""
        steps, logs = self._steps, [to_floats(entry) for entry in self._logs]
        self._steps, self._logs, self._last_flush = [], [], time.perf_counter()
        labels = [key for key, value in (logs[-1] if logs else {}).items() if isinstance(value, float)]
        return steps, {label: [entry.get(label, float("nan")) for entry in logs] for label in labels}

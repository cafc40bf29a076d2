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

__all__ = ["LazyLogs", "StepRecorder", "single_numbers", "to_floats"]

FLUSH_SECONDS = 0.1


def to_floats(logs: Mapping[str, Any]) -> dict[str, Any]:
    """Scalars as Python floats, arrays (a metric per class) as NumPy arrays; labels sorted, as in Keras."""
    module = backend()
    values: dict[str, Any] = {}
    for key, value in sorted(logs.items()):
        array = module.to_numpy(value) if module.is_array(value) else np.asarray(value)
        values[key] = float(array) if array.ndim == 0 else array
    return values


def single_numbers(logs: Mapping[str, Any]) -> dict[str, float]:
    """The logs that are one number, as Python floats; all else is left out.

    Callbacks put numbers of any type into the logs of an epoch: ints, bools, NumPy's, arrays without axes, a
    Variable.
    """
    numbers = {label: _as_number(value) for label, value in logs.items()}
    return {label: number for label, number in numbers.items() if number is not None}


def _as_number(value: Any) -> float | None:
    if isinstance(value, str | bytes | complex | np.complexfloating) or getattr(value, "shape", ()) != ():
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


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
        self._entries: list[tuple[list[int], Mapping[str, Any]]] = []
        self._last_flush = time.perf_counter()

    def add(self, steps: list[int], logs: Mapping[str, Any]) -> None:
        """Keep the logs of finished steps, unread.

        Args:
            logs: label -> values; an array with at least as many entries as there are steps, or, for a single
                step, anything.
        """
        self._entries.append((steps, logs))

    @property
    def is_due(self) -> bool:
        """True when the collected logs should be taken."""
        return bool(self._entries) and time.perf_counter() - self._last_flush >= FLUSH_SECONDS

    def take(self) -> tuple[list[int], dict[str, list[float]]]:
        """(steps, values per label) since the last call; scalars only."""
        entries = [(steps, _scalars(logs, len(steps))) for steps, logs in self._entries]
        self._entries, self._last_flush = [], time.perf_counter()
        labels = entries[-1][1] if entries else {}
        missing = float("nan")
        return [step for steps, _ in entries for step in steps], {
            label: [value for steps, logs in entries for value in logs.get(label, [missing] * len(steps))]
            for label in labels
        }


def _scalars(logs: Mapping[str, Any], count: int) -> dict[str, list[float]]:
    """One float for each step and label; labels whose values are arrays are left out."""
    values: dict[str, list[float]] = {}
    for label, value in sorted(logs.items()):
        array = backend().to_numpy(value) if backend().is_array(value) else np.asarray(value)
        if array.ndim == 0 and count == 1:
            values[label] = [float(array)]
        elif array.ndim == 1 and count > 1:
            values[label] = array[:count].tolist()
    return values

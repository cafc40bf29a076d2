"""Which models and runs this kernel knows, by id.

Models are held weakly: showing a model must not keep it in memory. A run keeps its history and its
control, never its model; the newest `MOST_RUNS` are kept. The others are in the logs on disk.
"""

from __future__ import annotations

import threading
import uuid
import weakref
from dataclasses import dataclass
from typing import Any

from layerlab.core.model_protocol import ModelLike
from layerlab.training.control import RunControl
from layerlab_jupyter.protocol import ChartOptions
from layerlab_jupyter.recording.run_recorder import RunRecorder

__all__ = ["MOST_RUNS", "Registry", "Run", "registry"]

MOST_RUNS = 50


@dataclass(frozen=True)
class Run:
    """One call of fit: what happened, and how to steer it."""

    run_id: str
    recorder: RunRecorder
    control: RunControl
    model_id: str
    charts: ChartOptions | None = None
    """How its charts are drawn at first, where the person asked for it."""


class Registry:
    """Models and runs by id, in the order in which they came; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: dict[str, weakref.ref[Any]] = {}
        self._runs: dict[str, Run] = {}

    def add_model(self, model: ModelLike) -> str:
        """The id of `model`, the same one each time."""
        with self._lock:
            # By identity, and pruned here rather than in a callback of the reference: the garbage
            # collector may run such a callback in a thread that holds this lock.
            living = {id: ref for id, ref in self._models.items() if ref() is not None}
            for id, ref in living.items():
                if ref() is model:
                    return id
            new = uuid.uuid4().hex[:12]
            self._models = {**living, new: weakref.ref(model)}
            return new

    def model(self, model_id: str) -> Any | None:
        """The living model of this id, or None."""
        ref = self._models.get(model_id)
        return None if ref is None else ref()

    def models(self) -> list[tuple[str, Any]]:
        """Id and model of each living model, newest first."""
        found = [(id, ref()) for id, ref in reversed(self._models.copy().items())]
        return [(id, model) for id, model in found if model is not None]

    def add_run(self, run: Run) -> None:
        """Make a run known, and forget the oldest ended ones past `MOST_RUNS`."""
        with self._lock:
            runs = {**self._runs, run.run_id: run}
            ended = [id for id, old in runs.items() if old.recorder.has_ended]
            for id in ended[: max(0, len(runs) - MOST_RUNS)]:
                del runs[id]
            self._runs = runs

    def run(self, run_id: str) -> Run | None:
        """The run of this id, or None."""
        return self._runs.get(run_id)

    def runs(self) -> list[Run]:
        """All known runs, newest first."""
        return list(reversed(self._runs.copy().values()))


registry = Registry()
"""The one of this process."""

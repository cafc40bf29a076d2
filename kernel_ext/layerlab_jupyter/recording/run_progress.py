"""How far a run is and what came of it, for lists that show many runs in a line each.

Kept up to date event by event: a list of runs must cost nothing, however long they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

__all__ = ["Progress", "RunStatus", "Summary", "Tally"]

RunStatus = Literal["running", "paused", "stopped", "failed", "finished", "lost"]
"""'lost': it was read from a log whose process ended before the run did."""

_STATUS_AFTER: dict[str, RunStatus] = {
    "fit_started": "running",
    "fit_paused": "paused",
    "fit_resumed": "running",
    "fit_stopped": "stopped",
    "fit_failed": "failed",
    "fit_finished": "finished",
}


@dataclass(frozen=True)
class Progress:
    """Where a run is. `loss` is the newest running mean over its epoch, None before the first step."""

    epoch: int = 0
    """Of the epoch being trained, from 1; 0 before the first."""
    epochs: int = 0
    done: float | None = None
    """Of all steps, from 0 to 1; None while the length of an epoch is unknown."""
    loss: float | None = None
    updated: float = 0.0
    """Time of the newest event, in seconds since the Unix epoch."""


@dataclass(frozen=True)
class Summary:
    """One run in short. `epochs` of `all_epochs` are finished; `logs` are those of the last of them."""

    run_id: str
    model: str
    model_class: str
    backend: str
    optimizer: str
    learning_rate: float | None
    batch_size: int | None
    parameters: int
    status: RunStatus
    started: float
    seconds: float
    epochs: int
    all_epochs: int
    steps: int
    logs: dict[str, float] = field(default_factory=dict)
    kernel_id: str = ""
    path: str = ""


@dataclass
class Tally:
    """What the events of a run come to, as far as they were added."""

    status: RunStatus = "running"
    start: dict[str, Any] = field(default_factory=dict)
    updated: float = 0.0
    epochs: int = 0
    logs: dict[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    labels: dict[str, None] = field(default_factory=dict)
    step: int = 0
    epoch: int | None = None  # of the newest steps, like those below
    epoch_step: int = 0
    loss: float | None = None
    is_epoch_whole: bool = False
    length: int = 0  # of the newest finished epoch

    def copy(self) -> Tally:
        """A tally that changes by itself."""
        return replace(self, labels=dict(self.labels))

    def add(self, event: dict[str, Any]) -> None:
        """Count an event that is no step."""
        kind = event["type"]
        self.updated = max(self.updated, event["time"])
        self.step = max(self.step, event.get("step", 0))
        status = _STATUS_AFTER.get(kind)
        if status and not (status == "finished" and self.status in ("stopped", "failed")):
            self.status = status
        if kind == "fit_started":
            self.start, self.epochs = event, event["initial_epoch"]
        elif kind == "epoch_finished":
            self.epochs, self.logs = event["epoch"] + 1, event["logs"]
            self.labels.update(dict.fromkeys(event["logs"]))
            self.is_epoch_whole, self.length = True, self.epoch_step
        elif kind == "fit_finished":
            self.seconds = event["seconds"]

    def add_steps(
        self, time: float, epoch: int, epoch_step: int, last_step: int, logs: dict[str, Any]
    ) -> None:
        """Count steps. `logs` are the values of the last one."""
        self.updated = max(self.updated, time)
        self.epoch, self.epoch_step = epoch, epoch_step
        self.step = max(self.step, last_step)
        self.loss = logs.get("loss")
        self.is_epoch_whole = False
        self.labels.update(dict.fromkeys(logs))

    @property
    def started(self) -> float:
        """When the run began, in seconds since the Unix epoch; 0 if it has not."""
        return float(self.start.get("time", 0.0))

    def progress(self) -> Progress:
        """How far the run is."""
        first, epochs = self.start.get("initial_epoch", 0), self.start.get("epochs", 0)
        if self.epoch is None:
            return Progress(first, epochs, None, None, self.updated)
        length = self.start.get("steps_per_epoch") or self.length
        inside = 1.0 if self.is_epoch_whole else self.epoch_step / length if length else None
        done = None if inside is None or epochs <= first else (self.epoch - first + inside) / (epochs - first)
        return Progress(self.epoch + 1, epochs, done, self.loss, self.updated)

    def summary(self, kernel_id: str = "", path: str = "") -> Summary | None:
        """The run in a line; None if it has not begun."""
        start = self.start
        if not start:
            return None
        taken = ("run_id", "model_class", "backend", "optimizer", "learning_rate", "batch_size", "parameters")
        return Summary(
            **{name: start[name] for name in taken},
            model=start["model_name"],
            status=self.status,
            started=start["time"],
            seconds=self.updated - start["time"] if self.seconds is None else self.seconds,
            epochs=self.epochs,
            all_epochs=start["epochs"],
            steps=self.step,
            logs={label: float(value) for label, value in self.logs.items()},
            kernel_id=kernel_id,
            path=path,
        )

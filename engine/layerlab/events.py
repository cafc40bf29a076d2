"""What a training run says while it runs: the one source of the UI protocol.

Events are frozen dataclasses of JSON scalars, lists and dicts: no arrays, no callables.
`type` tags the union. `scripts/generate_typescript.py` turns this file and
`layerlab_jupyter/protocol.py` into `labextension/src/protocol.ts`. Imports nothing of ours.

Steps are counted over the whole run from 1; epochs from 0, as callbacks see them.
`time` is seconds since the Unix epoch. Values of logs are finite floats, or nan/inf
(the bridge makes those safe for JSON).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

__all__ = [
    "CheckpointSaved",
    "Diagnostic",
    "EpochFinished",
    "EpochStarted",
    "Event",
    "FitFailed",
    "FitFinished",
    "FitPaused",
    "FitResumed",
    "FitStarted",
    "FitStopped",
    "LearningRateChanged",
    "Listener",
    "StepsFinished",
    "ValidationFinished",
    "event_types",
    "to_dict",
]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events: which run, and when."""

    type: ClassVar[str] = ""
    run_id: str
    time: float


@dataclass(frozen=True, kw_only=True)
class FitStarted(Event):
    """A call of fit has checked its arguments and is about to take its first step."""

    type: ClassVar[str] = "fit_started"
    model_name: str
    model_class: str
    backend: str
    optimizer: str
    learning_rate: float | None
    parameters: int
    epochs: int
    """Index of the last epoch, exclusive, as in `fit(epochs=...)`."""
    initial_epoch: int
    steps_per_epoch: int | None
    """None while unknown: a generator in its first epoch."""
    batch_size: int | None
    validation: bool
    schedule: str = ""
    """What the learning rate follows, if it follows something: it cannot be set then."""


@dataclass(frozen=True, kw_only=True)
class EpochStarted(Event):
    """An epoch begins."""

    type: ClassVar[str] = "epoch_started"
    epoch: int
    step: int


@dataclass(frozen=True, kw_only=True)
class StepsFinished(Event):
    """One or more training steps are done. `steps` and each list in `logs` have equal length."""

    type: ClassVar[str] = "steps_finished"
    epoch: int
    epoch_step: int
    """Steps finished in this epoch."""
    steps: list[int]
    logs: dict[str, list[float]]
    """Per label the value after each step, as batch callbacks get it (running means over the
    epoch), and under 'batch_loss' the loss of that batch alone."""


@dataclass(frozen=True, kw_only=True)
class ValidationFinished(Event):
    """A validation pass is done; the labels carry no 'val_' here."""

    type: ClassVar[str] = "validation_finished"
    epoch: int
    step: int
    logs: dict[str, float]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class EpochFinished(Event):
    """An epoch is done, validation and callbacks included; logs as History records them."""

    type: ClassVar[str] = "epoch_finished"
    epoch: int
    step: int
    logs: dict[str, float]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class LearningRateChanged(Event):
    """The learning rate used from the next step on. `source` tells who changed it."""

    type: ClassVar[str] = "learning_rate_changed"
    step: int
    learning_rate: float
    previous: float | None = None
    source: Literal["callback", "user", "schedule"] = "callback"


@dataclass(frozen=True, kw_only=True)
class FitPaused(Event):
    """The run waits before its next step."""

    type: ClassVar[str] = "fit_paused"
    step: int


@dataclass(frozen=True, kw_only=True)
class FitResumed(Event):
    """The run goes on after a pause."""

    type: ClassVar[str] = "fit_resumed"
    step: int
    until: Literal["end", "epoch", "step"] = "end"
    """Where it pauses again: after one step, at the end of the epoch, or not by itself."""


@dataclass(frozen=True, kw_only=True)
class CheckpointSaved(Event):
    """Weights, or the whole model, were written to `path`."""

    type: ClassVar[str] = "checkpoint_saved"
    step: int
    path: str
    note: str = ""
    """Why it holds the weights alone, where the whole model was wanted."""


@dataclass(frozen=True, kw_only=True)
class Diagnostic(Event):
    """Advice: what was noticed, where (a layer or variable path, or ''), and what to do."""

    type: ClassVar[str] = "diagnostic"
    step: int
    code: str
    path: str
    message: str
    fix: str
    level: Literal["info", "warning", "error"] = "warning"


@dataclass(frozen=True, kw_only=True)
class FitStopped(Event):
    """The run is ending before its last epoch. FitFinished follows."""

    type: ClassVar[str] = "fit_stopped"
    epoch: int
    step: int
    reason: Literal["user", "callback", "interrupt"]
    message: str = ""
    """What the callback says, if it says something."""


@dataclass(frozen=True, kw_only=True)
class FitFailed(Event):
    """An exception ended the run; the model holds the weights of the last finished step."""

    type: ClassVar[str] = "fit_failed"
    step: int
    error: str
    """The exception's class name."""
    message: str


@dataclass(frozen=True, kw_only=True)
class FitFinished(Event):
    """fit is about to return its History."""

    type: ClassVar[str] = "fit_finished"
    epoch: int
    """Number of epochs finished, initial_epoch included."""
    step: int
    seconds: float
    logs: dict[str, float] = field(default_factory=dict)
    """The last epoch's logs."""


Listener = Callable[[Event], None]


def event_types() -> list[type[Event]]:
    """All concrete event classes, in the order in which this file defines them."""
    return list(Event.__subclasses__())


def to_dict(event: Event) -> dict[str, Any]:
    """The event as a plain dict with its `type`, ready for JSON but for non-finite numbers.

    Lists and dicts in it are the event's own: thousands of events a second may be told.
    """
    return {"type": event.type, **vars(event)}

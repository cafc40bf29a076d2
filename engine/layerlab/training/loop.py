"""The training loop: epochs and steps, steering, callbacks, events.

The loop knows neither how a step is computed (its trainee does) nor who listens.
"""

from __future__ import annotations

import contextlib
import math
import time
import uuid
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from layerlab import events
from layerlab.data.source import BatchSource
from layerlab.events import Event, Listener
from layerlab.training.advice import Advice
from layerlab.training.callbacks.callback import CallbackList
from layerlab.training.control import Permission, RunControl
from layerlab.training.interrupts import deferred_interrupts, raise_lost_interrupt
from layerlab.training.recorder import LazyLogs, StepRecorder, single_numbers, to_floats
from layerlab.training.stepping.batch_groups import BatchGroup
from layerlab.training.stepping.stepper import StepPass

__all__ = ["FitRun", "RunDescription", "RunPlace", "Trainee", "new_run_id"]


_UNTIL: dict[Permission, str] = {"run": "end", "epoch": "epoch", "step": "step"}


def new_run_id() -> str:
    """A name for a run that no other run has."""
    return uuid.uuid4().hex[:12]


@dataclass(frozen=True)
class RunDescription:
    """What FitStarted says of the model."""

    model_name: str
    model_class: str
    backend: str
    optimizer: str
    parameters: int
    schedule: str


@dataclass(frozen=True)
class RunPlace:
    """Where a run is: `epoch_step` batches of `epoch` are done, `step` in all.

    `data` is the source's place, `logs` are those of the last batch of an epoch that has begun.
    """

    epoch: int
    epoch_step: int
    step: int
    data: dict[str, Any]
    logs: dict[str, Any]


class Trainee(Protocol):
    """What a run asks of the model that it trains, and of its data."""

    learning_rate: float | None

    @property
    def has_validation(self) -> bool:
        """Whether there are data for it."""

    @property
    def is_stopped(self) -> bool:
        """Whether a callback wants the run to end."""

    def reset_metrics(self) -> None:
        """Called when an epoch begins."""

    def steps(self, callbacks: CallbackList, control: RunControl) -> StepPass:
        """The steps of an epoch, in groups."""

    def validates_after(self, epoch: int) -> bool:
        """Whether to validate after this epoch."""

    def validate(self, callbacks: CallbackList, control: RunControl) -> Mapping[str, Any] | None:
        """The logs of a validation pass; None if a stop was requested in it."""

    def save(self, path: str | None, run_id: str, step: int) -> tuple[str, str]:
        """Write a checkpoint. Returns its path and a note."""


@dataclass
class FitRun:
    """One call of fit.

    `is_watched`: a front end shows the run, advice included. `advice` is given at the start. Who made the
    source closes it.
    """

    description: RunDescription
    trainee: Trainee
    source: BatchSource
    callbacks: CallbackList
    epochs: int
    initial_epoch: int
    run_id: str = field(default_factory=new_run_id)
    control: RunControl = field(default_factory=RunControl)
    listeners: Sequence[Listener] = ()
    is_watched: bool = False
    advice: Sequence[Advice] = ()

    def __post_init__(self) -> None:
        self._step = 0
        self._epoch = self.initial_epoch
        self._epoch_step = 0
        self._resumed: RunPlace | None = None  # until its epoch begins
        self._recorder = StepRecorder()
        self._last_rate: float | None = None
        self._is_known_non_finite = False
        self._is_stopping = False

    def run(self) -> None:
        """Run all epochs. An exception or interrupt is reported to the listeners and raised."""
        self._started = time.perf_counter()
        self._logs: dict[str, Any] = {}
        try:
            self._begin()
            for epoch in range(self.initial_epoch, self.epochs):
                self._epoch, self._epoch_step = (
                    epoch,
                    0 if self._resumed is None else self._resumed.epoch_step,
                )
                if self._must_stop() or not self._run_epoch(epoch):
                    break
                self.control.used("epoch")
                if self._must_stop():
                    break
            self._grant_wishes()  # a checkpoint that was asked for in the last step
            self.callbacks.on_train_end(self._logs)
        except KeyboardInterrupt:
            self._flush()
            self._emit(events.FitStopped, epoch=self._epoch, step=self._step, reason="interrupt")
            self._finish()
            raise
        except BaseException as error:
            with contextlib.suppress(Exception):  # what is wrong may be the very numbers
                self._flush()
            self._emit(
                events.FitFailed, step=self._step, error=type(error).__name__, message=str(error)[:2000]
            )
            raise
        self._finish()

    def _begin(self) -> None:
        self._announce()
        for advice in self.advice:
            self._advise(advice.code, advice.message, advice.fix, path=advice.path)
        self.callbacks.report_with(self._report)
        self.callbacks.attach_run(self)
        self.callbacks.on_train_begin()
        self._note_learning_rate("callback")

    # -- resuming -------------------------------------------------------------------------------------

    def place(self, logs: Mapping[str, Any]) -> RunPlace:
        """Where the run is, between two steps."""
        return RunPlace(self._epoch, self._epoch_step, self._step, self.source.place(), dict(logs))

    def go_on_at(self, place: RunPlace) -> None:
        """Begin at a place of an earlier run; called in `on_train_begin`.

        Metrics are reset when the epoch begins: who resumes in mid-epoch restores them in `on_epoch_begin`.
        Raises: DataError if the data have no such place; the run then begins as it would have.
        """
        self.source.go_on_at(place.data, place.epoch_step)
        self.go_on_from(place.epoch, place.step)
        self._resumed = place

    def go_on_from(self, epoch: int, step: int) -> None:
        """Begin with this epoch, at the beginning of the data."""
        self.initial_epoch = self._epoch = epoch
        self._step = step

    # -- epochs ---------------------------------------------------------------------------------------

    def _run_epoch(self, epoch: int) -> bool:
        """One epoch with its validation; False if there was no step in it."""
        started = time.perf_counter()
        self.trainee.reset_metrics()
        self.callbacks.on_epoch_begin(epoch)
        self._note_learning_rate("callback")
        self._emit(events.EpochStarted, epoch=epoch, step=self._step)
        last = self._run_steps()
        self._flush()
        if not last:
            return False
        logs = to_floats(last)
        self._check_finite([self._step], [logs.get("loss", 0.0)])
        if self.trainee.validates_after(epoch) and not self.control.stop_requested:
            validation = self._run_validation(epoch)
            logs = dict(sorted({**logs, **validation}.items()))
        self.callbacks.on_epoch_end(epoch, logs)
        self._logs = logs
        self._note_learning_rate("callback")
        seconds = time.perf_counter() - started
        self._emit(
            events.EpochFinished, epoch=epoch, step=self._step, logs=single_numbers(logs), seconds=seconds
        )
        self._epoch = epoch + 1
        return True

    def _run_steps(self) -> Mapping[str, Any]:
        logs: Mapping[str, Any] = {} if self._resumed is None else self._resumed.logs
        self._resumed = None
        with self.trainee.steps(self.callbacks, self.control) as steps:
            # Whether to wait is asked before batches are taken: a run that is stepped takes them one by one.
            while (permission := self._permission()) and (group := steps.next_group()) is not None:
                self.callbacks.on_train_batch_begin(self._epoch_step)
                raise_lost_interrupt()
                with deferred_interrupts():  # steps that are committed are also counted and recorded
                    logs = steps.run(group)
                    self._record(group)
                if permission == "step":
                    self.control.used("step")
                self.callbacks.on_train_batch_end(self._epoch_step - 1, LazyLogs(logs))
                if self._recorder.is_due:
                    self._flush()
                if self.trainee.is_stopped:
                    break
        return logs

    def _record(self, group: BatchGroup) -> None:
        done = self._step
        for each in group.ran:
            values, loss = each.last if each.series is None or each.count == 1 else each.series
            recorded = dict(values) if self.listeners else {}
            if loss is not None:  # also without listeners: for the check for NaN
                recorded["batch_loss"] = loss
            numbers = range(done + 1, done + each.count + 1)
            self._recorder.add([*numbers] if each.series is not None else [numbers[-1]], recorded)
            done += each.count
        self._step += len(group)
        self._epoch_step += len(group)

    def _run_validation(self, epoch: int) -> dict[str, Any]:
        """The logs of a validation pass, with 'val_' before each label; none of one that was stopped."""
        started = time.perf_counter()
        result = self.trainee.validate(self.callbacks, self.control)
        if result is None:
            return {}
        logs = to_floats(result)
        seconds = time.perf_counter() - started
        self._emit(
            events.ValidationFinished,
            epoch=epoch,
            step=self._step,
            logs=single_numbers(logs),
            seconds=seconds,
        )
        return {f"val_{label}": value for label, value in logs.items()}

    # -- steering ---------------------------------------------------------------------------------------

    def _permission(self) -> Permission | None:
        """Obey the control before a step: what the step is permitted by; None when the run must end."""
        permission = self.control.permission()
        if permission is None:
            self._flush()
            self._emit(events.FitPaused, step=self._step)
            while (permission := self.control.permission()) is None:
                self._grant_wishes()
                self.control.wait(0.5)
            if not self.control.stop_requested:
                self._emit(events.FitResumed, step=self._step, until=_UNTIL[permission])
        self._grant_wishes()  # after the permission: what was asked for before a step holds for that step
        return None if self._must_stop() else permission

    def _grant_wishes(self) -> None:
        """What the control wants done between two steps."""
        rate = self.control.take_learning_rate()
        if rate is not None:
            self._apply_learning_rate(rate)
        for path in self.control.take_checkpoints():
            self._save(path)

    def _must_stop(self) -> bool:
        asked = "user" if self.control.stop_requested else "callback" if self.trainee.is_stopped else None
        if asked and not self._is_stopping:
            self._is_stopping = True
            if self._epoch < self.epochs:  # else it has just ended by itself
                self._flush()
                message = self.callbacks.stop_message if asked == "callback" else ""
                self._emit(
                    events.FitStopped, epoch=self._epoch, step=self._step, reason=asked, message=message
                )
        return self._is_stopping

    def _apply_learning_rate(self, rate: float) -> None:
        try:
            self.trainee.learning_rate = rate
        except Exception as error:  # a schedule, say: the run goes on as it was
            self._advise("learning-rate-not-set", str(error), "compile with a number as learning_rate")
            return
        self._note_learning_rate("user")

    def _save(self, path: str | None) -> None:
        self._flush()
        try:
            saved, note = self.trainee.save(path, self.run_id, self._step)
        except Exception as error:  # a full disk, say: training goes on
            message = f"No checkpoint was saved at step {self._step}: {type(error).__name__}: {error}"
            self._advise("checkpoint-not-saved", message, "check the folder and the space that is left in it")
            return
        self._emit(events.CheckpointSaved, step=self._step, path=saved, note=note)

    def _note_learning_rate(self, source: str) -> None:
        if not self.listeners:
            return
        rate = self.trainee.learning_rate
        if rate is not None and self._last_rate is not None and rate != self._last_rate:
            self._emit(
                events.LearningRateChanged,
                step=self._step,
                learning_rate=rate,
                previous=self._last_rate,
                source="schedule" if self.description.schedule else source,
            )
        self._last_rate = rate

    # -- events -------------------------------------------------------------------------------------------

    def _report(self, event_type: type[Event], **fields: Any) -> None:
        """What a callback has to tell, at the step that was reached."""
        self._emit(event_type, step=self._step, **fields)

    def _announce(self) -> None:
        rate = self.trainee.learning_rate if self.listeners else None
        self._last_rate = rate
        self._emit(
            events.FitStarted,
            **vars(self.description),
            learning_rate=rate,
            epochs=self.epochs,
            initial_epoch=self.initial_epoch,
            steps_per_epoch=self.source.steps,
            batch_size=self.source.batch_size,
            validation=self.trainee.has_validation,
        )

    def _finish(self) -> None:
        seconds = time.perf_counter() - self._started
        logs = single_numbers(self._logs)
        self._emit(events.FitFinished, epoch=self._epoch, step=self._step, seconds=seconds, logs=logs)

    def _flush(self) -> None:
        with deferred_interrupts():  # taken from the recorder, steps must reach the listeners
            steps, logs = self._recorder.take()
            if steps and self.listeners:
                self._emit(
                    events.StepsFinished,
                    epoch=self._epoch,
                    epoch_step=self._epoch_step,
                    steps=steps,
                    logs=logs,
                )
        self._check_finite(steps, logs.get("batch_loss", []))

    def _check_finite(self, steps: Sequence[int], losses: Sequence[float]) -> None:
        for step, loss in zip(steps, losses, strict=False):
            if not math.isfinite(loss) and not self._is_known_non_finite:
                self._is_known_non_finite = True
                self._advise(
                    "non-finite-loss",
                    f"The loss is {loss} at step {step}; weights and later losses will be too.",
                    "lower the learning rate, check the data for NaN, or clip gradients (clipnorm=1.0)",
                    step,
                )

    def _advise(self, code: str, message: str, fix: str, step: int | None = None, path: str = "") -> None:
        """Tell the listeners and, where no front end shows it, everybody by a warning."""
        if not self.is_watched:
            warnings.warn(f"{message} Fix: {fix}.", stacklevel=2)
        at = self._step if step is None else step
        self._emit(events.Diagnostic, step=at, code=code, path=path, message=message, fix=fix)

    def _emit(self, event_type: type[Event], **fields: Any) -> None:
        if not self.listeners:
            return
        event = event_type(run_id=self.run_id, time=time.time(), **fields)
        for listener in self.listeners:
            listener(event)

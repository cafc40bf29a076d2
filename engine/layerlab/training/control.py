"""Steering a run from another thread: pause, step, stop, learning rate, checkpoint.

Whoever steers (a UI, a test, a second thread) calls the verbs below at any time; the training
loop reads them between two steps. No verb touches the model. Imports nothing of ours but errors.
"""

from __future__ import annotations

import math
import os
import threading
from typing import Literal

from layerlab.errors import InvalidArgumentError, explain

__all__ = ["Permission", "RunControl"]

Permission = Literal["run", "epoch", "step"]
"""How far a run may go: on and on, to the end of the epoch, or one step."""


class RunControl:
    """The steering wheel of one `fit` call; every method is thread-safe and returns at once."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._stop_requested = False
        self._paused = False
        self._steps_allowed = 0  # while paused
        self._epoch_allowed = False
        self._learning_rate: float | None = None
        self._checkpoints: list[str | None] = []

    def stop(self) -> None:
        """End the run after the current step; `fit` returns its History normally."""
        with self._changed:
            self._stop_requested = True
            self._changed.notify_all()

    def pause(self) -> None:
        """Hold the run before its next step."""
        self._set_pace(is_paused=True)

    def resume(self) -> None:
        """Let a paused run go on."""
        self._set_pace(is_paused=False)

    def step(self, unit: Literal["step", "epoch"] = "step") -> None:
        """Run one step, or to the end of the epoch, then pause. Steps add up: called twice, it runs two."""
        if unit not in ("step", "epoch"):
            raise InvalidArgumentError(
                explain("RunControl.step", expected="'step' or 'epoch'", got=repr(unit))
            )
        with self._changed:
            self._paused = True
            self._steps_allowed += unit == "step"
            self._epoch_allowed |= unit == "epoch"
            self._changed.notify_all()

    def set_learning_rate(self, value: float) -> None:
        """Use `value` (positive, finite) from the next step on."""
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
            or value <= 0
        ):
            raise InvalidArgumentError(
                explain("The learning rate", expected="a positive, finite number", got=repr(value)[:80])
            )
        with self._changed:
            self._learning_rate = float(value)
            self._changed.notify_all()

    def checkpoint(self, path: str | os.PathLike[str] | None = None) -> None:
        """Save the model before the next step; CheckpointSaved tells where, a Diagnostic that it failed.

        Args:
            path: as for `model.save`, or for `model.save_weights` where it ends in '.weights.h5' or
                '.safetensors'; None makes a name of model, run and step in the folder 'checkpoints'.
        """
        wanted = None if path is None else os.fspath(path)
        with self._changed:
            if wanted not in self._checkpoints:
                self._checkpoints.append(wanted)
            self._changed.notify_all()

    # -- read by the training loop ------------------------------------------------------------

    @property
    def stop_requested(self) -> bool:
        """True from the call of `stop` on."""
        return self._stop_requested

    @property
    def is_stepping(self) -> bool:
        """True while steps must be run one at a time, because a pause may follow each."""
        return self._paused and not self._epoch_allowed

    @property
    def must_wait(self) -> bool:
        """True when the next step may not start yet."""
        return self.permission() is None

    def permission(self) -> Permission | None:
        """What lets the next step start; None when nothing does."""
        with self._changed:
            if not self._paused or self._stop_requested:
                return "run"
            if self._epoch_allowed:
                return "epoch"
            return "step" if self._steps_allowed else None

    def used(self, permission: Permission) -> None:
        """The loop finished what a permission was for: it is used up."""
        with self._changed:
            if permission == "step":
                self._steps_allowed = max(0, self._steps_allowed - 1)
            elif permission == "epoch":
                self._epoch_allowed = False

    def wait(self, seconds: float) -> None:
        """Sleep until a verb is called, at most `seconds`."""
        with self._changed:
            if self.must_wait and self._learning_rate is None and not self._checkpoints:
                self._changed.wait(seconds)

    def take_learning_rate(self) -> float | None:
        """The learning rate asked for since the last call, or None."""
        with self._changed:
            value, self._learning_rate = self._learning_rate, None
            return value

    def take_checkpoints(self) -> list[str | None]:
        """The paths of the checkpoints asked for since the last call."""
        with self._changed:
            paths, self._checkpoints = self._checkpoints, []
            return paths

    def _set_pace(self, *, is_paused: bool) -> None:
        with self._changed:
            self._paused, self._steps_allowed, self._epoch_allowed = is_paused, 0, False
            self._changed.notify_all()

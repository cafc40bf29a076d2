"""Steering a run from another thread: pause, step, stop, learning rate.

Whoever steers (a UI, a test, a second thread) calls the verbs below at any time; the training
loop reads them between two steps. No verb touches the model. Imports nothing of ours but errors.
"""

from __future__ import annotations

import math
import threading
from typing import Literal

from layerlab.errors import InvalidArgumentError, explain

__all__ = ["RunControl"]


class RunControl:
    """The steering wheel of one `fit` call; every method is thread-safe and returns at once."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._stop_requested = False
        self._paused = False
        self._allowance: Literal["step", "epoch"] | None = None
        self._learning_rate: float | None = None

    def stop(self) -> None:
        """End the run after the current step; `fit` returns its History normally."""
        with self._changed:
            self._stop_requested = True
            self._changed.notify_all()

    def pause(self) -> None:
        """Hold the run before its next step."""
        with self._changed:
            self._paused = True
            self._allowance = None
            self._changed.notify_all()

    def resume(self) -> None:
        """Let a paused run go on."""
        with self._changed:
            self._paused = False
            self._allowance = None
            self._changed.notify_all()

    def step(self, unit: Literal["step", "epoch"] = "step") -> None:
        """Run one step, or to the end of the epoch, then pause."""
        if unit not in ("step", "epoch"):
            raise InvalidArgumentError(
                explain("RunControl.step", expected="'step' or 'epoch'", got=repr(unit))
            )
        with self._changed:
            self._paused = True
            self._allowance = unit
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

    # -- read by the training loop ------------------------------------------------------------

    @property
    def stop_requested(self) -> bool:
        """True from the call of `stop` on."""
        return self._stop_requested

    @property
    def is_stepping(self) -> bool:
        """True while steps must be run one at a time, because a pause follows."""
        return self._paused

    @property
    def must_wait(self) -> bool:
        """True when the next step may not start yet."""
        return self._paused and self._allowance is None and not self._stop_requested

    def wait(self, seconds: float) -> None:
        """Sleep until a verb is called, at most `seconds`."""
        with self._changed:
            if self.must_wait and self._learning_rate is None:
                self._changed.wait(seconds)

    def used(self, unit: Literal["step", "epoch"]) -> None:
        """The loop finished a step or an epoch: an allowance for it is used up."""
        with self._changed:
            if self._allowance == unit:
                self._allowance = None

    def take_learning_rate(self) -> float | None:
        """The learning rate asked for since the last call, or None."""
        with self._changed:
            value, self._learning_rate = self._learning_rate, None
            return value

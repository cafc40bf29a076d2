"""A progress bar in text, as `keras.utils.Progbar` draws it.

On a terminal and in a notebook one line is drawn over and over, at most every `interval` seconds. In a file
or a pipe only the last state is written: there, each redrawing would be a line more.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from layerlab.errors import InvalidArgumentError, explain
from layerlab.terminal.console import is_drawn_over, write

__all__ = ["Progbar"]

_BOLD, _GREEN, _GREY, _PLAIN = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"


class Progbar:
    """A bar that shows progress, speed and values of something that takes steps.

    `fit` draws with it; in a training loop of your own call `update` after each step.

    Args:
        target: number of steps; None if unknown.
        width: of the bar, in characters.
        verbose: 0 nothing, 1 a bar, 2 one line at the end.
        interval: least time between two drawings, in seconds.
        stateful_metrics: labels of values that are shown as they are; all others are
            averaged over the steps. None averages all.
        stateless_metrics: labels of values that are averaged; all others are shown as
            they are.
        unit_name: what a step is called.
    Raises: InvalidArgumentError if both kinds of labels are given.

    Example:
        >>> bar = Progbar(target=2, verbose=0)
        >>> for step, loss in enumerate([0.5, 0.25], 1):
        ...     bar.update(step, [("loss", loss)])
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise InvalidArgumentError(
                explain("Progbar", expected="stateful_metrics or stateless_metrics", got="both")
            )
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self._averaged = None if stateless_metrics is None else frozenset(stateless_metrics)
        self._as_they_are = frozenset(stateful_metrics or ())
        self._values: dict[str, tuple[float, float]] = {}  # label -> weighted sum, weight
        self._is_drawn_over = is_drawn_over()
        self._current = 0
        self._started = time.perf_counter()
        self._after_first_step: float | None = None
        self._last_drawing: float | None = None
        self._drawn_width = 0

    @property
    def is_due(self) -> bool:
        """Whether `update` would draw now: values need not be read before."""
        if self.verbose != 1 or not self._is_drawn_over:
            return False
        return self._last_drawing is None or time.perf_counter() - self._last_drawing >= self.interval

    def update(
        self, current: int, values: Iterable[tuple[str, Any]] | None = None, finalize: bool | None = None
    ) -> None:
        """Tell how many steps are done, and draw if it is time to.

        Args:
            current: number of steps done since the beginning.
            values: pairs of label and value; of an array the mean is shown.
            finalize: whether this is the end; None: whether the target is reached.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._collect(current, values or (), finalize)
        seconds = self._seconds_per_step(current)
        if finalize and self.verbose == 2 and self.target:
            write(self._line(current, seconds) + "\n")
        elif self.verbose == 1 and (finalize or self.is_due):
            self._draw(self._bar(current, seconds, finalize), finalize)
            self._last_drawing = time.perf_counter()

    def add(self, n: int, values: Iterable[tuple[str, Any]] | None = None) -> None:
        """Tell that further steps are done.

        Args:
            n: how many since the last call.
            values: pairs of label and value, as for `update`.
        """
        self.update(self._current + n, values)

    def _collect(self, current: int, values: Iterable[tuple[str, Any]], finalize: bool) -> None:
        weight = max(current - self._current, 1)
        for label, value in values:
            number = value if isinstance(value, float) else float(np.mean(value))
            if finalize or not self._is_averaged(label):
                self._values[label] = (number, 1)
            else:
                total, weights = self._values.get(label, (0.0, 0))
                self._values[label] = (total + number * weight, weights + weight)
        self._current = current

    def _is_averaged(self, label: str) -> bool:
        return label not in self._as_they_are if self._averaged is None else label in self._averaged

    def _seconds_per_step(self, current: int) -> float:
        """The mean, without the first step as soon as there are others: it compiles."""
        if not current:
            return 0.0
        now = time.perf_counter()
        if current == 1:
            self._after_first_step = now
        elif self._after_first_step is not None:
            return (now - self._after_first_step) / (current - 1)
        return (now - self._started) / current

    # -- text -------------------------------------------------------------------------------------------

    def _draw(self, parts: list[tuple[str, str]], finalize: bool) -> None:
        width = sum(len(text) for _, text in parts)
        if not self._is_drawn_over:
            write("".join(text for _, text in parts) + "\n")
            return
        # Also around no text: where a notebook draws over, it counts the characters of the styles too.
        line = "".join(f"{style}{text}{_PLAIN}" if style else text for style, text in parts)
        rest = " " * (self._drawn_width - width)  # covers a longer line drawn before
        write("\r" + line + rest + ("\n" if finalize else ""))
        self._drawn_width = width

    def _bar(self, current: int, seconds: float, finalize: bool) -> list[tuple[str, str]]:
        """Pieces of the line with their styles."""
        told = self._elapsed()
        if self.target:
            done = int(self.width * min(1.0, current / self.target))
            drawn = [(_GREEN, "━" * done), (_GREY, "━" * (self.width - done))]
            parts = [(_BOLD, self._count(current)), ("", " "), *drawn]
            told = told if finalize else _duration(seconds * (self.target - current))
        else:
            parts = [("", f"{current:7d}/Unknown")]
        return [*parts, ("", " "), (_BOLD, told), ("", f" {self._speed(seconds)}{self._written_values()}")]

    def _line(self, current: int, seconds: float) -> str:
        return f"{self._count(current)} - {self._elapsed()} - {self._speed(seconds)}{self._written_values()}"

    def _count(self, current: int) -> str:
        return f"{current:{len(str(self.target))}d}/{self.target}"

    def _elapsed(self) -> str:
        return f"{time.perf_counter() - self._started:.0f}s"

    def _speed(self, seconds: float) -> str:
        if seconds >= 1 or seconds == 0:
            return f"{seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f"{seconds * 1e3:.0f}ms/{self.unit_name}"
        return f"{seconds * 1e6:.0f}us/{self.unit_name}"

    def _written_values(self) -> str:
        means = {label: total / weight for label, (total, weight) in self._values.items()}
        return "".join(f" - {label}: {_number(mean)}" for label, mean in means.items())


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"  # NaN takes the second way, to 'nan'


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if seconds > 3600:
        return f"{hours}:{minutes:02d}:{rest:02d}"
    return f"{minutes}:{rest:02d}" if seconds > 60 else f"{rest}s"

"""Ctrl-C and the notebook's interrupt at step boundaries only, and never lost.

Between dispatching a step, whose memory is donated, and committing its result, the model holds no valid
weights: a SIGINT that arrives there is kept and raised right after. One that arrives in a finalizer or in a
callback of the garbage collector is printed and ignored by Python: it is raised before the next step.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["deferred_interrupts", "raise_lost_interrupt", "watched_interrupts"]


# Without the wrappers that make enums of numbers and take most of the time: each step sets a handler twice.
_get_handler, _set_handler = _signal.getsignal, _signal.signal


class deferred_interrupts:
    """A `with` block in which no SIGINT is handled; one that arrived is handled at its end, also after an
    exception.

    Does nothing outside the main thread, to which alone Python delivers signals, nor where SIGINT is
    ignored or ends the process. May be nested: what the inner one kept waits for the outer.
    """

    __slots__ = ("_kept", "_previous")

    def __enter__(self) -> None:
        self._kept: list[tuple[int, FrameType | None]] = []
        self._previous = _handler()
        if self._previous is not None:
            _set_handler(signal.SIGINT, self._keep)

    def __exit__(self, *exception: object) -> None:
        if self._previous is not None:
            _set_handler(signal.SIGINT, self._previous)
            if self._kept:
                self._previous(*self._kept[0])

    def _keep(self, number: int, frame: FrameType | None) -> None:
        self._kept.append((number, frame))


@contextmanager
def watched_interrupts() -> Iterator[None]:
    """A KeyboardInterrupt that is raised inside and does not get out is raised by `raise_lost_interrupt`, or
    at the end."""
    previous = _handler()
    if previous is None:
        yield
        return
    watch = _Watch(previous)
    _set_handler(signal.SIGINT, watch)
    try:
        yield
    finally:
        _set_handler(signal.SIGINT, previous)
    watch.check()


def raise_lost_interrupt() -> None:
    """Raise what was swallowed since the innermost `watched_interrupts` began; called between two steps."""
    handler = _get_handler(signal.SIGINT)
    if isinstance(handler, _Watch) and _handler() is handler:
        handler.check()


class _Watch:
    """A handler of SIGINT that remembers whether the one before it raised."""

    def __init__(self, previous: Callable[[int, FrameType | None], Any]) -> None:
        self._previous = previous
        self._has_raised = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        try:
            self._previous(number, frame)
        except KeyboardInterrupt:
            self._has_raised = True
            raise

    def check(self) -> None:
        if self._has_raised:
            raise KeyboardInterrupt


def _handler() -> Any:
    """The handler of SIGINT that may be replaced; None if there is none."""
    handler = _get_handler(signal.SIGINT)
    is_main = threading.get_ident() == threading.main_thread().ident
    return handler if is_main and callable(handler) else None

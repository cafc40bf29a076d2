"""Ctrl-C and the notebook's interrupt at step boundaries only.

Between dispatching a step, whose memory is donated, and committing its result, the model holds no valid
weights. A SIGINT that arrives there is kept and raised right after.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["deferred_interrupts"]


@contextmanager
def deferred_interrupts() -> Iterator[None]:
    """No SIGINT is handled inside; one that arrived is handled at the end, also after an exception.

    Does nothing outside the main thread, to which alone Python delivers signals, nor where SIGINT is
    ignored or ends the process. May be nested: what the inner one kept waits for the outer.
    """
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield
        return
    kept: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda number, frame: kept.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
        if kept:
            previous(*kept[0])

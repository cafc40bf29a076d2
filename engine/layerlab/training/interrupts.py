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
from typing import Any

__all__ = ["InterruptGuard"]


class InterruptGuard:
    """While open in the main thread, defers SIGINT in its `critical` sections.

    Elsewhere (callbacks, data) an interrupt is raised at once. In other threads it does nothing: Python
    delivers signals to the main thread.
    """

    def __init__(self) -> None:
        self._critical = False
        self._pending = False
        self._previous: Any = None
        self._installed = False

    def __enter__(self) -> InterruptGuard:
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.getsignal(signal.SIGINT)
            if callable(self._previous):  # SIG_IGN, SIG_DFL and foreign handlers stay as they are
                signal.signal(signal.SIGINT, self._handle)
                self._installed = True
        return self

    def __exit__(self, *exception: object) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, self._previous)
            self._installed = False

    @contextmanager
    def critical(self) -> Iterator[None]:
        """No interrupt inside; a pending one is raised at the end."""
        self._critical = True
        try:
            yield
        finally:
            self._critical = False
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self._critical:
            self._pending = True
        else:
            self._previous(number, frame)

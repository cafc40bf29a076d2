"""A thread for answers that take long to make, so that what steers a run never waits behind one.

The history of a long run, a log on a slow disk, the graph of a large model: hundreds of milliseconds each.
Made on the control thread, they would hold up a click on Stop for as long.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any

__all__ = ["Background", "background"]


class Background:
    """Makes one answer after the other, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def answer(self, make: Callable[[], Any], send: Callable[[Any], None]) -> None:
        """Make an answer in the thread, and send it from the event loop that runs here.

        Args:
            make: must not raise.
            send: called at once where no event loop runs.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            send(make())
            return

        def work() -> None:
            answer = make()
            with contextlib.suppress(RuntimeError):  # the kernel has ended meanwhile
                loop.call_soon_threadsafe(send, answer)

        self._start()
        self._waiting.put(work)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():  # none is left after a fork
                self._thread = threading.Thread(target=self._run, name="layerlab-answers", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._waiting.get()()


background = Background()
"""The one of this process."""

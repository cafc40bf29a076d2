"""Prefetch: batches that are slow to come are loaded in a thread, while the step before them runs.

The first batches are loaded in the training thread. Data that touch values of variables (they ask a
model, say) find those that they would find without a thread: `loading_threads` makes them wait for it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

from layerlab.core.pending import PutOff
from layerlab.data.convert import in_own_memory
from layerlab.data.loading_threads import Ahead

__all__ = ["Prefetcher"]

# A hand-over between threads costs some 0.03 ms, and two threads of Python share one lock: below this a
# thread gains little.
SLOW_SECONDS = 0.002
_QUICK_LOADS = 16  # in a row, after which a thread is given up: it was a pause, or the first batch alone


class Prefetcher:
    """Reads the epochs of one source, in a thread from a slow batch on until batches are quick again.

    Args:
        depth: batches ahead, at most; 0 never starts a thread.
    """

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._is_slow = False
        self._quick_loads = 0
        self._uses_variables = False
        self._ahead: Ahead | None = None

    @property
    def is_ready(self) -> bool:
        """Whether the next batch comes without waiting for the thread, and without asking a model."""
        if self._ahead is not None:
            return self._ahead.is_ready
        return not (self._uses_variables or (self._is_slow and self._depth))

    def read(self, pull: Callable[[], Any], limit: int | None) -> Iterator[Any]:
        """What `pull()` returns, up to `limit` times, or until it raises StopIteration.

        Never pulls more than `limit` times, nor again after an exception.
        """
        pulls = _Pulls(math.inf if limit is None else limit)
        while pulls.left > 0:
            if self._is_slow and self._depth:
                yield from self._read_ahead(pull, pulls)
                continue
            pulls.left -= 1
            try:
                item = self.pull(pull)
            except StopIteration:
                return
            yield item

    def pull(self, pull: Callable[[], Any]) -> Any:
        """`pull()` in this thread, with an eye on how long it takes and whether it uses variables."""
        with PutOff(self):
            return self._timed(pull)

    def finish(self) -> None:
        """Note that a load uses variables."""
        self._uses_variables = True

    def close(self) -> bool:
        """Stop the thread; True if it still runs, in the midst of a user's code."""
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return False
        ahead.close()
        return ahead.is_running

    def _timed(self, pull: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        item = pull()
        is_slow = time.perf_counter() - start > SLOW_SECONDS
        self._quick_loads = 0 if is_slow else self._quick_loads + 1
        self._is_slow = is_slow or (self._is_slow and self._quick_loads < _QUICK_LOADS)
        return item

    def _read_ahead(self, pull: Callable[[], Any], pulls: _Pulls) -> Iterator[Any]:
        def pull_unless_ended(_: object) -> Any:
            if pulls.have_ended:
                raise StopIteration
            try:
                return in_own_memory(self.pull(pull))
            except BaseException:
                pulls.end()
                raise

        ahead = Ahead(pull_unless_ended, pulls.while_true(lambda: self._is_slow), 1, self._depth)
        self._ahead = ahead
        try:
            yield from ahead
        finally:
            ahead.close()
        self._ahead = None


class _Pulls:
    """How often batches may still be pulled in an epoch."""

    def __init__(self, left: float) -> None:
        self.left = left
        self.have_ended = False

    def while_true(self, is_wanted: Callable[[], bool]) -> Iterator[None]:
        """Take them one after the other, as long as that is wanted."""
        while self.left > 0 and is_wanted():
            self.left -= 1
            yield

    def end(self) -> None:
        """No more, whatever was left."""
        self.left, self.have_ended = 0, True

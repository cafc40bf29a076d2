"""Bounds on time that hold on a machine where other processes run too: they only ever make things slower."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["cpu_seconds_below", "least"]


def least(measure: Callable[[], float], bound: float, tries: int = 3) -> float:
    """The least of up to `tries` measurements: the first that is below the bound ends them.

    Args:
        measure: does what is timed, all of it anew, and returns how long it took.
    """
    found: list[float] = []
    while len(found) < tries and (not found or min(found) >= bound):
        with _untraced():
            found.append(measure())
    return min(found)


@contextmanager
def cpu_seconds_below(bound: float) -> Iterator[None]:
    """What this thread computes inside takes less than `bound` seconds of the processor's time."""
    with _untraced():
        start = time.thread_time()
        yield
        seconds = time.thread_time() - start
    assert seconds < bound, f"{seconds:.2f} s"


@contextmanager
def _untraced() -> Iterator[None]:
    """Without what counts the lines that run, for counting takes time as well."""
    trace = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(trace)

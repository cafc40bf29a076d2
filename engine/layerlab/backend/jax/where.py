"""Whether a step is being traced as the body of a loop, where some forms of an operation are slow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import jax

__all__ = ["body_of_loop", "is_body_of_loop", "is_training_loop", "mark_slow_in_loop"]


class _Trace(threading.local):
    def __init__(self) -> None:
        self.slow: list[str] | None = None  # what is slow in the loop that is traced; None outside of any
        self.trains = False


_trace = _Trace()


@contextmanager
def body_of_loop(trains: bool) -> Iterator[list[str]]:
    """While open in this thread, the body of a loop is traced; gives the list of what is slow in it.

    Args:
        trains: whether the steps of the loop compute gradients.
    """
    previous = _trace.slow, _trace.trains
    _trace.slow, _trace.trains = [], trains
    try:
        yield _trace.slow
    finally:
        _trace.slow, _trace.trains = previous


def is_body_of_loop() -> bool:
    """True while the body of a loop is traced."""
    return _trace.slow is not None


def is_training_loop() -> bool:
    """True while the body of a loop of training steps is traced."""
    return _trace.slow is not None and _trace.trains


def mark_slow_in_loop(what: str) -> None:
    """Say that this operation is better run outside of a loop on a CPU."""
    if _trace.slow is not None and jax.default_backend() == "cpu":
        _trace.slow.append(what)

"""As what a step is traced: some forms are fast only where gradients follow, some are slow inside a loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import jax

__all__ = ["is_forward_only", "is_training_loop", "mark_slow_in_loop", "traced_as"]


class _Trace(threading.local):
    def __init__(self) -> None:
        self.slow: list[str] | None = None  # what is slow in the loop that is traced; None outside of any
        self.trains: bool | None = None  # None outside of any step: whether there are gradients is not known


_trace = _Trace()


@contextmanager
def traced_as(*, trains: bool, in_loop: bool) -> Iterator[list[str]]:
    """While open in this thread, a step is traced; gives the list of what in it is slow in a loop.

    Args:
        trains: whether the step computes gradients.
        in_loop: whether it will be the body of a loop.
    """
    previous = _trace.slow, _trace.trains
    slow: list[str] = []
    _trace.slow, _trace.trains = slow if in_loop else None, trains
    try:
        yield slow
    finally:
        _trace.slow, _trace.trains = previous


def is_forward_only() -> bool:
    """True while a step without gradients is traced."""
    return _trace.trains is False


def is_training_loop() -> bool:
    """True while the body of a loop of training steps is traced."""
    return _trace.slow is not None and bool(_trace.trains)


def mark_slow_in_loop(what: str) -> None:
    """Say that the gradient of this operation is better computed outside of a loop on a CPU."""
    if _trace.slow is not None and _trace.trains and jax.default_backend() == "cpu":
        _trace.slow.append(what)

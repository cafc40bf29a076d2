"""As what a step is traced: some forms are fast only where gradients follow, some are slow inside a loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import jax

__all__ = [
    "SlowInLoop",
    "is_forward_only",
    "is_traced_step",
    "is_training_loop",
    "refuse_in_loop",
    "traced_as",
]


class SlowInLoop(BaseException):
    """Ends the tracing of a loop at once. No Exception: what is traced may handle those."""


class _Trace(threading.local):
    def __init__(self) -> None:
        # None outside of any step: whether gradients follow is not known.
        self.trains: bool | None = None
        self.in_loop = False


_trace = _Trace()


@contextmanager
def traced_as(*, trains: bool, in_loop: bool) -> Iterator[None]:
    """While open in this thread, a step is traced.

    Args:
        trains: whether the step computes gradients.
        in_loop: whether it will be the body of a loop.
    """
    previous = _trace.trains, _trace.in_loop
    _trace.trains, _trace.in_loop = trains, in_loop
    try:
        yield
    finally:
        _trace.trains, _trace.in_loop = previous


def is_on_cpu(x: object) -> bool:
    """Whether x is traced for a CPU; operation by operation, one call is better than many."""
    return isinstance(x, jax.core.Tracer) and jax.default_backend() == "cpu"


def is_forward_only() -> bool:
    """True while a step without gradients is traced."""
    return _trace.trains is False


def is_traced_step() -> bool:
    """True while a step is traced, where nobody but us takes derivatives."""
    return _trace.trains is not None


def is_training_loop() -> bool:
    """True while the body of a loop of training steps is traced."""
    return _trace.in_loop and bool(_trace.trains)


def refuse_in_loop() -> None:
    """Say that the gradient of this operation is better computed outside of a loop on a CPU.

    Raises: SlowInLoop where it is about to be traced into one.
    """
    if is_training_loop() and jax.default_backend() == "cpu":
        raise SlowInLoop

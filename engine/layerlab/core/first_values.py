"""Random first values of weights that are about to come from a file: drawn only where the file has none.

Drawing them takes longer than reading them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from layerlab.typing import InitializerLike

__all__ = ["first_values_postponed", "postpones"]


class _Waiting(threading.local):
    draws: list[Callable[[], None]] | None = None  # None: no file is being read in this thread


_waiting = _Waiting()


@contextmanager
def first_values_postponed() -> Iterator[None]:
    """Variables made inside begin with zeros; those that nobody assigns are given theirs at the end."""
    previous, _waiting.draws = _waiting.draws, []
    try:
        yield
        for draw in _waiting.draws:
            draw()
    finally:
        _waiting.draws = previous


def postpones(initializer: InitializerLike, draw: Callable[[], None]) -> bool:
    """Whether `draw` was put off to the end of an open `first_values_postponed`."""
    if _waiting.draws is None or not getattr(initializer, "is_random", False):
        return False
    _waiting.draws.append(draw)
    return True

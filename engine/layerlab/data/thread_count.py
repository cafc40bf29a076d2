"""How many threads load data, where a program leaves it to us."""

from __future__ import annotations

import math
import os

from layerlab.backend.processors import quota
from layerlab.core.whole_number import whole_number

__all__ = ["processors", "thread_count"]

_MOST = 16  # more wait for one another, and each holds a batch


def processors() -> int:
    """Those that this process may use, a share of a container's rounded up."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = quota()
    return max(1, min(count, _MOST, math.ceil(share) if share else count))


def thread_count(asked: object, what: str) -> int:
    """What was asked for; -1 (AUTOTUNE) is one for each processor. Raises: InvalidArgumentError."""
    return processors() if asked == -1 else whole_number(asked, what, 1)

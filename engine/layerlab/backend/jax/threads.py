"""How many threads XLA starts for its programs."""

from __future__ import annotations

import os

from layerlab.backend.processors import most_threads

__all__ = ["limit_threads"]


def limit_threads() -> None:
    """Before the first array is made: XLA then asks the variable NPROC, and else the affinity alone."""
    limit = most_threads()
    if limit is not None:
        os.environ["NPROC"] = str(limit)

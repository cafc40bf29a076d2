"""How many threads torch's kernels run on."""

from __future__ import annotations

import torch

from layerlab.backend.processors import most_threads

__all__ = ["limit_threads"]


def limit_threads() -> None:
    """By the quota of the container; torch asks the affinity alone."""
    limit = most_threads()
    if limit is not None:
        torch.set_num_threads(min(limit, torch.get_num_threads()))

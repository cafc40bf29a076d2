"""A bound on the memory of variables made while a file is read: a line of a config can ask for any amount."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from layerlab import dtypes
from layerlab.errors import ConfigError, explain

__all__ = ["claim", "weight_limit"]


class _Limit(threading.local):
    bytes_left: int | None = None  # None: no file is being read in this thread


_limit = _Limit()


@contextmanager
def weight_limit(size_bytes: int) -> Iterator[None]:
    """Variables made inside may take this many bytes together; the next one raises ConfigError."""
    previous, _limit.bytes_left = _limit.bytes_left, size_bytes
    try:
        yield
    finally:
        _limit.bytes_left = previous


def claim(path: str, shape: Sequence[int], dtype: str) -> None:
    """Count a variable that is about to be made. Raises: ConfigError if it goes over the open limit."""
    if _limit.bytes_left is None:
        return
    size = math.prod(int(axis) for axis in shape) * np.dtype(dtypes.numpy_dtype(dtype)).itemsize
    if size > _limit.bytes_left:
        raise ConfigError(
            explain(
                f"The config asks for the weight '{path[:200]}' of shape {str(tuple(shape))[:100]}.",
                expected="weights in proportion to those that the file holds",
                got=f"{size} bytes, where {_limit.bytes_left} are left",
                fix="check where the file came from; its config does not belong to its weights",
            )
        )
    _limit.bytes_left -= size

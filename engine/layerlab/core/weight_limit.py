"""A bound on the memory of variables made while a config is read: a line of it can ask for any amount."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from layerlab import dtypes
from layerlab.errors import ConfigError, explain

__all__ = ["claim", "weight_limit"]


_IN_FILE = (
    "weights in proportion to those that the file holds",
    "check where the file came from; its config does not belong to its weights",
)


class _Limit(threading.local):
    bytes_left: int | None = None  # None: no config of a stranger is being read in this thread
    expected, fix = _IN_FILE


_limit = _Limit()


@contextmanager
def weight_limit(size_bytes: int, expected: str = _IN_FILE[0], fix: str = _IN_FILE[1]) -> Iterator[None]:
    """Variables made inside may take this many bytes together; the next one raises ConfigError.

    Args:
        expected, fix: what its message says.
    """
    previous = _limit.bytes_left, _limit.expected, _limit.fix
    _limit.bytes_left, _limit.expected, _limit.fix = size_bytes, expected, fix
    try:
        yield
    finally:
        _limit.bytes_left, _limit.expected, _limit.fix = previous


def claim(path: str, shape: Sequence[int], dtype: str) -> None:
    """Count a variable that is about to be made. Raises: ConfigError if it goes over the open limit."""
    if _limit.bytes_left is None:
        return
    size = math.prod(int(axis) for axis in shape) * np.dtype(dtypes.numpy_dtype(dtype)).itemsize
    if size > _limit.bytes_left:
        raise ConfigError(
            explain(
                f"The config asks for the weight '{path[:200]}' of shape {str(tuple(shape))[:100]}.",
                expected=_limit.expected,
                got=f"{size} bytes, where {_limit.bytes_left} are left",
                fix=_limit.fix,
            )
        )
    _limit.bytes_left -= size

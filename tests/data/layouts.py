"""The same numbers as NumPy arrays of every layout."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

__all__ = ["LAYOUTS", "NUMBERS"]

NUMBERS = np.arange(24.0).reshape(6, 4) / 8  # exact in every floating dtype


def _field(x: np.ndarray) -> np.ndarray:
    """A field of packed records: its steps are no multiple of its items' size."""
    records = np.zeros(x.shape, np.dtype([("flag", "i1"), ("value", x.dtype), ("other", "i1")]))
    records["value"] = x
    field: np.ndarray = records["value"]
    return field


def _read_only(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.setflags(write=False)
    return x


def _unaligned(x: np.ndarray) -> np.ndarray:
    raw = np.frombuffer(b"\0" + x.tobytes(), np.uint8)
    return raw[1:].view(x.dtype).reshape(x.shape)


def _matrix(x: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)  # by NumPy, whenever one is made
        return np.asmatrix(x)


_single = NUMBERS.astype("float32")
LAYOUTS: dict[str, Callable[[], np.ndarray]] = {
    "rows backwards": lambda: _single[::-1].copy()[::-1],
    "columns flipped": lambda: np.flip(np.flip(_single, 1).copy(), 1),
    "big-endian float32": lambda: NUMBERS.astype(">f4"),
    "big-endian float64": lambda: NUMBERS.astype(">f8"),
    "big-endian float16": lambda: NUMBERS.astype(">f2"),
    "longdouble": lambda: NUMBERS.astype(np.longdouble),
    "longdouble, backwards": lambda: NUMBERS[::-1].astype(np.longdouble)[::-1],
    "read-only": lambda: _read_only(_single),
    "Fortran order": lambda: np.asfortranarray(_single),
    "every second": lambda: np.repeat(_single, 2, 1)[:, ::2],
    "a field of records": lambda: _field(_single),
    "a big-endian field": lambda: _field(NUMBERS.astype(">f8")),
    "unaligned": lambda: _unaligned(_single),
    "a matrix": lambda: _matrix(_single),
    "broadcast": lambda: np.broadcast_to(_single[None], (2, 6, 4))[1],
    "big-endian int32": lambda: (NUMBERS * 8).astype(">i4"),
    "big-endian int64": lambda: (NUMBERS * 8).astype(">i8"),
    "big-endian int16": lambda: (NUMBERS * 8).astype(">i2"),
    "small integers, backwards": lambda: (NUMBERS * 8).astype("uint8")[::-1].copy()[::-1],
}

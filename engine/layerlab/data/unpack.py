"""Batches as tuples: (x,), (x, y), (x, y, sample_weight)."""

from __future__ import annotations

from typing import Any

from layerlab.errors import DataError, explain

__all__ = ["as_batch", "pack_x_y_sample_weight", "unpack_x_y_sample_weight"]


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of a batch, None for what it lacks."""
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise DataError(
            explain(
                "A batch",
                expected="a tuple (x,), (x, y) or (x, y, sample_weight)",
                got=f"a tuple of {len(data)}",
            )
        )
    return (*data, *(None,) * (3 - len(data)))


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The shortest tuple that holds what is given; x alone stays as it is unless it is a tuple or list."""
    if sample_weight is not None:
        return (x, y, sample_weight)
    if y is not None:
        return (x, y)
    return (x,) if isinstance(x, tuple | list) else x


def as_batch(data: Any) -> tuple[Any, ...]:
    """What an iterator yields, as a tuple; anything but a tuple is taken whole as x.

    Raises: DataError for a namedtuple or a tuple of more than three.
    """
    if not isinstance(data, tuple):
        return (data,)
    if hasattr(data, "_fields"):
        raise DataError(
            explain(
                f"The data yields a namedtuple ({type(data).__name__}), which may mean x alone or (x, y).",
                fix="yield a plain tuple: (x,), (x, y) or (x, y, sample_weight)",
            )
        )
    unpack_x_y_sample_weight(data)
    return data

"""What `adapt` learns from: one array, or batches of any data set."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from layerlab.backend.active import backend
from layerlab.errors import DataError, explain

__all__ = ["batches_of", "is_one_array"]

_ENDLESS = -1  # what tf.data and our data sets say of themselves


def is_one_array(data: object) -> bool:
    """Whether it is all the data in one, as an array or a list of numbers is: not an iterable of batches."""
    if isinstance(data, str | bytes | np.ndarray) or backend().is_array(data):
        return True
    if isinstance(data, list | tuple):
        return bool(data) and isinstance(data[0], str | bytes | int | float | np.generic)
    return hasattr(data, "to_numpy") or (hasattr(data, "__array__") and hasattr(data, "shape"))


def batches_of(data: Any, steps: int | None, where: str) -> Iterator[Any]:
    """The batches of an iterable, at most `steps`; of a tuple (x, y) the x.

    Raises: DataError for what is no data, and for data without an end where `steps` is None.
    """
    if not hasattr(data, "__iter__") and not hasattr(data, "__getitem__"):
        raise DataError(
            explain(
                f"{where} cannot adapt to this.",
                expected="an array, a list, or an iterable of batches",
                got=type(data).__name__,
            )
        )
    length = data.cardinality() if hasattr(data, "cardinality") else None
    if steps is None and length is not None and int(length) == _ENDLESS:
        raise DataError(explain(f"{where} cannot adapt to data without an end.", fix="give `steps`"))
    for batch in itertools.islice(iter(data), steps):
        yield batch[0] if isinstance(batch, tuple) else batch

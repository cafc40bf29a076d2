"""Batches from generators and other iterables."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.data.unpack import as_batch
from layerlab.errors import DataError, explain

__all__ = ["IterableSource"]


class IterableSource:
    """Epochs over an iterable of batches.

    An iterable that can be begun anew (a list, a DataLoader) starts each epoch from its beginning, unless `steps`
    is given: then epochs go on where the last one ended. A generator can be run through once.

    Args:
        steps: batches an epoch; None: to the end; -1: for ever.
    """

    def __init__(self, iterable: Iterable[Any], steps: int | None) -> None:
        self._iterable = iterable
        self._restarts = iter(iterable) is not iterable
        self._limit = steps
        self._current: Iterator[Any] | None = None
        self._peeked: list[Any] = []
        self.batch_size: int | None = None
        length = len(iterable) if hasattr(iterable, "__len__") else None  # type: ignore[arg-type]
        self.steps = None if steps == -1 else steps if steps is not None else length

    def peek(self) -> Any:
        """The first batch, kept for the epoch."""
        if not self._peeked:
            try:
                self._peeked.append(_to_arrays(next(self._iterator())))
            except StopIteration:
                raise DataError(explain("The data yield no batch.", expected="at least one batch")) from None
        return self._peeked[0]

    def epoch(self) -> Iterator[Any]:
        """The batches up to the limit, or to the end."""
        goes_on = self._limit is not None
        counter = itertools.count() if self._limit in (None, -1) else range(self._limit or 0)
        given = 0
        for _ in counter:
            if self._peeked:
                batch = self._peeked.pop()
            else:
                try:
                    batch = _to_arrays(next(self._iterator()))
                except StopIteration:
                    self._current = None
                    if not (goes_on and self._restarts and given):
                        break
                    batch = _to_arrays(next(self._iterator()))
            given += 1
            yield batch
        if not goes_on:
            self._current = None
            self.steps = self.steps if self.steps is not None else given or None

    def close(self) -> None:
        """Let go of the iterator."""
        self._current = None

    def _iterator(self) -> Iterator[Any]:
        if self._current is None:
            self._current = iter(self._iterable)
        return self._current


def _to_arrays(data: Any) -> tuple[Any, ...]:
    return tree.map_structure(_to_array, as_batch(data))


def _to_array(leaf: Any) -> Any:
    if leaf is None or backend().is_array(leaf):
        return leaf
    array = np.asarray(leaf)
    return (
        array.astype(dtypes.numpy_dtype(dtypes.standardize_dtype(None)))
        if array.dtype == np.float64
        else array
    )

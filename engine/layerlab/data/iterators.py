"""Batches from generators and other iterables."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from layerlab.data.arrays import as_arrays
from layerlab.data.unpack import as_batch
from layerlab.errors import DataError, explain

__all__ = ["IterableSource"]


class IterableSource:
    """Epochs over an iterable of batches.

    An iterable that can be begun anew (a list, a DataLoader) starts each epoch from its beginning, unless
    `steps` is given: then epochs go on where the last one ended. A generator can be run through once.

    Args:
        steps: batches an epoch; None: to the end; -1: for ever.
    """

    def __init__(self, iterable: Iterable[Any], steps: int | None) -> None:
        self._iterable = iterable
        self._can_restart = iter(iterable) is not iterable
        self._yields_lists = hasattr(iterable, "collate_fn")  # a torch DataLoader makes lists of tuples
        self._limit = steps
        self._current: Iterator[Any] | None = None
        self._peeked: list[Any] = []
        self._has_warned = False
        self.batch_size: int | None = None
        self.whole: Any = None
        length = len(iterable) if hasattr(iterable, "__len__") else None  # type: ignore[arg-type]
        self.steps = None if steps == -1 else steps if steps is not None else length

    def peek(self) -> Any:
        """The first batch, kept for the epoch."""
        if not self._peeked:
            batch = self._next()
            if batch is None:
                raise DataError(explain("The data yield no batch.", expected="at least one batch"))
            self._peeked.append(batch)
        return self._peeked[0]

    def epoch(self) -> Iterator[Any]:
        """The batches up to the limit, or to the end. Warns where there are fewer than were asked for."""
        given = 0
        for _ in itertools.count() if self._limit in (None, -1) else range(self._limit or 0):
            batch = self._peeked.pop() if self._peeked else self._next()
            if batch is None and self._limit is not None and self._can_restart and given:
                batch = self._next()
            if batch is None:
                break
            given += 1
            yield batch
        if self._limit is None:
            self._current = None
            self.steps = self.steps if self.steps is not None else given or None
        if given < max(self._limit or 1, 1) and not self._has_warned:
            self._warn(given)

    def rewind(self) -> None:
        """Begin the next epoch at the first batch, if the iterable can be begun anew."""
        if self._can_restart and not self._peeked:  # what was peeked is the first batch
            self._current = None

    def close(self) -> None:
        """Let go of the iterator."""
        self._current = None

    def _next(self) -> tuple[Any, ...] | None:
        """The next batch; None at the end, after which an iterable may begin anew."""
        if self._current is None:
            self._current = iter(self._iterable)
        try:
            data = next(self._current)
        except StopIteration:
            self._current = None
            return None
        batch = as_batch(tuple(data) if self._yields_lists and isinstance(data, list) else data)
        names = ("x", "y", "sample_weight")
        return tuple(as_arrays(part, name, to_host=False) for part, name in zip(batch, names, strict=False))

    def _warn(self, given: int) -> None:
        self._has_warned = True
        wanted = f" of {self._limit}" if (self._limit or 0) > 0 else ""
        warnings.warn(
            f"The data ended after {given}{wanted} batches of this epoch. Pass epochs and steps for which "
            "they last, or data that can begin anew (a PyDataset, a list of batches), not a generator.",
            stacklevel=3,
        )

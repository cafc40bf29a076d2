"""Batches from generators and other iterables."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from layerlab.data.prefetch import Prefetcher, uses_layers
from layerlab.data.unpack import prepared
from layerlab.errors import DataError, explain

__all__ = ["IterableSource", "warn_of_end"]

_END = object()


class IterableSource:
    """Epochs over an iterable of batches.

    An iterable that can be begun anew (a list, a DataLoader) starts each epoch from its beginning, unless
    `steps` is given: then epochs go on where the last one ended. A generator can be run through once, and
    with `steps` no more is taken from it than an epoch needs.

    Args:
        steps: batches an epoch; None: to the end; -1: for ever.
        length: batches in a pass, where that is known.
        lists_are_tuples: whether a list is (x, y), as from a DataLoader.
        depth: batches that a thread may load ahead; 0: none.
    """

    def __init__(
        self,
        iterable: Iterable[Any],
        steps: int | None,
        *,
        length: int | None = None,
        lists_are_tuples: bool = False,
        depth: int = 2,
    ) -> None:
        self._iterable = iterable
        self._can_restart = not isinstance(iterable, Iterator)
        self._lists_are_tuples = lists_are_tuples
        self._limit = steps
        self._current: Iterator[Any] | None = None
        self._peeked: list[Any] = []
        self._count = 0  # batches taken, for messages
        self._has_warned = False
        self._prefetcher = Prefetcher(depth)
        self.batch_size: int | None = None
        self.whole: Any = None
        self.steps = None if steps == -1 else steps if steps is not None else length

    def peek(self) -> Any:
        """The first batch, kept for the epoch."""
        if not self._peeked:
            try:
                self._peeked.append(self._prefetcher.pull(self._pull))
            except StopIteration:
                raise DataError(explain("The data yield no batch.", expected="at least one batch")) from None
        return self._peeked[0]

    def epoch(self) -> Iterator[Any]:
        """The batches up to the limit, or to the end. Warns where there are fewer than were asked for."""
        given = 0
        limit = None if self._limit in (None, -1) else self._limit
        try:
            if self._peeked:
                given = 1
                yield self._peeked.pop()
            for batch in self._prefetcher.read(self._pull, None if limit is None else limit - given):
                given += 1
                yield batch
        finally:
            self._stop()
            if self._limit is None:  # also after a break: the next epoch begins anew
                self._drop()
        if self._limit is None and self.steps is None:
            self.steps = given or None
        if given < max(self._limit or 1, 1) and not self._has_warned:
            self._has_warned = True
            warn_of_end(given, self._limit)

    def rewind(self) -> None:
        """Begin the next epoch at the first batch, if the iterable can be begun anew."""
        if self._can_restart and not self._peeked:  # what was peeked is the first batch
            self._drop()

    def close(self) -> None:
        """Stop the thread, if there is one, and let go of the iterator."""
        self._stop()
        self._drop()

    def _pull(self) -> tuple[Any, ...]:
        """The next batch; StopIteration at the end. With a limit, an iterable begins anew instead."""
        data = self._advance()
        if data is _END and self._can_restart and self._limit is not None:
            data = self._advance()
        if data is _END:
            raise StopIteration
        self._count += 1
        return prepared(data, f"Batch {self._count}", self._lists_are_tuples)

    def _advance(self) -> Any:
        if self._current is None:
            self._current = iter(self._iterable)
            if uses_layers(self._current, self._iterable):
                self._prefetcher.stay_here()
        data = next(self._current, _END)
        if data is _END:
            self._current = None
        return data

    def _stop(self) -> None:
        if self._prefetcher.close():
            self._current = None  # the thread is still in it: it can be neither closed nor gone on with

    def _drop(self) -> None:
        """Let go of the iterator; one that was made here is closed, a user's generator lives on."""
        current, self._current = self._current, None
        close = getattr(current, "close", None)
        if self._can_restart and close is not None:
            with contextlib.suppress(ValueError):  # it is running: a batch is being asked for within a batch
                close()


def warn_of_end(given: int, limit: int | None) -> None:
    """Say that an epoch had fewer batches than it should have."""
    wanted = f" of {limit}" if (limit or 0) > 0 else ""
    warnings.warn(
        f"The data ended after {given}{wanted} batches of this epoch. Pass epochs and steps for which "
        "they last, or data that can begin anew (a PyDataset, a list of batches), not a generator.",
        stacklevel=3,
    )

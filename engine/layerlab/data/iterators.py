"""Batches from generators and other iterables."""

from __future__ import annotations

import contextlib
import inspect
import warnings
from collections.abc import Iterable, Iterator
from typing import Any

from layerlab.data.model_needs import EVERYTHING, Needs
from layerlab.data.prefetch import Prefetcher
from layerlab.data.resume_place import check_same, taken_in
from layerlab.data.unpack import prepared
from layerlab.errors import DataError, EmptyDataError, explain
from layerlab.typing import Batch

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
        needs: what a model reads of the batches.
    """

    def __init__(
        self,
        iterable: Iterable[Any],
        steps: int | None,
        *,
        length: int | None = None,
        lists_are_tuples: bool = False,
        depth: int = 2,
        needs: Needs = EVERYTHING,
    ) -> None:
        self._iterable = iterable
        self._can_restart = not isinstance(iterable, Iterator)
        self._is_used = _has_begun(iterable)
        self._lists_are_tuples = lists_are_tuples
        self._needs = needs
        self._limit = steps
        self._current: Iterator[Any] | None = None
        self._peeked: list[Any] = []
        self._count = 0  # batches loaded, for messages
        self._number = 0  # of those, from the current iterator
        self._taken = 0  # batches of the current iterator that were given away
        self._already = 0  # batches of the next epoch that an earlier run has taken
        self._has_warned = False
        self._prefetcher = Prefetcher(depth)
        self.batch_size: int | None = None
        self.whole: Any = None
        self.steps = None if steps == -1 else steps if steps is not None else length

    def peek(self) -> Batch:
        """The first batch, kept for the epoch."""
        if not self._peeked:
            try:
                self._peeked.append(self._prefetcher.pull(self._pull))
            except StopIteration:
                raise EmptyDataError(
                    explain("The data yield no batch.", expected="at least one batch")
                ) from None
        return self._peeked[0][1]

    @property
    def is_ready(self) -> bool:
        """Whether the next batch is there; without a thread, whether no model is asked for it."""
        return self._prefetcher.is_ready

    def epoch(self) -> Iterator[Batch]:
        """The batches up to the limit, or to the end. Warns where there are fewer than were asked for."""
        given, self._already = self._already, 0
        limit = None if self._limit in (None, -1) else self._limit
        try:
            if self._peeked and given != limit:
                given += 1
                self._taken, batch = self._peeked.pop()
                yield batch
            rest = None if limit is None else limit - given
            for number, batch in self._prefetcher.read(self._pull, rest):
                given, self._taken = given + 1, number
                yield batch
        finally:
            self._stop()
            if self._limit is None:  # also after a break: the next epoch begins anew
                self._drop()
                self._taken = 0 if self._can_restart else self._taken
        if self._limit is None and self.steps is None:
            self.steps = given or None
        if given < max(self._limit or 1, 1) and not self._has_warned:
            self._has_warned = True
            warn_of_end(given, self._limit)

    def rewind(self) -> None:
        """Begin the next epoch at the first batch, if the iterable can be begun anew."""
        if self._can_restart and not self._peeked:  # what was peeked is the first batch
            self._drop()

    def place(self) -> dict[str, Any]:
        """How many batches of the iterator were taken."""
        return {"data": self._kind(), "taken": self._taken}

    def go_on_at(self, place: dict[str, Any], given: int) -> None:
        """Draw as many batches again and throw them away.

        Raises: DataError for a generator that was used before: where it stands is not known.
        """
        check_same(self._kind(), place)
        taken = taken_in(place)
        if taken and self._is_used:
            raise DataError(explain("The generator has been used before.", fix="pass a new one"))
        for _ in range(taken - len(self._peeked)):
            if self._advance() is _END:
                raise DataError(explain("The data end too early.", expected=f"{taken} batches, then more"))
        if taken:
            self._peeked.clear()
        self._taken, self._already = taken, given

    def close(self) -> None:
        """Stop the thread, if there is one, and let go of the iterator."""
        self._stop()
        self._drop()

    def _kind(self) -> dict[str, Any]:
        return {"iterator": not self._can_restart, "steps": None if self._limit is None else int(self._limit)}

    def _pull(self) -> tuple[int, Batch]:
        """(its number in the iterator, the next batch); StopIteration at the end.

        With a limit, an iterable begins anew instead.
        """
        data = self._advance()
        if data is _END and self._can_restart and self._limit is not None:
            data = self._advance()
        if data is _END:
            raise StopIteration
        self._count += 1
        return self._number, prepared(data, f"Batch {self._count}", self._lists_are_tuples, self._needs)

    def _advance(self) -> Any:
        if self._current is None:
            self._current, self._number = iter(self._iterable), 0
        data = next(self._current, _END)
        self._number += 1
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


def _has_begun(iterable: object) -> bool:
    """True for a generator that has given something; of other iterators it is not known."""
    return inspect.isgenerator(iterable) and inspect.getgeneratorstate(iterable) != inspect.GEN_CREATED


def warn_of_end(given: int, limit: int | None) -> None:
    """Say that an epoch had fewer batches than it should have."""
    wanted = f" of {limit}" if (limit or 0) > 0 else ""
    warnings.warn(
        f"The data ended after {given}{wanted} batches of this epoch. Pass epochs and steps for which "
        "they last, or data that can begin anew (a PyDataset, a list of batches), not a generator.",
        stacklevel=3,
    )

"""Groups of batches that run in one call: put together of those that are there, and none is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from layerlab.core.pending import PutOff
from layerlab.data.convert import in_own_memory
from layerlab.data.source import BatchSource
from layerlab.training.stepping.step_runner import Ran

__all__ = ["MOST_GATHERED", "BatchGroup", "BatchGroups"]

# More steps a call take no less time each, and memory for the copies of their batches.
MOST_GATHERED = 64

_SECONDS = 0.02  # a call of short steps takes four times as long
_SLOW_SECONDS = 0.002  # a batch that takes longer is not worth that others wait for the next


class BatchGroup:
    """Batches for one call, and what the steps on them gave so far.

    An iterator over the batches that no step has run on, for a `train_function` of a user's.

    Args:
        batches: may grow until the group runs.
    """

    def __init__(self, batches: list[Any]) -> None:
        self.batches = batches
        self.ran: list[Ran] = []
        self._done = 0

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._done == len(self.batches):
            raise StopIteration
        self._done += 1
        return self.batches[self._done - 1]

    def left(self) -> list[Any]:
        """The batches that no step has run on."""
        return self.batches[self._done :] if self._done else self.batches

    def add(self, ran: Ran) -> None:
        """Keep what steps on the next batches gave."""
        self.ran.append(ran)
        self._done += ran.count


class BatchGroups:
    """Takes the batches of an epoch in groups.

    What is taken is run, too: if a batch fails to load, or an interrupt arrives, those before it come first.

    Args:
        batches: of the epoch of `source`.
        check: raises for a batch that does not fit the model.
        run_early: runs the steps of a group that has just begun. Called when the next batch, while it is
            loaded, asks a model: it must find the weights that it would find if nothing were gathered.
    """

    def __init__(
        self,
        source: BatchSource,
        batches: Iterator[Any],
        check: Callable[[Any], None],
        run_early: Callable[[BatchGroup], None],
    ) -> None:
        self._source, self._batches = source, batches
        self._check, self._run_early = check, run_early
        self._group = BatchGroup([])  # the one that is put together
        self._failure: BaseException | None = None
        self._asks_model = False
        self._number = 0
        self._began = 0.0  # when the last batch was asked for

    def next(self, most: int, waits: bool) -> BatchGroup:
        """The next batches, up to `most`; none at the end.

        Args:
            waits: whether `most` are wanted though they must be waited for.
        """
        if self._failure is not None:
            raise self._failure
        self._group = group = BatchGroup([])
        start = time.perf_counter()
        try:
            while len(group) < most and (waits or not len(group) or self._may_go_on(start)):
                batch = self._load(may_run_early=not waits)
                if batch is None:
                    break
                group.batches.append(batch)
        except BaseException as error:
            if not len(group):
                raise
            self._failure = error
        return group

    def finish(self) -> None:
        """Run the steps on what was gathered: a batch asks the model while it is loaded."""
        self._asks_model = True
        self._run_early(self._group)

    def _load(self, may_run_early: bool) -> Any:
        waiting = self._group.batches
        is_held = bool(waiting) and self._source.whole is None
        if is_held:  # the source may use the memory again
            waiting[-1] = in_own_memory(waiting[-1])
        self._began = time.perf_counter()
        if is_held and may_run_early:
            with PutOff(self):
                batch = next(self._batches, None)
        else:
            batch = next(self._batches, None)
        if batch is not None:
            self._number += 1
            try:
                self._check(batch)
            except Exception as error:
                error.add_note(f"That was batch {self._number} of the epoch.")
                raise
        return batch

    def _may_go_on(self, start: float) -> bool:
        """Whether the next batch is there, and the last ones came quickly."""
        if self._source.whole is not None:
            return True
        if self._asks_model or not self._source.is_ready:
            return False
        now = time.perf_counter()
        return now - self._began < _SLOW_SECONDS and now - start < _SECONDS

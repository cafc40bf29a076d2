"""Gathering batches for one call: only those that are there, and none that is lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from layerlab.core.context import context
from layerlab.data.convert import in_own_memory
from layerlab.data.source import BatchSource

__all__ = ["MOST_GATHERED", "Gathering"]

# More steps a call take no less time each, and memory for the copies of their batches.
MOST_GATHERED = 64

_SECONDS = 0.02  # a call of short steps takes four times as long
_SLOW_SECONDS = 0.002  # a batch that takes longer is not worth that others wait for the next


class Gathering:
    """Takes the batches of an epoch in lists.

    What is taken is run, too: if a batch fails to load, or an interrupt arrives, those before it come first.

    Args:
        batches: of the epoch of `source`.
        check: raises for a batch that does not fit the model.
        run_early: runs steps on batches at once. Called when the next batch, while it is loaded, asks a
            model: it must find the weights that it would find if nothing were gathered.
    """

    def __init__(
        self,
        source: BatchSource,
        batches: Iterator[Any],
        check: Callable[[Any], None],
        run_early: Callable[[list[Any]], None],
    ) -> None:
        self._source, self._batches = source, batches
        self._check, self._run_early = check, run_early
        self._failure: BaseException | None = None
        self._asks_model = False
        self._number = 0
        self._began = 0.0  # when the last batch was asked for

    def gathered(self, most: int, waits: bool) -> list[Any]:
        """The next batches, up to `most`; none at the end.

        Args:
            waits: whether `most` are wanted though they must be waited for.
        """
        if self._failure is not None:
            raise self._failure
        together: list[Any] = []
        outer = context.on_use

        def run_first() -> None:
            context.on_use, self._asks_model = outer, True
            self._run_early(together)

        start = time.perf_counter()
        try:
            while len(together) < most and (waits or not together or self._may_go_on(start)):
                if together and self._source.whole is None:
                    together[-1] = in_own_memory(together[-1])
                    context.on_use = outer if waits else run_first
                self._began = time.perf_counter()
                batch = next(self._batches, None)
                if batch is None:
                    break
                self._check_numbered(batch)
                together.append(batch)
        except BaseException as error:
            if not together:
                raise
            self._failure = error
        finally:
            context.on_use = outer
        return together

    def _check_numbered(self, batch: Any) -> None:
        self._number += 1
        try:
            self._check(batch)
        except Exception as error:
            error.add_note(f"That was batch {self._number} of the epoch.")
            raise

    def _may_go_on(self, start: float) -> bool:
        """Whether the next batch is there, and the last ones came quickly."""
        if self._source.whole is not None:
            return True
        if self._asks_model or not self._source.is_ready:
            return False
        now = time.perf_counter()
        return now - self._began < _SLOW_SECONDS and now - start < _SECONDS

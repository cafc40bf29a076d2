"""Batches from data with random access: slices of shuffled indices, no copy of the data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.core.seed import make_default_seed
from layerlab.data.convert import count_samples
from layerlab.errors import InvalidArgumentError, explain

__all__ = ["IndexedSource", "array_source", "check_shuffle"]


def array_source(
    data: tuple[Any, ...], batch_size: int, steps: int | None, shuffle: bool | str
) -> IndexedSource:
    """Epochs over `(x, y, sample_weight)`, structures of arrays with the samples as first axis."""

    def take(index: Any) -> tuple[Any, ...]:
        return tree.map_structure(lambda leaf: None if leaf is None else leaf[index], data)

    return IndexedSource(count_samples(data), take, batch_size, steps, shuffle, whole=data)


class IndexedSource:
    """Epochs over samples that `take(index)` gives as a batch; index is a slice, or an array of integers.

    Args:
        batch_size: samples a batch; the last one of a pass may be smaller.
        steps: batches an epoch; None: one pass over the data. Otherwise epochs go on where the last one
            ended, and a new pass begins where the data end.
        shuffle: True: samples anew before each pass; 'batch': whole batches change places; False: in order.
    """

    def __init__(
        self,
        samples: int,
        take: Callable[[Any], tuple[Any, ...]],
        batch_size: int,
        steps: int | None,
        shuffle: bool | str,
        whole: Any = None,
    ) -> None:
        self.whole = whole
        self._samples = samples
        self._take = take
        self.batch_size: int | None = batch_size
        self._size = batch_size
        self._per_pass = -(-samples // batch_size)
        self.steps: int | None = steps if steps is not None else self._per_pass
        self._shuffle = shuffle
        self._batches: Iterator[Any] | None = None
        # Only what shuffles draws from the process-wide seed: predict must not change what follows.
        self._random = np.random.default_rng(make_default_seed()) if shuffle else None

    def peek(self) -> Any:
        """The first samples in order."""
        return self._take(slice(0, min(self._size, self._samples)))

    def epoch(self) -> Iterator[Any]:
        """One pass, or `steps` batches that go on where the last epoch ended."""
        if self.steps == self._per_pass:
            yield from self._one_pass()
            return
        for _ in range(self.steps or 0):
            if self._batches is None:
                self._batches = self._one_pass()
            batch = next(self._batches, None)
            if batch is None:
                self._batches = self._one_pass()
                batch = next(self._batches)
            yield batch

    def rewind(self) -> None:
        """Begin the next epoch at the first sample."""
        self._batches = None

    def close(self) -> None:
        """Nothing to stop."""

    def _one_pass(self) -> Iterator[Any]:
        starts = np.arange(0, self._samples, self._size)
        if self._random is None:
            for start in starts:
                yield self._take(slice(int(start), int(start) + self._size))
            return
        if self._shuffle == "batch":
            full = starts[: self._samples // self._size]
            for start in [*self._random.permutation(full), *starts[len(full) :]]:
                yield self._take(slice(int(start), int(start) + self._size))
            return
        order = self._random.permutation(self._samples)
        for start in starts:
            yield self._take(order[start : start + self._size])


def check_shuffle(shuffle: Any) -> None:
    """Raise for anything but True, False and 'batch'."""
    if not isinstance(shuffle, bool | str) or shuffle not in (True, False, "batch"):
        raise InvalidArgumentError(
            explain("shuffle", expected="True, False or 'batch'", got=repr(shuffle)[:40])
        )

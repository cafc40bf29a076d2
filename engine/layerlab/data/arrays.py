"""Batches from data with random access: slices of shuffled indices, no copy of the data set."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.core.seed import make_default_seed
from layerlab.data.convert import count_samples
from layerlab.data.resume_place import check_same, generator_at, taken_in
from layerlab.data.unpack import pack_x_y_sample_weight, unpack_x_y_sample_weight
from layerlab.errors import InvalidArgumentError, explain
from layerlab.typing import Batch

__all__ = ["IndexedSource", "array_source", "check_shuffle"]


def array_source(
    data: tuple[Any, ...], batch_size: int, steps: int | None, shuffle: bool | str
) -> IndexedSource:
    """Epochs over `(x, y, sample_weight)`, structures of arrays with the samples as first axis.

    Batches are what a step of a user's gets in Keras: x alone if there is nothing else.
    """
    samples, data = count_samples(data), pack_x_y_sample_weight(*unpack_x_y_sample_weight(data))

    def take(index: object) -> Any:
        return tree.map_structure(lambda leaf: None if leaf is None else leaf[index], data)

    return IndexedSource(samples, take, batch_size, steps, shuffle, whole=data)


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
        take: Callable[[Any], Batch],
        batch_size: int,
        steps: int | None,
        shuffle: bool | str,
        whole: object = None,
    ) -> None:
        self.whole = whole
        self._samples = samples
        self._take = take
        self.batch_size: int | None = batch_size
        self.is_ready = True
        self._size = batch_size
        self._per_pass = -(-samples // batch_size)
        self.steps: int | None = steps if steps is not None else self._per_pass
        self._shuffle = shuffle
        # Only what shuffles draws from the process-wide seed: predict must not change what follows.
        self._random = np.random.default_rng(make_default_seed()) if shuffle else None
        self._already = 0  # batches of the next epoch that an earlier run has taken
        self.rewind()

    def peek(self) -> Batch:
        """The first samples in order."""
        return self._take(slice(0, min(self._size, self._samples)))

    def epoch(self) -> Iterator[Batch]:
        """One pass, or `steps` batches that go on where the last epoch ended."""
        already, self._already = self._already, 0
        if self.steps == self._per_pass and not already:
            self.rewind()
        for _ in range(already, self.steps or 0):
            yield self._take(self._next_index())

    def rewind(self) -> None:
        """Begin the next epoch at the first sample."""
        self._indices: Iterator[Any] | None = None
        self._order_from = None if self._random is None else self._random.bit_generator.state
        self._taken = 0  # batches of the pass

    def place(self) -> dict[str, Any]:
        """Where the random numbers of this pass began, and how many batches of it were taken."""
        return {"data": self._kind(), "order_from": self._order_from, "taken": self._taken}

    def go_on_at(self, place: dict[str, Any], given: int) -> None:
        """Draw the order of that pass again; the samples of the batches before are not touched."""
        check_same(self._kind(), place)
        if self._random is not None:
            self._random = generator_at(place)
        self._begin_pass()
        for _ in range(taken_in(place, most=self._per_pass)):  # also draws the order, if there is one
            self._next_index()
        self._already = given

    def close(self) -> None:
        """Nothing to stop."""

    def _kind(self) -> dict[str, Any]:
        return {
            "samples": int(self._samples),
            "batch_size": int(self._size),
            "steps": int(self.steps or 0),
            "shuffle": self._shuffle,
        }

    def _next_index(self) -> Any:
        """What to take for the next batch; where a pass has ended, a new one begins."""
        index = None if self._indices is None else next(self._indices, None)
        if index is None:
            index = next(self._begin_pass())
        self._taken += 1
        return index

    def _begin_pass(self) -> Iterator[Any]:
        self.rewind()
        self._indices = indices = self._pass()
        return indices

    def _pass(self) -> Iterator[Any]:
        """The indices of each batch."""
        starts = np.arange(0, self._samples, self._size)
        if self._random is None or self._shuffle == "batch":
            if self._random is not None:
                full = starts[: self._samples // self._size]
                starts = np.concatenate([self._random.permutation(full), starts[len(full) :]])
            for start in starts:
                yield slice(int(start), int(start) + self._size)
            return
        order = self._random.permutation(self._samples)
        for start in starts:
            yield order[start : start + self._size]


def check_shuffle(shuffle: object) -> None:
    """Raise for anything but True, False and 'batch'."""
    if not isinstance(shuffle, bool | str) or shuffle not in (True, False, "batch"):
        raise InvalidArgumentError(
            explain("shuffle", expected="True, False or 'batch'", got=repr(shuffle)[:40])
        )

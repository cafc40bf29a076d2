"""PyDataset: batches by index, as users write them for Keras; loaded by threads or processes."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from layerlab.core.seed import make_default_seed
from layerlab.core.whole_number import whole_number
from layerlab.data.iterators import warn_of_end
from layerlab.data.loading_threads import Ahead
from layerlab.data.model_needs import EVERYTHING, Needs
from layerlab.data.prefetch import Prefetcher
from layerlab.data.queue_options import QueueOptions
from layerlab.data.resume_place import check_same, generator_at, taken_in
from layerlab.data.unpack import prepared
from layerlab.data.worker_processes import ProcessWorkers
from layerlab.errors import EmptyDataError, InvalidArgumentError, UnsupportedError, explain
from layerlab.typing import Batch

__all__ = ["PyDataset", "PyDatasetSource"]


class PyDataset:
    """A data set that gives batches by number, for data that do not fit into memory.

    Subclass it: `__getitem__(index)` gives batch number `index` as (x, y) or (x, y,
    sample_weight), `__len__` their number. `on_epoch_begin` and `on_epoch_end` run
    around each epoch; override them to shuffle, say.

    Batches come in order whatever loads them. A subclass that does not call
    `super().__init__()` has the defaults. Worker processes hold copies: what
    `__getitem__` changes in `self` is seen there only.

    Args:
        workers: 0 loads in the training thread; 1 goes on in a thread once batches are
            slow to come; more load in as many threads, or processes.
        use_multiprocessing: processes in place of threads; the data set must be
            picklable.
        max_queue_size: batches loaded ahead, at most.
    Raises: InvalidArgumentError.

    Example:
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 2
        ...     def __getitem__(self, index):
        ...         x = np.arange(4.0)[:, None] + index
        ...         return x, x**2
        >>> Squares()[1][1].ravel()
        array([ 1.,  4.,  9., 16.])
    """

    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        QueueOptions(max_queue_size, workers, use_multiprocessing)
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Batch number `index`: a tuple (x,), (x, y) or (x, y, sample_weight)."""
        raise UnsupportedError(
            explain(f"{type(self).__name__} has no batches.", fix="define __getitem__(self, index)")
        )

    def __iter__(self) -> Iterator[Any]:
        """The batches of one pass, loaded here."""
        count = _count(self)
        return (self[index] for index in (itertools.count() if count is None else range(count)))

    @property
    def num_batches(self) -> int | None:
        """Number of batches; None if they never end."""
        if hasattr(self, "__len__"):
            return type(self).__len__(self)  # not len(): many return np.ceil(samples / batch_size), a float
        raise UnsupportedError(
            explain(
                f"{type(self).__name__} does not say how many batches there are.",
                fix="define __len__(self), or the property num_batches, None for batches without end",
            )
        )

    def on_epoch_begin(self) -> None:
        """Called before the first batch of each epoch is loaded."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


_Place = tuple[Any, int]  # (random state before the order of the pass was drawn, batches of the pass)
_Task = tuple[_Place, int, int]


class PyDatasetSource:
    """Epochs over a PyDataset, batches in a new order each pass if `shuffle`.

    The hooks `on_epoch_begin` and `on_epoch_end` stand around each epoch; to peek begins one. No batch is
    loaded across them, so that they may change the data set.
    """

    def __init__(
        self,
        dataset: PyDataset,
        options: QueueOptions,
        steps: int | None,
        shuffle: bool,
        needs: Needs = EVERYTHING,
    ) -> None:
        self._dataset = dataset
        self._needs = needs
        own = QueueOptions(dataset.max_queue_size, dataset.workers, dataset.use_multiprocessing)
        self._options = options.over(own)
        self._limit = steps
        if steps is None and _count(dataset) is None:
            raise InvalidArgumentError(
                explain(
                    f"{type(dataset).__name__} never ends.",
                    fix="say how many batches make an epoch: steps_per_epoch=... (or steps=...)",
                )
            )
        self._random = np.random.default_rng(make_default_seed()) if shuffle else None
        self._order: Iterator[int] | None = None
        self._order_from = self._random_state()
        self._drawn = 0  # indices of the pass
        self._place: _Place = (self._order_from, 0)  # of the last batch that was given away
        self._already = 0  # batches of the next epoch that an earlier run has taken
        self._peeked: list[Any] = []
        self._is_in_epoch = False
        self._has_warned = False
        self._tasks = 0
        self._prefetcher = Prefetcher(self._options.prefetch_depth if self._options.workers else 0)
        self._ahead: Ahead | None = None
        self._processes: ProcessWorkers | None = None
        self.batch_size: int | None = None
        self.whole: Any = None

    @property
    def steps(self) -> int | None:
        """Batches an epoch: `steps`, or as many as the data set has now."""
        return None if self._limit == -1 else self._limit or _count(self._dataset)

    def peek(self) -> Batch:
        """The first batch, kept for the epoch."""
        if not self._peeked:
            self._begin_epoch()
            task = next(self._epoch_tasks(1), None)
            if task is None:
                raise EmptyDataError(
                    explain(f"{type(self._dataset).__name__} has 0 batches.", expected="at least one")
                )
            self._peeked.append(self._prefetcher.pull(lambda: self._load(task)))
        return self._peeked[0][1]

    @property
    def is_ready(self) -> bool:
        """Whether the next batch is there; without threads, whether no model is asked for it."""
        return self._prefetcher.is_ready if self._ahead is None else self._ahead.is_ready

    def epoch(self) -> Iterator[Batch]:
        """The batches of an epoch, with the data set's hooks around it."""
        self._begin_epoch()
        given, self._already = self._already, 0
        limit = None if self._limit in (None, -1) else self._limit
        try:
            if self._peeked:
                given = 1
                self._place, batch = self._peeked.pop()
                yield batch
            for place, batch in self._read(None if limit is None else limit - given):
                given, self._place = given + 1, place
                yield batch
        finally:
            self._stop()
            self._is_in_epoch = False
            if self._limit is None:
                self._order = None
        if given < max(limit or 1, 1) and not self._has_warned:
            self._has_warned = True
            warn_of_end(given, limit)
        self._dataset.on_epoch_end()

    def rewind(self) -> None:
        """Begin the next epoch at the first batch."""
        if not self._peeked:
            self._order = None

    def place(self) -> dict[str, Any]:
        """Where the random numbers of this pass began, and how many of its batches were taken."""
        order_from, taken = self._place
        return {"data": self._kind(), "order_from": order_from, "taken": taken}

    def go_on_at(self, place: dict[str, Any], given: int) -> None:
        """Draw the order of that pass again; batches before the place are not loaded. What the data set's
        hooks changed in it is its own affair."""
        check_same(self._kind(), place)
        taken = taken_in(place)
        self._peeked.clear()
        self._random = None if self._random is None else generator_at(place)
        self._order = None
        for _ in range(taken):
            self._next_index()
        if self._limit is None and not given:  # the pass has ended with its epoch
            self._order = None
        self._place, self._already = (self._order_from, self._drawn), given

    def close(self) -> None:
        """End threads and processes."""
        # Processes first: a thread that waits for one is set free.
        processes, self._processes = self._processes, None
        if processes is not None:
            processes.close()
        self._stop()

    # -- inside ---------------------------------------------------------------------------------------

    def _kind(self) -> dict[str, Any]:
        limit = None if self._limit is None else int(self._limit)
        return {"batches": _count(self._dataset), "steps": limit, "shuffle": self._random is not None}

    def _random_state(self) -> Any:
        return None if self._random is None else self._random.bit_generator.state

    def _begin_epoch(self) -> None:
        if self._is_in_epoch:
            return
        self._dataset.on_epoch_begin()
        self._is_in_epoch = True
        if not (self._options.use_multiprocessing and self._options.workers):
            return
        if self._processes is None:
            self._processes = ProcessWorkers(self._dataset, self._options.workers)
        else:
            self._processes.refresh()

    def _read(self, count: int | None) -> Iterator[Any]:
        """The next `count` batches, or the rest of the pass."""
        tasks = self._epoch_tasks(count)
        if self._options.workers <= 1 and self._processes is None:
            return self._prefetcher.read(lambda: self._load(next(tasks)), None)
        load = (
            self._load
            if self._processes is None
            else functools.partial(_load_aside, self._processes, self._needs)
        )
        self._ahead = Ahead(load, tasks, self._options.workers, self._options.max_queue_size)
        return self._ahead

    def _epoch_tasks(self, count: int | None) -> Iterator[_Task]:
        """(place behind the batch, its number since the beginning, its index)."""
        for _ in itertools.count() if count is None else range(count):
            index = self._next_index()
            if index is None:
                return
            self._tasks += 1
            yield (self._order_from, self._drawn), self._tasks, index

    def _next_index(self) -> int | None:
        """The next index of the pass. With a limit a new pass begins after it, else None ends it."""
        for _ in range(2):
            if self._order is None:
                self._order_from, self._drawn = self._random_state(), 0
                self._order = iter(self._new_order())
            index = next(self._order, None)
            if index is not None:
                self._drawn += 1
                return int(index)
            self._order = None
            if self._limit is None:
                break
        return None

    def _new_order(self) -> Iterable[int]:
        count = _count(self._dataset)
        if count is None:
            return itertools.count()
        return range(count) if self._random is None else self._random.permutation(count)

    def _load(self, task: _Task) -> tuple[_Place, Batch]:
        place, number, index = task
        try:
            data = self._dataset[index]
        except StopIteration as error:  # would end the epoch without a word
            raise RuntimeError(f"{type(self._dataset).__name__}[{index}] raised StopIteration") from error
        return place, prepared(data, f"Batch {number}", lists_are_tuples=True, needs=self._needs)

    def _stop(self) -> None:
        self._prefetcher.close()
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.close()


def _load_aside(processes: ProcessWorkers, needs: Needs, task: _Task) -> tuple[_Place, Batch]:
    place, number, index = task
    data = processes.load((number, index))
    return place, prepared(data, f"Batch {number}", lists_are_tuples=True, needs=needs)


def _count(dataset: PyDataset) -> int | None:
    """The number of batches.

    Raises: InvalidArgumentError if it is no whole number.
    """
    count = dataset.num_batches
    what = f"The number of batches of {type(dataset).__name__}"
    return None if count is None else whole_number(count, what, 0, or_what=", or None for no end")

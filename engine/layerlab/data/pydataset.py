"""PyDataset: batches by index, as users write them for Keras."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from layerlab.core.seed import make_default_seed
from layerlab.data.iterators import IterableSource
from layerlab.errors import UnsupportedError, explain

__all__ = ["PyDataset", "PyDatasetSource"]


class PyDataset:
    """A data set that gives batch number `index`; subclass it and define `__getitem__` and `__len__`.

    Args:
        workers, use_multiprocessing, max_queue_size: as in Keras. This version loads batches in the training
            thread: workers above 1 and use_multiprocessing raise UnsupportedError.

    Example:
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 2
        ...     def __getitem__(self, index):
        ...         x = np.arange(4.0)[:, None] + index
        ...         return x, x**2
    """

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        if workers > 1 or use_multiprocessing:
            raise UnsupportedError(
                explain(
                    "PyDataset loads batches in the training thread.",
                    fix="leave workers=1 and use_multiprocessing=False",
                )
            )
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Batch number `index`: a tuple (x,), (x, y) or (x, y, sample_weight)."""
        raise UnsupportedError(
            explain(f"{type(self).__name__} has no batches.", fix="define __getitem__(self, index)")
        )

    @property
    def num_batches(self) -> int | None:
        """Number of batches; None if they never end."""
        return len(self) if hasattr(self, "__len__") else None

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


class PyDatasetSource:
    """Epochs over a PyDataset, batches in a new order each time if `shuffle`."""

    def __init__(self, dataset: PyDataset, steps: int | None, shuffle: bool) -> None:
        self._dataset = dataset
        self._random = np.random.default_rng(make_default_seed()) if shuffle else None
        self._source = IterableSource(_Batches(self), steps)
        self.batch_size: int | None = None
        self.whole: Any = None
        self.steps = steps if steps is not None else dataset.num_batches

    def peek(self) -> Any:
        """The first batch."""
        return self._source.peek()

    def epoch(self) -> Iterator[Any]:
        """The batches of an epoch, with the data set's hooks around it."""
        self._dataset.on_epoch_begin()
        yield from self._source.epoch()
        self._dataset.on_epoch_end()

    def rewind(self) -> None:
        """Begin the next epoch at the first batch."""
        self._source.rewind()

    def close(self) -> None:
        """Nothing to stop."""
        self._source.close()

    def batches(self) -> Iterator[Any]:
        """One pass."""
        count = self._dataset.num_batches
        if count is None:
            index = 0
            while True:
                yield self._dataset[index]
                index += 1
        order = np.arange(count) if self._random is None else self._random.permutation(count)
        for index in order:
            yield self._dataset[int(index)]


class _Batches:
    """An iterable that starts anew for each pass."""

    def __init__(self, source: PyDatasetSource) -> None:
        self._source = source

    def __iter__(self) -> Iterator[Any]:
        return self._source.batches()

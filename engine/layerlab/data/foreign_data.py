"""Data objects of other libraries, known by their classes' names, so that none of them has to be imported.

tf.data, PyTorch's DataLoader and Dataset, Hugging Face `datasets`; and what is often passed by mistake.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator
from pathlib import PurePath
from typing import Any

import numpy as np

from layerlab.data.arrays import IndexedSource
from layerlab.data.iterators import IterableSource
from layerlab.data.model_needs import EVERYTHING, Needs
from layerlab.data.source import BatchSource
from layerlab.data.unpack import prepared
from layerlab.errors import DataError, EmptyDataError, InvalidArgumentError, explain
from layerlab.typing import Batch

__all__ = [
    "holds_rows",
    "holds_splits",
    "iterable_source",
    "loaded_column",
    "refuse_what_is_no_data",
    "row_source",
]


def iterable_source(
    data: Iterable[Any], steps: int | None, depth: int, needs: Needs = EVERYTHING
) -> BatchSource:
    """The source for an iterable of batches: a generator, a list, tf.data, a DataLoader.

    Raises: InvalidArgumentError if it says that it never ends, and `steps` is None.
    """
    is_loader = _is_of(data, "torch.utils.data", "DataLoader")
    length = _length(data)
    if steps is None and length == _ENDLESS:
        raise InvalidArgumentError(
            explain(
                f"The {type(data).__name__} never ends.",
                fix="say how many batches make an epoch: steps_per_epoch=... (or steps=...)",
            )
        )
    return IterableSource(
        data,
        steps,
        length=length if length is None or length >= 0 else None,
        lists_are_tuples=is_loader,
        # A DataLoader loads aside by num_workers; in a thread of ours its random numbers would not repeat.
        depth=0 if is_loader else depth,
        needs=needs,
    )


def holds_rows(data: object) -> bool:
    """True for a Hugging Face data set: it gives samples, not batches, so that batch_size says how many."""
    return _is_of(data, "datasets", "Dataset", "IterableDataset")


def holds_splits(data: object) -> bool:
    """True for a Hugging Face dict of data sets: train, test and so on."""
    return _is_of(data, "datasets", "DatasetDict", "IterableDatasetDict")


def row_source(
    data: Any,
    batch_size: int,
    steps: int | None,
    shuffle: bool | str,
    depth: int,
    needs: Needs = EVERYTHING,
) -> BatchSource:
    """Batches of the rows of a Hugging Face data set: dicts by column, taken as x, at least those needed.

    Only what has random access is shuffled.
    """
    if _is_of(data, "datasets", "IterableDataset"):
        return IterableSource(_Rows(data, batch_size), steps, depth=depth, needs=needs)

    def take(index: Any) -> Batch:
        rows = data[index.tolist() if isinstance(index, np.ndarray) else index]
        return prepared(rows, "The rows", needs=needs)

    if len(data) == 0:
        raise EmptyDataError(explain("The data set is empty.", expected="at least one row", got="0 rows"))
    return IndexedSource(len(data), take, batch_size, steps, shuffle)


def loaded_column(value: Any) -> Any:
    """The values of a column of a Hugging Face data set; anything else as it is."""
    if isinstance(value, np.ndarray):  # nearly always
        return value
    return value[:] if _is_of(value, "datasets", "Column") else value


def refuse_what_is_no_data(x: object) -> None:
    """Raise DataError, with advice, for what is often passed as data and cannot be."""
    advice = ""
    if _is_of(x, "torch.utils.data", "Dataset", "IterableDataset"):
        advice = "wrap it: torch.utils.data.DataLoader(dataset, batch_size=32)"
    elif holds_splits(x):
        advice = 'choose a split: data["train"]'
    elif isinstance(x, types.FunctionType | types.MethodType):
        advice = f"call it: {x.__name__}() gives the generator"
    elif isinstance(x, str | bytes | PurePath):
        advice = "read the file first, e.g. np.load(path) or pandas.read_csv(path)"
    elif isinstance(x, set | frozenset | range):
        advice = "np.array(list(x)) makes an array of it"
    elif isinstance(x, Iterable):
        return
    elif hasattr(x, "__getitem__") and hasattr(x, "__len__"):
        advice = "derive its class from keras.utils.PyDataset"
    raise DataError(
        explain(
            f"A {type(x).__name__} is no data.",
            expected="arrays, a PyDataset, or an iterable of batches",
            fix=advice,
        )
    )


class _Rows:
    """The batches of a stream of rows, begun anew for each epoch."""

    def __init__(self, data: Any, batch_size: int) -> None:
        self._data = data
        self._batch_size = batch_size

    def __iter__(self) -> Iterator[Any]:
        return iter(self._data.iter(batch_size=self._batch_size))


_ENDLESS = -1  # what tf.data says; -2 is unknown


def _length(data: Any) -> int | None:
    """The number of batches; None if unknown."""
    if _is_of(data, "tensorflow", "DatasetV2", "Dataset") and hasattr(data, "cardinality"):
        cardinality = int(np.asarray(data.cardinality()))
        return None if cardinality < _ENDLESS else cardinality
    try:
        return len(data)
    except TypeError:  # it has no length, or does not know it
        return None


def _is_of(value: object, package: str, *names: str) -> bool:
    """Whether the class, or one it inherits from, has one of the names and is of the package."""
    return any(
        parent.__name__ in names and f"{parent.__module__}.".startswith(f"{package}.")
        for parent in type(value).__mro__
    )

"""`keras.utils.split_dataset`: two data sets of one."""

from __future__ import annotations

import numbers
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.data.dataset import Dataset
from layerlab.data.recipes import Recipe, Table
from layerlab.data.recipes import stacked as stack
from layerlab.data.tables import ArrayTable, as_columns
from layerlab.errors import DataError, DTypeError, InvalidArgumentError, UnsupportedError, explain
from layerlab.utils.tensorflow_dataset import tensorflow_dataset

__all__ = ["split_dataset"]

_TF_DATA = "tensorflow"  # whose data sets are asked for; no back end of layerlab


def split_dataset(
    dataset: object,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Split data into two data sets, for training and for testing, say.

    Args:
        dataset: an array, a list or tuple of arrays, a Dataset (its batches are taken
            apart, and put together again), or one of PyTorch with a length.
        left_size: samples of the first part: a number, or a fraction; None: the rest.
        right_size: samples of the second part, in the same way.
        shuffle: whether samples are mixed before.
        seed: of the mixing; None follows from `set_random_seed`.
        preferred_backend: None gives data sets of ours; "tensorflow" gives tf.data data
            sets, if TensorFlow is installed.
    Returns: two Datasets of samples, or of batches if there were batches.
    Raises: InvalidArgumentError for sizes that do not fit, DTypeError for what is no data;
        DataError.

    Example:
        >>> left, right = split_dataset(np.arange(10), left_size=0.8)
        >>> len(left), [int(x) for x in right]
        (8, [8, 9])
    """
    if preferred_backend not in (None, _TF_DATA):
        raise UnsupportedError(
            explain(
                f"preferred_backend={preferred_backend!r}",
                expected="None or 'tensorflow'",
                fix="torch.utils.data.random_split makes data sets of PyTorch",
            )
        )
    table, count, batch_size = _rows(dataset)
    left, right = _sizes(left_size, right_size, count)
    order = list(range(count))
    if shuffle:
        random.Random(random.randint(0, 10**6) if seed is None else seed).shuffle(order)
    parts = [_part(table, order[:left], batch_size), _part(table, order[-right:], batch_size)]
    if preferred_backend == _TF_DATA:
        return tensorflow_dataset(parts[0]), tensorflow_dataset(parts[1])
    return parts[0], parts[1]


class _Samples:
    """Samples of a data set of PyTorch, got one by one when they are needed."""

    def __init__(self, samples: Any) -> None:
        self._samples = samples

    def row(self, index: int) -> Any:
        return tree.map_structure(np.asarray, self._samples[index])

    def rows(self, indices: np.ndarray) -> Any:
        return stack([self.row(int(index)) for index in indices])


def _rows(dataset: object) -> tuple[Any, int, int | None]:
    """(a table of samples, their number, the batch size)."""
    if isinstance(dataset, Dataset):
        batch_size = dataset.batch_size
        samples = dataset if batch_size is None else dataset.unbatch()
        elements = list(samples.elements(samples.next_pass()))
        if not elements:
            raise DataError(explain("split_dataset: the data set is empty."))
        return ArrayTable(stack(elements)), len(elements), batch_size
    if isinstance(dataset, np.ndarray | list | tuple):
        is_array = isinstance(dataset, np.ndarray)
        if not is_array and not (dataset and all(hasattr(part, "__array__") for part in dataset)):
            raise DTypeError(
                explain(
                    "split_dataset", expected="an array, or a list of arrays", got="a list of other things"
                )
            )
        columns, count = as_columns(dataset if is_array else tuple(dataset))
        return ArrayTable(columns), count, None
    is_text_or_dict = isinstance(dataset, str | bytes | dict)
    if hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__") and not is_text_or_dict:
        return _Samples(dataset), len(dataset), None
    raise DTypeError(
        explain("split_dataset", expected="arrays, or a data set with a length", got=type(dataset).__name__)
    )


def _part(table: Any, order: Sequence[int], batch_size: int | None) -> Dataset:
    def make(_: object) -> Any:
        kept: Table = table
        return (Recipe(lambda i=i: table.row(i), None, kept, i) for i in order)  # type: ignore[misc]

    part = Dataset(make, len(order))
    return part if batch_size is None else part.batch(batch_size)


def _sizes(left: object, right: object, count: int) -> tuple[int, int]:
    if left is None and right is None:
        raise InvalidArgumentError(explain("split_dataset", expected="left_size or right_size"))
    sizes = [_size(left, "left_size", count), _size(right, "right_size", count)]
    first = count - sizes[1] if sizes[0] is None and sizes[1] is not None else sizes[0]
    second = count - first if sizes[1] is None and first is not None else sizes[1]
    assert first is not None and second is not None
    if first + second > count or min(first, second) < 1:
        raise InvalidArgumentError(
            explain(
                f"split_dataset of {count} samples",
                expected="two parts of at least one sample each, and no more than there are",
                got=f"{first} and {second}",
            )
        )
    return first, second


def _size(size: object, what: str, count: int) -> int | None:
    """In samples."""
    if size is None:
        return None
    if not isinstance(size, numbers.Real) or isinstance(size, bool):
        raise DTypeError(explain(what, expected="a number or a fraction", got=type(size).__name__))
    is_whole, value = isinstance(size, numbers.Integral), float(size)
    if not 0 < value < (count if is_whole else 1):
        raise InvalidArgumentError(
            explain(what, expected=f"a number from 1 to {count - 1}, or a fraction", got=repr(size)[:40])
        )
    return int(value) if is_whole else round(value * count)

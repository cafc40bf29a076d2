"""Choose the BatchSource for what was passed as data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.data.arrays import ArraySource, as_arrays, check_shuffle, count_samples
from layerlab.data.iterators import IterableSource
from layerlab.data.pydataset import PyDataset, PyDatasetSource
from layerlab.data.source import BatchSource
from layerlab.data.unpack import pack_x_y_sample_weight, unpack_x_y_sample_weight
from layerlab.errors import DataError, InvalidArgumentError, explain

__all__ = ["make_source", "pack_x_y_sample_weight", "split_validation", "unpack_x_y_sample_weight", "with_queue_options"]

DEFAULT_BATCH_SIZE = 32


def make_source(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    class_weight: Mapping[int, float] | None = None,
) -> BatchSource:
    """The source of batches for arrays (or structures of them), a PyDataset, a generator or another iterable.

    Raises: DataError, DTypeError or InvalidArgumentError for data that do not fit together.
    """
    check_shuffle(shuffle)
    _check_positive("batch_size", batch_size)
    if steps != -1:
        _check_positive("steps", steps)
    if _is_arrays(x):
        return _from_arrays(x, y, sample_weight, batch_size, steps, shuffle, class_weight)
    if x is None:
        raise DataError(explain("There are no data.", fix="pass x (and y)"))
    if hasattr(x, "toarray"):
        raise DataError(
            explain(f"x is a sparse {type(x).__name__}.", expected="a dense array", fix="x.toarray()")
        )
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise DataError(
                explain(
                    f"{name} cannot be given beside a {type(x).__name__} as x.",
                    fix=f"let it yield (x, y{', sample_weight' if name != 'y' else ''})",
                )
            )
    source: BatchSource
    if isinstance(x, PyDataset):
        source = PyDatasetSource(x, steps, bool(shuffle))
    elif isinstance(x, Iterable):
        source = IterableSource(x, steps)
    else:
        raise DataError(
            explain(
                f"A {type(x).__name__} is no data.", expected="arrays, a PyDataset, or an iterable of batches"
            )
        )
    return source if class_weight is None else _Weighted(source, class_weight)


def split_validation(x: Any, y: Any, sample_weight: Any, fraction: float) -> tuple[Any, Any]:
    """((x, y, sample_weight), the same of the last `fraction` of the samples)."""
    if not 0 < fraction < 1:
        raise InvalidArgumentError(
            explain("validation_split", expected="a number between 0 and 1", got=repr(fraction)[:40])
        )
    if not _is_arrays(x):
        raise DataError(
            explain(
                f"validation_split needs arrays; x is a {type(x).__name__}.", fix="pass validation_data=..."
            )
        )
    data = (as_arrays(x, "x"), as_arrays(y, "y"), as_arrays(sample_weight, "sample_weight"))
    samples = count_samples(data)
    cut = int(np.floor(samples * (1 - fraction)))
    if cut in (0, samples):
        raise DataError(
            explain(
                f"validation_split={fraction} of {samples} samples leaves one part empty.",
                fix="use more data or another fraction",
            )
        )

    def part(index: slice) -> Any:
        return tree.map_structure(lambda leaf: None if leaf is None else leaf[index], data)

    return part(slice(0, cut)), part(slice(cut, None))


def _from_arrays(
    x: Any,
    y: Any,
    sample_weight: Any,
    batch_size: int | None,
    steps: int | None,
    shuffle: Any,
    class_weight: Any,
) -> BatchSource:
    x, y, sample_weight = as_arrays(x, "x"), as_arrays(y, "y"), as_arrays(sample_weight, "sample_weight")
    if class_weight is not None:
        count_samples((x, y, sample_weight))
        sample_weight = weights_of_classes(y, class_weight, sample_weight)
    batch = (x, y, sample_weight) if sample_weight is not None else (x, y) if y is not None else (x,)
    if steps == -1:
        raise InvalidArgumentError(
            explain("steps_per_epoch=-1 runs for ever.", expected="a generator that never ends, not arrays")
        )
    return ArraySource(batch, batch_size or DEFAULT_BATCH_SIZE, steps, shuffle)


def weights_of_classes(y: Any, class_weight: Mapping[int, float], sample_weight: Any) -> np.ndarray:
    """A weight per sample from the weight of its class, times its sample weight if there is one."""
    if y is None or tree.is_nested(y):
        raise DataError(
            explain("class_weight", expected="one output with class targets", got="none or several")
        )
    labels = backend().to_numpy(y) if backend().is_array(y) else np.asarray(y)
    if labels.ndim >= 2:
        labels = labels.argmax(-1) if labels.shape[-1] > 1 else labels[..., 0]
    table = {int(key): float(value) for key, value in class_weight.items()}
    floatx = dtypes.numpy_dtype(dtypes.standardize_dtype(None))
    weights = np.ones(labels.shape, dtype=floatx)
    for label, weight in table.items():
        weights[labels == label] = weight
    return weights if sample_weight is None else weights * np.asarray(sample_weight, dtype=floatx)


class _Weighted:
    """A source whose batches get sample weights from their classes."""

    def __init__(self, source: BatchSource, class_weight: Mapping[int, float]) -> None:
        self._source = source
        self._class_weight = class_weight
        self.batch_size = source.batch_size
        self.whole: Any = None

    @property
    def steps(self) -> int | None:
        return self._source.steps

    def peek(self) -> Any:
        return self._weigh(self._source.peek())

    def epoch(self) -> Iterator[Any]:
        return map(self._weigh, self._source.epoch())

    def rewind(self) -> None:
        self._source.rewind()

    def close(self) -> None:
        self._source.close()

    def _weigh(self, batch: Any) -> Any:
        x, y, sample_weight = unpack_x_y_sample_weight(batch)
        return x, y, weights_of_classes(y, self._class_weight, sample_weight)


def _is_arrays(x: Any) -> bool:
    """True for arrays, array-likes, lists of numbers, and lists, tuples or dicts of arrays."""
    if x is None or isinstance(x, PyDataset):
        return False
    if isinstance(x, dict | list | tuple):
        leaves = tree.flatten(x)
        # A list of (x, y) pairs is a list of batches; a list of arrays, or of numbers, is data.
        return bool(leaves) and not any(isinstance(item, tuple) for item in x)
    return hasattr(x, "__array__") or backend().is_array(x)


def _check_positive(name: str, value: Any) -> None:
    if value is not None and (
        isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1
    ):
        raise InvalidArgumentError(explain(name, expected="a positive integer or None", got=repr(value)[:40]))


def with_queue_options(
    x: Any, max_queue_size: int = 10, workers: int = 1, use_multiprocessing: bool = False
) -> Any:
    """The data with these options of loading. PROVISIONAL: the owner of data/ replaces this."""
    return x

"""Choose the BatchSource for what was passed as data."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.core.pending import finish_pending
from layerlab.core.whole_number import whole_number
from layerlab.data.arrays import array_source, check_shuffle
from layerlab.data.class_weight import WeightedSource, checked_class_weight, weights_of_classes
from layerlab.data.convert import as_arrays, count_samples, is_sparse
from layerlab.data.dataset import Dataset
from layerlab.data.dataset_source import DatasetSource
from layerlab.data.foreign_data import (
    holds_rows,
    holds_splits,
    iterable_source,
    loaded_column,
    refuse_what_is_no_data,
    row_source,
)
from layerlab.data.model_needs import EVERYTHING, Needs
from layerlab.data.pydataset import PyDataset, PyDatasetSource
from layerlab.data.queue_options import Queued, QueueOptions, unwrap
from layerlab.data.source import BatchSource
from layerlab.data.unpack import pack_x_y_sample_weight, unpack_x_y_sample_weight
from layerlab.errors import DataError, InvalidArgumentError, explain

__all__ = [
    "make_source",
    "one_batch",
    "pack_x_y_sample_weight",
    "split_validation",
    "takes_batch_size",
    "unpack_x_y_sample_weight",
    "with_queue_options",
]

DEFAULT_BATCH_SIZE = 32


def make_source(
    x: object,
    y: object = None,
    sample_weight: object = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    class_weight: Mapping[int, float] | None = None,
    default_batch_size: int | None = None,
    needs: Needs = EVERYTHING,
) -> BatchSource:
    """The source of batches for data of any kind.

    Args:
        x: arrays or data frames, or lists or dicts of them; a Dataset or PyDataset; a generator, list or
            other iterable of batches; a tf.data.Dataset or torch DataLoader; a Hugging Face data set: its
            columns are x.
        y, sample_weight: beside arrays only.
        batch_size: samples a batch; data that come in batches keep theirs, with a warning.
        default_batch_size: the same where `batch_size` is None; None: 32.
        steps: batches an epoch; None: a pass over the data; -1: for ever.
        shuffle: True, False or 'batch' for arrays and rows; whole batches of a PyDataset; iterables keep
            their order. With `steps` too each pass over the data has an order of its own, as in Keras 3.
        class_weight: weight by class number, for the targets of any kind of data.
        needs: what the model reads of the data; of a whole data frame, say, some columns.
    Raises: DataError, DTypeError or InvalidArgumentError for data that do not fit together.
    """
    finish_pending()  # who asks for a source will use the model
    check_shuffle(shuffle)
    batch_size = _positive("batch_size", batch_size)
    steps = steps if steps == -1 else _positive("steps_per_epoch, or steps,", steps)
    if class_weight is not None:
        class_weight = checked_class_weight(class_weight)
    x, options = unwrap(x)
    x = loaded_column(x)
    size = batch_size or default_batch_size or DEFAULT_BATCH_SIZE
    if _is_arrays(x):
        return _from_arrays(x, y, sample_weight, size, steps, shuffle, class_weight, needs)
    _check_alone(x, y, sample_weight, batch_size)
    source = _from_batches(x, size, steps, shuffle, options, needs)
    return source if class_weight is None else WeightedSource(source, class_weight)


def one_batch(
    x: object,
    y: object = None,
    sample_weight: object = None,
    *,
    class_weight: Mapping[int, float] | None = None,
    needs: Needs = EVERYTHING,
) -> Any:
    """Arrays as one batch, whatever their length; the first batch of data that come in batches.

    Args:
        x, y, sample_weight, class_weight, needs: as for `make_source`.
    Raises: as `make_source`.
    """
    if not _is_arrays(x):
        source = make_source(x, y, sample_weight, class_weight=class_weight, needs=needs)
        return source.peek() if source.whole is None else source.whole
    finish_pending()
    if y is None and sample_weight is None and class_weight is None:
        x = as_arrays(loaded_column(x), "x", needed=needs.keys)
        count_samples((x,))
        return pack_x_y_sample_weight(x)
    weights = None if class_weight is None else checked_class_weight(class_weight)
    batch = _batch_of(x, y, sample_weight, weights, needs)
    count_samples(batch)
    return pack_x_y_sample_weight(*unpack_x_y_sample_weight(batch))


def with_queue_options(
    x: object, max_queue_size: int = 10, workers: int = 1, use_multiprocessing: bool = False
) -> Any:
    """Data with the options that older calls pass beside them; x itself stays as it is.

    An option at its default leaves a PyDataset its own. Arrays do not need any and come back unchanged; a
    generator is read by one thread, or none for `workers=0`.
    Raises: InvalidArgumentError.
    """
    options = QueueOptions(max_queue_size, workers, use_multiprocessing)
    if x is None or isinstance(x, list | tuple | Mapping) or _is_arrays(x):
        return x
    if use_multiprocessing and workers and not isinstance(x, PyDataset):
        warnings.warn(
            f"use_multiprocessing=True has no effect on a {type(x).__name__}: several processes would each "
            "give the same batches, so one thread reads it. A PyDataset can be shared among processes.",
            stacklevel=3,
        )
    return Queued(x, options)


def takes_batch_size(x: object) -> bool:
    """True for data that hold samples; False for those that come in batches."""
    data, _ = unwrap(x)
    return _is_arrays(loaded_column(data)) or holds_rows(data)


def split_validation(
    x: object, y: object, sample_weight: object, fraction: float, needs: Needs = EVERYTHING
) -> tuple[Any, Any]:
    """((x, y, sample_weight), the same of the last `fraction` of the samples)."""
    if not 0 < fraction < 1:
        raise InvalidArgumentError(
            explain("validation_split", expected="a number between 0 and 1", got=repr(fraction)[:40])
        )
    x = loaded_column(unwrap(x)[0])
    if not _is_arrays(x):
        raise DataError(
            explain(
                f"validation_split needs arrays; x is a {type(x).__name__}.", fix="pass validation_data=..."
            )
        )
    data = _host_arrays(x, y, sample_weight, needs)
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
    x: object,
    y: object,
    sample_weight: object,
    batch_size: int,
    steps: int | None,
    shuffle: bool | str,
    class_weight: Mapping[int, float] | None,
    needs: Needs,
) -> BatchSource:
    if steps == -1:
        raise InvalidArgumentError(
            explain("steps_per_epoch=-1 runs for ever.", expected="a generator that never ends, not arrays")
        )
    return array_source(_batch_of(x, y, sample_weight, class_weight, needs), batch_size, steps, shuffle)


def _batch_of(
    x: object, y: object, sample_weight: object, class_weight: Mapping[int, float] | None, needs: Needs
) -> tuple[Any, ...]:
    x, y, sample_weight = _host_arrays(x, y, sample_weight, needs)
    if class_weight is not None:
        count_samples((x, y, sample_weight))
        sample_weight = weights_of_classes(y, class_weight, sample_weight)
    return (x, y, sample_weight) if sample_weight is not None else (x, y) if y is not None else (x,)


def _host_arrays(x: object, y: object, sample_weight: object, needs: Needs) -> tuple[Any, Any, Any]:
    parts = {"x": x, "y": y, "sample_weight": sample_weight}
    for name, value in parts.items():
        if not isinstance(value, np.ndarray) and isinstance(value, Dataset | PyDataset | Iterator):
            raise DataError(
                explain(
                    f"{name} is a {type(value).__name__} beside arrays.",
                    expected="an array",
                    fix="pass one source that yields (x, y) or (x, y, sample_weight)",
                )
            )
    host = {
        name: as_arrays(loaded_column(value), name, needed=needs.keys if name == "x" else None)
        for name, value in parts.items()
    }
    return host["x"], host["y"], host["sample_weight"]


def _from_batches(
    x: Any,
    batch_size: int,
    steps: int | None,
    shuffle: bool | str,
    options: QueueOptions,
    needs: Needs,
) -> BatchSource:
    if isinstance(x, PyDataset):
        return PyDatasetSource(x, options, steps, bool(shuffle), needs)
    depth = options.prefetch_depth if options.workers else 0
    if isinstance(x, Dataset):
        return DatasetSource(x, steps, depth, needs)
    if holds_rows(x):
        return row_source(x, batch_size, steps, shuffle, depth, needs)
    return iterable_source(x, steps, depth, needs)


def _check_alone(x: object, y: object, sample_weight: object, batch_size: object) -> None:
    """Raise DataError for what is no data, and for what cannot be given beside a source of batches; warn of
    what has no effect there."""
    if x is None:
        raise DataError(explain("There are no data.", fix="pass x (and y)"))
    if not isinstance(x, PyDataset) and not holds_rows(x):
        refuse_what_is_no_data(x)
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise DataError(
                explain(
                    f"{name} cannot be given beside a {type(x).__name__} as x.",
                    fix=f"let it yield (x, y{', sample_weight' if name != 'y' else ''})",
                )
            )
    if batch_size is not None and not holds_rows(x):
        warnings.warn(
            f"batch_size={batch_size} has no effect on a {type(x).__name__}, which comes in batches. Leave "
            "it out, and let the data give batches of that size.",
            stacklevel=4,
        )


def _is_arrays(x: object) -> bool:
    """True for arrays, array-likes, lists of numbers, and lists, tuples or dicts of arrays."""
    if isinstance(x, np.ndarray):  # nearly always
        return True
    if x is None or isinstance(x, PyDataset):
        return False
    if isinstance(x, Mapping | list | tuple) and not holds_splits(x):
        leaves = tree.flatten(dict(x) if isinstance(x, Mapping) else x)
        # A list of (x, y) pairs is a list of batches; a list of arrays, or of numbers, is data.
        return bool(leaves) and not any(isinstance(item, tuple) for item in x)
    return hasattr(x, "__array__") or is_sparse(x) or backend().is_array(x)


def _positive(name: str, value: object) -> int | None:
    return None if value is None else whole_number(value, name, 1, or_what=", or None")

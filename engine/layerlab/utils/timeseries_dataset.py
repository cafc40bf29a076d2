"""`keras.utils.timeseries_dataset_from_array`: windows that slide over a series."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab.core.whole_number import whole_number
from layerlab.data.dataset import Dataset
from layerlab.data.tables import Computed, as_columns, rows_of
from layerlab.errors import DataError, InvalidArgumentError, explain
from layerlab.typing import TensorLike
from layerlab.utils.file_dataset import check_format, in_format

__all__ = ["timeseries_dataset_from_array"]


def timeseries_dataset_from_array(
    data: TensorLike,
    targets: TensorLike | None,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str | None = None,
) -> Any:
    """A data set of windows that slide over a series, each with a target.

    Windows are cut out when they are needed; the series is not copied.

    Args:
        data: (steps, ...), the series.
        targets: targets[i] belongs to the window that begins at step i; None: there are
            none.
        sequence_length: steps in a window.
        sequence_stride: steps from one window's beginning to the next one's.
        sampling_rate: steps from one step in a window to the next: 1 takes each.
        batch_size: windows a batch; None: single windows.
        shuffle: True: in another order in each pass; False: in the order of time.
        seed: of the order; None follows from `set_random_seed`.
        start_index: the first step that is used; None: 0.
        end_index: the first step that is not used any more; None: to the end.
        format: None gives a data set of ours; "tf" one of tf.data, if TensorFlow is
            installed.
    Returns: a Dataset of windows (batch, sequence_length, ...), or of (windows, targets).
    Raises: DataError if no window fits; InvalidArgumentError.

    Example:
        >>> series = np.arange(10)
        >>> data = timeseries_dataset_from_array(series[:-3], series[3:], sequence_length=3)
        >>> for x, y in data.take(1):
        ...     print(x[0], y[0])
        [0 1 2] 3
    """
    check_format(format)
    series, count = as_columns(data)
    start = _bounded(start_index, "start_index", count, least=0) if start_index else 0
    end = _bounded(end_index, "end_index", count, least=start + 1) if end_index else count
    length = whole_number(sequence_length, "sequence_length", 1)
    stride = _bounded(sequence_stride, "sequence_stride", count, least=1)
    rate = _bounded(sampling_rate, "sampling_rate", count, least=1)
    windows = end - start - (length - 1) * rate
    aims, aim_count = (None, 0) if targets is None else as_columns(targets)
    if targets is not None:
        windows = min(windows, aim_count - start)
    if windows <= 0:
        raise DataError(
            explain(
                "No window fits in the data.",
                expected=f"more than {(length - 1) * rate} steps, and as many targets as windows",
                got=f"{end - start} steps" + ("" if targets is None else f", {aim_count - start} targets"),
            )
        )
    starts = np.arange(start, start + windows, stride)
    if shuffle and seed is None:
        seed = int(np.random.randint(10**6))
    if shuffle:
        np.random.RandomState(seed).shuffle(starts)
    steps = np.arange(length) * rate

    def cut(indices: np.ndarray) -> object:
        chosen = starts[indices]
        x = series[chosen[:, None] + steps]
        return x if aims is None else (x, aims[chosen])

    dataset = Dataset(lambda _: rows_of(Computed(cut), len(starts)), len(starts))
    if shuffle:
        dataset = dataset.shuffle(len(starts), seed=seed)
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    return in_format([dataset], format)[0]


def _bounded(value: object, what: str, count: int, least: int) -> int:
    number = whole_number(value, what, least)
    if number >= count:
        raise InvalidArgumentError(
            explain(what, expected=f"less than the {count} steps of the data", got=str(number))
        )
    return number

"""Data sets of files: each batch is loaded by one thread, several beside one another."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import Any

import numpy as np

from layerlab.data.dataset import Dataset
from layerlab.data.recipes import Execution
from layerlab.data.tables import rows_of
from layerlab.data.thread_count import processors
from layerlab.errors import UnreadableFileError, UnsupportedError, explain
from layerlab.settings import choose
from layerlab.utils.folder_index import FileList, Request, parts_of
from layerlab.utils.tensorflow_dataset import tensorflow_dataset

__all__ = ["check_format", "file_datasets", "in_format"]


def check_format(form: str | None) -> None:
    """Raise unless it is None or "tf"."""
    if form == "grain":
        raise UnsupportedError(
            explain(
                "format='grain' is not made.", fix="leave it out: the data set needs no TensorFlow, nor Grain"
            )
        )
    if form is not None:
        choose(form, ("tf",), "format")


def file_datasets(
    request: Request, what: str, load_batch: Callable[[list[str]], Any], batch_size: int | None
) -> list[Dataset]:
    """Batches of what the files in a folder hold, with their labels; for both parts, if both are asked for.

    Args:
        request: which files, and whether they come in another order in each pass.
        what: a word for one of the files, for messages.
        load_batch: what the files at these paths hold, with them as first axis; called by threads.
        batch_size: None: single samples.
    """
    found: list[Dataset] = []
    for files in parts_of(request, what):
        mixes = request.shuffle and not (request.subset == "both" and found)  # as in Keras
        found.append(_file_dataset(files, load_batch, mixes, batch_size))
    return found


def _file_dataset(
    files: FileList, load_batch: Callable[[list[str]], Any], shuffle: bool, batch_size: int | None
) -> Dataset:
    threads = processors()
    table = _FileTable(files, load_batch)
    count = len(files.paths)
    dataset = Dataset(lambda _: rows_of(table, count), count, execution=Execution(threads, threads + 1))
    if shuffle:
        dataset = dataset.shuffle(count, seed=files.seed)
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    dataset.class_names, dataset.file_paths = files.class_names, files.paths
    return dataset


def in_format(datasets: list[Dataset], form: str | None) -> list[Any]:
    """The data sets as they are, or as those of TensorFlow."""
    return [tensorflow_dataset(dataset) for dataset in datasets] if form == "tf" else list(datasets)


class _FileTable:
    """Files as rows; they are read when their rows are taken out."""

    def __init__(self, files: FileList, load_batch: Callable[[list[str]], Any]) -> None:
        self._files = files
        self._load_batch = load_batch

    def rows(self, indices: np.ndarray) -> Any:
        paths = [self._files.paths[i] for i in indices]
        for path in paths:
            _check_regular(path)
        values, labels = self._load_batch(paths), self._files.labels
        return values if labels is None else (values, labels[indices])

    def row(self, index: int) -> Any:
        found = self.rows(np.array([index]))
        return (found[0][0], found[1][0]) if isinstance(found, tuple) else found[0]


def _check_regular(path: str) -> None:
    """A pipe or device would be waited for, and never end."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise UnreadableFileError(explain(f"{path} is no file.", fix="remove it from the folder"))

"""Batches from arrays in memory: slices of shuffled indices, no copy of the data set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.core.seed import make_default_seed
from layerlab.errors import DataError, DTypeError, InvalidArgumentError, explain

__all__ = ["ArraySource", "as_arrays", "check_shuffle", "count_samples"]


class ArraySource:
    """Epochs over `(x, y, sample_weight)`, structures of arrays with the samples as first axis.

    Args:
        batch_size: samples a batch; the last one of an epoch may be smaller.
        steps: batches an epoch; None: one pass over the data. With more than one pass holds, the data begins anew.
        shuffle: True: samples anew before each epoch; 'batch': whole batches change places; False: in order.
    """

    def __init__(
        self, data: tuple[Any, ...], batch_size: int, steps: int | None, shuffle: bool | str
    ) -> None:
        self._data = data
        self._samples = count_samples(data)
        self.batch_size: int | None = batch_size
        self._size = batch_size
        self._per_pass = -(-self._samples // batch_size)
        self.steps: int | None = steps if steps is not None else self._per_pass
        self._shuffle = shuffle
        self._batches: Iterator[Any] | None = None
        # Only what shuffles draws from the process-wide seed: predict must not change what follows.
        self._random = np.random.default_rng(make_default_seed()) if shuffle else None

    def peek(self) -> Any:
        """The first samples in order."""
        return self._take(np.arange(min(self._size, self._samples)))

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

    def _take(self, index: Any) -> tuple[Any, ...]:
        return tree.map_structure(lambda leaf: None if leaf is None else leaf[index], self._data)


def as_arrays(structure: Any, what: str) -> Any:
    """The structure with array-likes as NumPy arrays; float64 becomes floatx, back-end arrays come to the host."""
    if _is_list_of_numbers(structure):
        structure = np.asarray(structure)
    return tree.map_structure(lambda leaf: _as_array(leaf, what), structure)


def count_samples(data: Any) -> int:
    """The common length of all arrays.

    Raises: DataError if they differ, or there are none.
    """
    lengths = {}
    for path, leaf in tree.flatten_with_path(data):
        if leaf is not None:
            if not leaf.shape:
                raise DataError(
                    explain(
                        f"{_label(path)} is a single number.",
                        expected="an array with the samples as first axis",
                    )
                )
            lengths[_label(path)] = leaf.shape[0]
    if not lengths:
        raise DataError(explain("There are no data.", fix="pass x, and y for a loss that needs targets"))
    if len(set(lengths.values())) > 1:
        got = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise DataError(
            explain("The data have different numbers of samples.", expected="the same for all", got=got)
        )
    samples = next(iter(lengths.values()))
    if samples == 0:
        raise DataError(explain("The data are empty.", expected="at least one sample", got="0 samples"))
    return int(samples)


def _as_array(leaf: Any, what: str) -> Any:
    if leaf is None:
        return None
    if backend().is_array(leaf):
        return _as_floatx(backend().to_numpy(leaf))
    array = np.asarray(leaf)
    if array.dtype == object and hasattr(leaf, "to_numpy"):
        array = leaf.to_numpy()
    if array.dtype.kind in "USO":
        sample = ", ".join(repr(str(value))[:20] for value in array.ravel()[:2])
        if array.dtype.kind == "O":
            try:
                return _as_floatx(np.asarray(array.tolist(), dtype=dtypes.standardize_dtype(None)))
            except (ValueError, TypeError):
                pass
        raise DTypeError(
            explain(
                f"{what} is text or mixed objects ({sample}), not numbers.",
                fix="encode it first, e.g. np.unique(values, return_inverse=True)[1]",
            )
        )
    return _as_floatx(array)


def _as_floatx(array: np.ndarray) -> np.ndarray:
    # NumPy makes float64 of everything; a second copy of float32 data is never made.
    return (
        array.astype(dtypes.numpy_dtype(dtypes.standardize_dtype(None)))
        if array.dtype == np.float64
        else array
    )


def _is_list_of_numbers(structure: Any) -> bool:
    """True for a (nested) list of numbers, which is data, not a list of inputs."""
    while isinstance(structure, list) and structure:
        structure = structure[0]
    return isinstance(structure, int | float | np.number)


def _label(path: tuple[Any, ...]) -> str:
    name = ("x", "y", "sample_weight")[path[0]]
    return name + "".join(f"[{key!r}]" for key in path[1:])


def check_shuffle(shuffle: Any) -> None:
    """Raise for anything but True, False and 'batch'."""
    if shuffle not in (True, False, "batch"):
        raise InvalidArgumentError(
            explain("shuffle", expected="True, False or 'batch'", got=repr(shuffle)[:40])
        )

"""Batches from arrays in memory: slices of shuffled indices, no copy of the data set."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.core.seed import make_default_seed
from layerlab.errors import DataError, DTypeError, InvalidArgumentError, explain

__all__ = ["ArraySource", "as_arrays", "check_shuffle", "count_samples"]


_NOT_NUMBERS = {
    "U": "text",
    "S": "text",
    "T": "text",
    "O": "text or mixed objects",
    "M": "dates",
    "m": "time spans",
    "c": "complex numbers",
}


class ArraySource:
    """Epochs over `(x, y, sample_weight)`, structures of arrays with the samples as first axis.

    Args:
        batch_size: samples a batch; the last one of an epoch may be smaller.
        steps: batches an epoch; None: one pass over the data. With more, the data begin anew.
        shuffle: True: samples anew before each epoch; 'batch': whole batches change places; False: in order.
    """

    def __init__(
        self, data: tuple[Any, ...], batch_size: int, steps: int | None, shuffle: bool | str
    ) -> None:
        self.whole = data
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

    def rewind(self) -> None:
        """Begin the next epoch at the first sample."""
        self._batches = None

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
        return tree.map_structure(lambda leaf: None if leaf is None else leaf[index], self.whole)


def as_arrays(structure: Any, what: str, to_host: bool = True) -> Any:
    """The structure with array-likes as NumPy arrays; float64 becomes floatx.

    Args:
        what: the argument's name, for messages.
        to_host: whether arrays of the back end become NumPy arrays too.
    Raises: DTypeError for what is not numbers.
    """
    if _is_list_of_numbers(structure):
        try:
            structure = np.asarray(structure)
        except ValueError:
            raise DataError(
                explain(f"{what} is a list of rows of different lengths.", fix="pad them to one length first")
            ) from None
    return tree.map_structure(lambda leaf: _as_array(leaf, what, to_host), structure)


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
        got = ", ".join(f"{name} has {length}" for name, length in [*lengths.items()][:5])
        raise DataError(
            explain(
                "The data have different numbers of samples.",
                expected="the same for all",
                got=got + (f", ... ({len(lengths)} arrays)" if len(lengths) > 5 else ""),
                fix="np.array(x) makes one array of a list of samples" if len(lengths) > 5 else "",
            )
        )
    samples = next(iter(lengths.values()))
    if samples == 0:
        raise DataError(explain("The data are empty.", expected="at least one sample", got="0 samples"))
    return int(samples)


def _as_array(leaf: Any, what: str, to_host: bool) -> Any:
    if leaf is None or (backend().is_array(leaf) and not to_host):
        return leaf
    if backend().is_array(leaf):
        return _as_floatx(backend().to_numpy(leaf))
    array = leaf.to_numpy() if hasattr(leaf, "to_numpy") else np.asarray(leaf)
    if array.dtype.kind == "O":  # columns of several kinds: numbers, unless there is text in it
        with contextlib.suppress(ValueError, TypeError):
            array = np.asarray(array.tolist(), dtype=dtypes.standardize_dtype(None))
    if array.dtype.kind in _NOT_NUMBERS:
        sample = ", ".join(repr(str(value))[:20] for value in array.ravel()[:2])
        raise DTypeError(
            explain(
                f"{what} is {_NOT_NUMBERS[array.dtype.kind]} ({sample}), not numbers.",
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

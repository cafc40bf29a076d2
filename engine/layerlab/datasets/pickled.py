"""Pickles that hold nothing but NumPy arrays, lists, dicts, numbers and texts.

The data sets imdb, reuters and cifar are distributed as pickles. A pickle is a program: it may name any
function of any module. Here it can name four, and gets stand-ins of ours for them, which only keep what they
are told. So nothing is executed, not even NumPy's own code on a state that somebody made up.
"""

from __future__ import annotations

import math
import pickle
from typing import IO, Any

import numpy as np

from layerlab.errors import UnreadableFileError, explain

__all__ = ["load_pickled", "object_array"]


class _DType:
    """Stands for numpy.dtype."""

    def __init__(self, name: object = "", *_: object) -> None:
        self.name = name
        self.order = "|"

    def __setstate__(self, state: Any) -> None:
        self.order = state[1]

    def dtype(self) -> np.dtype:
        """Of numbers or objects; texts, records and dates are not needed."""
        name = self.name.decode("ascii") if isinstance(self.name, bytes) else self.name
        dtype = np.dtype(str(name))
        if dtype.kind not in "biufO" or dtype.names is not None:
            raise ValueError(f"an array of dtype {str(name)[:40]!r}")
        return dtype.newbyteorder(">") if self.order in (">", b">") else dtype


class _Array:
    """Stands for numpy.ndarray."""

    state: tuple[Any, ...] = ()

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.state = state

    def array(self) -> np.ndarray:
        _, shape, kind, is_fortran, content = self.state
        dtype = kind.dtype()
        if dtype.kind == "O":
            return object_array(content, shape)
        if math.prod(shape) * dtype.itemsize != len(content):
            raise ValueError(f"an array of shape {shape} in {len(content)} bytes")
        array = np.frombuffer(bytearray(content), dtype).astype(dtype.newbyteorder("="), copy=False)
        return array.reshape(shape[::-1]).T if is_fortran else array.reshape(shape)


def _reconstruct(*_: object) -> _Array:
    """Stands for the function that makes an empty array, whose state follows."""
    return _Array()


_STAND_INS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _DType,
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        found = _STAND_INS.get((module, name))
        if found is None:
            raise UnreadableFileError(
                explain(
                    "The file is refused: it names code to be run.",
                    expected="arrays of numbers",
                    got=f"{module[:60]}.{name[:60]}",
                    fix="delete it, so that it is fetched again",
                )
            )
        return found


def load_pickled(file: IO[bytes], encoding: str = "ASCII") -> Any:
    """What a pickle holds, arrays as NumPy arrays.

    Args:
        encoding: of texts that Python 2 wrote; "bytes" leaves them as they are.
    Raises: UnreadableFileError for one that names anything else than arrays, or is damaged.
    """
    try:
        return _real(_Unpickler(file, encoding=encoding).load())
    except UnreadableFileError:
        raise
    except Exception as error:  # a damaged pickle raises all sorts of things
        raise UnreadableFileError(
            explain(f"A pickle is damaged: {str(error)[:150]}", fix="delete the file, to fetch it again")
        ) from error


def object_array(values: object, shape: tuple[int, ...]) -> np.ndarray:
    """An array of lists, one for each element. Raises: ValueError if there are more or fewer."""
    if isinstance(values, np.ndarray):  # an .npy file of objects holds a pickled array
        values = values.ravel().tolist()
    if not isinstance(values, list) or math.prod(shape) != len(values):
        raise ValueError(f"objects of shape {shape}")
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        array[i] = _real(value)
    return array.reshape(shape)


def _real(value: object) -> Any:
    if isinstance(value, _Array):
        return value.array()
    if isinstance(value, dict):
        return {key: _real(entry) for key, entry in value.items()}
    return value

"""Arrays out of an .npz file, without trust: sizes are compared first, and nothing is executed."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np

from layerlab.datasets.pickled import load_pickled, object_array
from layerlab.errors import UnreadableFileError, explain

__all__ = ["read_arrays"]

_MOST_EXPANSION = 100
_ALWAYS_ALLOWED = 2**26
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, ValueError, KeyError, OSError, RuntimeError)


def read_arrays(path: Path, *names: str) -> list[Any]:
    """The arrays of these names. Arrays of objects may hold lists of numbers and texts, nothing else.

    Raises: UnreadableFileError for a file that is no such thing.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return [_array(archive, f"{name}.npy") for name in names]
    except UnreadableFileError:
        raise
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise UnreadableFileError(
            explain(
                f"{path} cannot be read: {str(error)[:150]}",
                expected=f"an .npz file with {', '.join(names)}",
                fix="delete it, so that it is fetched again",
            )
        ) from error


def _array(archive: zipfile.ZipFile, name: str) -> Any:
    info = archive.getinfo(name)
    if info.file_size > max(_ALWAYS_ALLOWED, _MOST_EXPANSION * info.compress_size):
        raise ValueError(f"{name} is a bomb of {info.file_size:,} bytes")
    with archive.open(info) as file:
        shape, is_fortran, dtype = _header(file)
        if dtype.hasobject:
            return object_array(load_pickled(file), shape)
        if math.prod(shape) * dtype.itemsize > info.file_size:
            raise ValueError(f"{name} declares the shape {shape}, and is shorter")
        content = bytearray(math.prod(shape) * dtype.itemsize)
        _fill(file, content)
    array = np.frombuffer(content, dtype)
    return array.reshape(shape[::-1]).T if is_fortran else array.reshape(shape)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)


def _fill(file: IO[bytes], content: bytearray) -> None:
    view = memoryview(content)
    while view:
        piece = file.read(min(len(view), 2**20))
        if not piece:
            raise EOFError(f"{len(view):,} bytes are missing")
        view[: len(piece)] = piece
        view = view[len(piece) :]

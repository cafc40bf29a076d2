"""`.safetensors`: a header in JSON that lists arrays, and their bytes, one after the other. Nothing else.

Source: the format's description at https://github.com/huggingface/safetensors. Strict: a file with overlaps,
gaps or names twice is refused, and no array is made before all of the header fits the file.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from layerlab.backend.protocol import Shape
from layerlab.core.model_protocol import ModelLike
from layerlab.core.variable import Variable
from layerlab.errors import ConfigError, DataError, LayerlabError, UnsupportedError, explain
from layerlab.saving.weights_store import assign_all, check_fits, distinct_paths

__all__ = ["StoredArray", "load_safetensors", "read_header", "save_safetensors", "write_arrays"]

_DTYPES: dict[str, Any] = {
    "BOOL": np.bool_,
    "U8": np.uint8,
    "I8": np.int8,
    "U16": np.uint16,
    "I16": np.int16,
    "U32": np.uint32,
    "I32": np.int32,
    "U64": np.uint64,
    "I64": np.int64,
    "F16": np.float16,
    "BF16": ml_dtypes.bfloat16,
    "F32": np.float32,
    "F64": np.float64,
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E5M2": ml_dtypes.float8_e5m2,
}
_NAMES = {np.dtype(dtype).name: name for name, dtype in _DTYPES.items()}
_LARGEST_HEADER = 100_000_000  # bytes, as in the reference implementation
_OURS = {"format": "layerlab"}  # whose arrays are in the model's order


@dataclass(frozen=True)
class StoredArray:
    """Where an array is in a file: bytes from `start`, of `dtype` and `shape`."""

    path: Path
    dtype: np.dtype
    shape: Shape
    start: int

    def read(self) -> np.ndarray:
        """The values."""
        count = math.prod(self.shape)
        return np.fromfile(self.path, self.dtype.newbyteorder("<"), count, offset=self.start).reshape(
            self.shape
        )


def save_safetensors(path: Path, model: ModelLike) -> None:
    """Write the weights of a built model under their paths, in the model's order."""
    variables = model.weights
    write_arrays(path, dict(zip(distinct_paths(variables), variables, strict=True)), _OURS)


def write_arrays(path: Path, arrays: Mapping[str, Variable | np.ndarray], metadata: dict[str, str]) -> None:
    """Write arrays under their names, in this order; one at a time is in memory."""
    header: dict[str, Any] = {"__metadata__": metadata}
    end = 0
    for name, array in arrays.items():
        dtype = array.dtype if isinstance(array, Variable) else array.dtype.name
        if dtype not in _NAMES:
            raise UnsupportedError(
                explain(
                    f"safetensors has no dtype for '{name}', which is {dtype}.", fix="save to '.weights.h5'"
                )
            )
        start, end = end, end + array.size * np.dtype(_DTYPES[_NAMES[dtype]]).itemsize
        header[name] = {"dtype": _NAMES[dtype], "shape": list(array.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # so that the arrays begin at a multiple of eight
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in arrays.values():
            value = np.ascontiguousarray(array.numpy() if isinstance(array, Variable) else array)
            value = value if np.little_endian else value.byteswap()
            file.write(value.reshape(-1).view(np.uint8).data)


def load_safetensors(path: Path, model: ModelLike, skip_mismatch: bool = False) -> None:
    """Read weights into a built model; nothing changes unless everything fits.

    Arrays belong to the weights of the same path; if the names differ and the file is one of ours, to the
    weights in the same order. `skip_mismatch` leaves out layers that do not fit, with a warning for each.

    Raises: DataError for a damaged file; ConfigError, ShapeError, DTypeError where file and model differ.
    """
    stored, metadata = read_header(path)
    paths = distinct_paths(model.weights)
    if metadata == _OURS and set(paths) != set(stored) and len(paths) == len(stored):
        stored = dict(zip(paths, stored.values(), strict=True))
    names = {id(variable): name for variable, name in zip(model.weights, paths, strict=True)}
    fitting: list[tuple[Variable, StoredArray]] = []
    for layer in model._flatten_layers():
        mine = [variable for variable in layer._weights_here() if id(variable) in names]
        try:
            found = [(variable, _checked(variable, names.pop(id(variable)), stored)) for variable in mine]
        except LayerlabError as error:
            if not skip_mismatch:
                raise
            warnings.warn(f"Left out '{layer.path}', which {path.name} does not fit: {error}", stacklevel=5)
            continue
        fitting += found
    surplus = sorted(set(stored) - set(paths))
    if surplus:
        shown = ", ".join(surplus[:8])[:400] + (", ..." if len(surplus) > 8 else "")
        warnings.warn(f"{path.name} has weights for which '{model.name}' has no place: {shown}", stacklevel=5)
    assign_all((variable, array.read) for variable, array in fitting)


def read_header(path: Path) -> tuple[dict[str, StoredArray], dict[str, str]]:
    """(arrays by name in the file's order, metadata); no array is read.

    Raises: DataError unless the header is right in every respect and describes all bytes of the file.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, _LARGEST_HEADER):
            raise _damaged(f"a header of at most {max(size - 8, 0)} bytes", f"one of {length}")
        text = file.read(length)
    if not text.startswith(b"{"):
        raise _damaged("a header that begins with '{'", repr(text[:20]))
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_without_repetition)
    except RecursionError as error:
        raise _damaged("a header in JSON", "one nested too deeply") from error
    except ValueError as error:
        raise _damaged("a header in JSON", str(error)[:100]) from error
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise _damaged("text as metadata", type(metadata).__name__)
    begin = 8 + length
    arrays = {name: _described(path, name, entry, begin, size - begin) for name, entry in header.items()}
    _check_layout(list(arrays.values()), begin, size)
    return arrays, metadata


def _described(path: Path, name: str, entry: object, begin: int, size: int) -> StoredArray:
    """One entry of the header, checked against itself."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _damaged(f"dtype, shape and data_offsets for '{name[:100]}'", str(entry)[:100])
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in _DTYPES:
        raise _damaged(f"one of {', '.join(_DTYPES)} as dtype of '{name[:100]}'", repr(entry["dtype"])[:40])
    if not (_are_sizes(shape) and _are_sizes(offsets) and len(offsets) == 2 and len(shape) <= 32):
        raise _damaged(f"sizes as shape and offsets of '{name[:100]}'", str(entry)[:100])
    dtype = np.dtype(_DTYPES[entry["dtype"]])
    if offsets[1] > size or offsets[1] - offsets[0] != math.prod(shape) * dtype.itemsize:
        raise _damaged(f"{math.prod(shape) * dtype.itemsize} bytes for '{name[:100]}'", f"those of {offsets}")
    return StoredArray(path, dtype, tuple(shape), begin + offsets[0])


def _are_sizes(values: object) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 2**62 for value in values)


def _check_layout(arrays: list[StoredArray], begin: int, size: int) -> None:
    """Each byte behind the header belongs to exactly one array."""
    position = begin
    for array in sorted(arrays, key=lambda array: (array.start, math.prod(array.shape))):
        if array.start != position:
            raise _damaged("arrays without gaps and overlaps", f"one from byte {array.start}, not {position}")
        position += math.prod(array.shape) * array.dtype.itemsize
    if position != size:
        raise _damaged(f"a file of {position} bytes", f"one of {size}")


def _checked(variable: Variable, name: str, stored: dict[str, StoredArray]) -> StoredArray:
    if name not in stored:
        raise ConfigError(
            explain(
                f"The file has no weights for '{variable.path}'.",
                got=", ".join(list(stored)[:8])[:300] or "nothing",
                fix="load into a model of the architecture that was saved, with the same layer names",
            )
        )
    check_fits(stored[name].shape, stored[name].dtype.name, variable)
    return stored[name]


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name occurs twice")
    return names


def _damaged(expected: str, got: str) -> DataError:
    return DataError(explain("This is no sound safetensors file.", expected=expected, got=got))

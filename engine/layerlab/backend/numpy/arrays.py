"""NumPy arrays as those of a back end."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeGuard

import numpy as np

from layerlab.backend.host_arrays import host_array, plain_dtype
from layerlab.backend.protocol import Array
from layerlab.dtypes import numpy_dtype

__all__ = [
    "asarray",
    "block_until_ready",
    "cast",
    "concrete",
    "copy",
    "dtype_name",
    "inference",
    "is_abstract",
    "is_array",
    "is_on_host",
    "leaf",
    "needed",
    "set_at",
    "taped",
    "to_numpy",
    "write",
]

_ACCUMULATE = {"add": np.add, "max": np.maximum, "min": np.minimum}


def is_array(x: object) -> TypeGuard[Array]:
    return isinstance(x, np.ndarray | np.generic) and plain_dtype(x.dtype) is x.dtype


def asarray(x: object, dtype: str | None = None) -> Array:
    if is_array(x) and dtype is None:
        return x
    return host_array(x, dtype)


def to_numpy(x: Array) -> np.ndarray:
    return np.array(x)


def is_on_host(x: Array) -> bool:
    return True


def copy(x: Array) -> Array:
    return np.array(x, copy=True)


def cast(x: Array, dtype: str) -> Array:
    return x.astype(numpy_dtype(dtype), copy=False)  # type: ignore[attr-defined]


def dtype_name(x: Array) -> str:
    return str(x.dtype.name)


def set_at(x: Array, index: Any, values: Array, mode: Literal["set", "add", "max", "min"]) -> Array:
    result = np.array(x)
    if mode == "set":
        result[index] = values
    else:
        _ACCUMULATE[mode].at(result, index, np.asarray(values, dtype=x.dtype))
    return result


def leaf(value: Array, trainable: bool) -> Array:
    return np.array(asarray(value))  # a copy: a variable must not change with the caller's array


def write(current: Array, value: Array) -> Array:
    return np.array(value)


def block_until_ready(x: object) -> None:
    """NumPy computes at once: there is nothing to wait for."""


def inference() -> AbstractContextManager[Any]:
    return contextlib.nullcontext()


def taped() -> AbstractContextManager[Any]:
    return contextlib.nullcontext()


def concrete() -> AbstractContextManager[Any]:
    return contextlib.nullcontext()


def is_abstract(x: Array) -> bool:
    return False


def needed(error: BaseException) -> None:
    return None

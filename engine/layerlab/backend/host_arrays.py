"""Values on the host (Python numbers, lists, NumPy arrays, arrays of other libraries) as NumPy arrays.

Shared by the back ends, so that the same value gets the same dtype on each of them. Imports neither
jax nor torch.
"""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from layerlab.dtypes import numpy_dtype
from layerlab.errors import DTypeError, explain

__all__ = ["NARROW", "host_array", "plain_array", "plain_dtype"]

# Keras on JAX works at 32 bits unless told otherwise; NumPy makes 64 bits without being asked.
NARROW = {"float64": "float32", "int64": "int32", "uint64": "uint32", "complex128": "complex64"}
_EXTENDED = {"g": "float64", "G": "complex128"}  # longdouble and its complex kin
_KINDS = "biufc"


def host_array(x: object, dtype: str | None = None) -> np.ndarray:
    """`x` as a NumPy array of `dtype`, in any layout; without a dtype, 64-bit values become 32-bit.

    Raises: DTypeError for text, ragged lists, and integers that do not fit into 32 bits.
    """
    array = plain_array(_as_numpy(x))
    if dtype is not None:
        if array.dtype.kind in "iu" and array.size and NARROW.get(array.dtype.name) == dtype:
            _check_fits(array, dtype)
        return array.astype(numpy_dtype(dtype), copy=False)
    narrow = NARROW.get(array.dtype.name)
    if narrow is None:
        return array
    if array.dtype.kind in "iu" and array.size:
        _check_fits(array, narrow)
    return array.astype(narrow)


def plain_dtype(dtype: object) -> Any:
    """A NumPy dtype in this machine's byte order and at most 64 bits wide; others as they are."""
    if not isinstance(dtype, np.dtype) or (dtype.isnative and dtype.char not in _EXTENDED):
        return dtype
    return np.dtype(_EXTENDED.get(dtype.char, dtype)).newbyteorder("=")


def plain_array(array: np.ndarray) -> np.ndarray:
    """The array in the dtype that back ends know; one that is so already comes back as it is."""
    return array.astype(plain_dtype(array.dtype), copy=False)


def _as_numpy(x: Any) -> np.ndarray:
    if hasattr(x, "detach"):  # a torch tensor; NumPy cannot read one that has a gradient, or bfloat16
        x = x.detach().cpu()
        if str(x.dtype) == "torch.bfloat16":
            return np.asarray(x.float()).astype(ml_dtypes.bfloat16)
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise DTypeError(
            explain("Cannot make an array.", expected="rows of equal length", got=str(error), fix="pad them")
        ) from error
    if array.dtype.kind not in _KINDS and not hasattr(ml_dtypes, array.dtype.name):
        is_text = array.dtype.kind != "O" or any(isinstance(item, str | bytes) for item in array.flat[:1])
        raise DTypeError(
            explain(
                f"Cannot make an array from {type(x).__name__}.",
                expected="numbers or booleans",
                got=f"dtype {array.dtype}",
                fix="turn text into integers first, e.g. with a StringLookup or TextVectorization layer"
                if is_text
                else "give an array, or arrays of one shape; a layer must be called on a tensor first",
            )
        )
    return array


def _check_fits(array: np.ndarray, narrow: str) -> None:
    limits = np.iinfo(narrow)
    if array.min() < limits.min or array.max() > limits.max:
        raise DTypeError(
            explain(
                f"Integers of shape {array.shape} do not fit into {narrow}.",
                expected=f"values from {limits.min} to {limits.max}",
                got=f"{array.dtype} up to {array.max()}",
                fix=f'ask for dtype="{array.dtype}" (on JAX with jax_enable_x64), or hash the values',
            )
        )

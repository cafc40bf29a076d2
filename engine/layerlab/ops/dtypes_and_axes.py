"""Small questions that formulas of several families ask: kinds of dtypes, axes, whether values are there.

Formulas get arrays of the active back end, already promoted; nothing here converts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, UnsupportedError, explain

__all__ = [
    "as_axes",
    "as_axis",
    "extremes",
    "is_bool",
    "is_complex",
    "is_float",
    "magnitude",
    "need_values",
    "number",
    "truth",
]


def number(x: Array) -> Array:
    """Booleans counted as int32."""
    return backend().cast(x, "int32") if is_bool(x) else x


def truth(x: Array) -> Array:
    """Numbers counted as booleans: True unless 0."""
    return x if is_bool(x) else x != 0


def magnitude(x: Array) -> Array:
    """|x|, whose gradient at 0 is 0: jax takes 1 there, torch 0, and biases begin at exactly 0."""
    return x * backend().xp.sign(x) if is_float(x) else backend().xp.abs(x)


def is_bool(x: Array) -> bool:
    """True for an array of booleans."""
    return backend().dtype_name(x) == "bool"


def is_float(x: Array) -> bool:
    """True for an array of real floating numbers."""
    return dtypes.is_float(backend().dtype_name(x))


def is_complex(x: Array) -> bool:
    """True for an array of complex numbers."""
    return backend().dtype_name(x).startswith("complex")


def extremes(dtype: str) -> tuple[Any, Any]:
    """The smallest and the largest finite number of a dtype."""
    if dtype == "bool":
        return False, True
    exact = dtypes.numpy_dtype(dtype)
    if dtypes.is_integer(dtype):
        info: Any = ml_dtypes.iinfo(exact)
        return int(info.min), int(info.max)
    info = ml_dtypes.finfo(exact)
    return float(info.min), float(info.max)


def as_axis(axis: int, ndim: int) -> int:
    """`axis` counted from the front; InvalidArgumentError if there is none such."""
    axis = int(np.asarray(axis))
    if not -ndim <= axis < ndim:
        raise InvalidArgumentError(
            explain("The axis does not exist.", expected=f"from {-ndim} to {ndim - 1}", got=str(axis))
        )
    return axis % ndim


def as_axes(axis: int | Sequence[int] | None, ndim: int) -> tuple[int, ...]:
    """Axes counted from the front; None is all of them."""
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, Sequence) else [axis]
    return tuple(as_axis(one, ndim) for one in axes)


def need_values(x: Array, what: str, fix: str) -> None:
    """Raise UnsupportedError while `x` has no values: in a model's graph or a compiled function."""
    if backend().is_abstract(x):
        raise UnsupportedError(
            explain(
                f"The shape of the result of {what} depends on values, which a model's graph does not have.",
                fix=fix,
            )
        )

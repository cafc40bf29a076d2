"""Conversion that costs nothing where there is nothing to convert: losses run in every step."""

from __future__ import annotations

from typing import Any

from layerlab import ops
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import InvalidArgumentError, explain
from layerlab.typing import TensorLike

__all__ = ["as_array", "dtype_of", "returned"]


def as_array(value: TensorLike, dtype: str | None = None) -> Array:
    """`value` as an array of the active back end (a symbolic tensor stays one), of `dtype` unless None."""
    if backend().is_array(value) and (dtype is None or backend().dtype_name(value) == dtype):
        return value
    return ops.convert_to_tensor(value) if dtype is None else ops.cast(value, dtype)


def dtype_of(x: Array) -> str:
    """The dtype name of an array or symbolic tensor."""
    return x.dtype if isinstance(x, KerasTensor) else backend().dtype_name(x)


def returned(value: object, what: str) -> Any:
    """What a function of somebody's gave. Raises: InvalidArgumentError for None: it lacks its `return`."""
    if value is None:
        fix = "end it with a `return`, e.g. return ops.mean(ops.square(y_true - y_pred), axis=-1)"
        raise InvalidArgumentError(explain(f"{what} gave None.", expected="a tensor", fix=fix))
    return value

"""JAX arrays: making, reading, converting and changing them."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from layerlab import tree
from layerlab.backend.host import host_array
from layerlab.backend.protocol import Array

__all__ = [
    "asarray",
    "block_until_ready",
    "cast",
    "concrete",
    "copy",
    "dtype_name",
    "enable_wide_types",
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

_COPIED_AT_ONCE = 102_400  # bytes: XLA's limit of what it copies before it returns
_ALIGNMENT = 64  # bytes
_WIDE = frozenset({"float64", "int64", "uint64", "complex128"})


def enable_wide_types(dtype: Any) -> None:
    """Turn on JAX's 64-bit types when `dtype` needs them.

    Not at import: with them on, `jnp.ones(3)` in a user's own code is float64. Without them JAX would
    quietly give 32 bits where 64 were asked for.
    """
    if dtype in _WIDE and not jax.config.read("jax_enable_x64"):
        jax.config.update("jax_enable_x64", True)


def is_array(x: Any) -> bool:
    return isinstance(x, jax.Array)


def asarray(x: Any, dtype: str | None = None) -> Array:
    if isinstance(x, jax.Array):
        return x if dtype is None else cast(x, dtype)
    enable_wide_types(dtype)
    if tree.is_nested(x) and any(map(is_array, tree.flatten(x))):
        stacked = jnp.stack([asarray(child) for child in x])  # may hold tracers, which NumPy cannot read
        return stacked if dtype is None else cast(stacked, dtype)
    return _uploaded(host_array(x, dtype))


def _uploaded(host: np.ndarray) -> Array:
    """The values now, whatever the caller does with its array a moment later."""
    if host.nbytes <= _COPIED_AT_ONCE:
        return jnp.array(host)
    # JAX would read a larger one in the background, while the caller may be changing it already.
    raw = np.empty(host.nbytes + _ALIGNMENT, np.uint8)
    own = raw[-raw.ctypes.data % _ALIGNMENT :][: host.nbytes].view(host.dtype).reshape(host.shape)
    own[...] = host
    # device_put takes aligned memory as it is; asarray copies once more, and is quicker to call.
    return jax.device_put(own) if own.nbytes >= 2**20 else jnp.asarray(own)


def to_numpy(x: Array) -> np.ndarray:
    return np.array(x)


def is_on_host(x: Array) -> bool:
    return all(device.platform == "cpu" for device in x.devices())


def copy(x: Array) -> Array:
    return jnp.array(x, copy=True)


def cast(x: Array, dtype: str) -> Array:
    enable_wide_types(dtype)
    return x.astype(dtype)


def dtype_name(x: Array) -> str:
    return str(x.dtype.name)


def set_at(x: Array, index: Any, values: Array, mode: Literal["set", "add", "max", "min"]) -> Array:
    values = jnp.asarray(values, dtype=x.dtype)
    if mode == "set" and values.ndim == 0 and str(getattr(index, "dtype", "")) == "bool":
        mask = jnp.asarray(index)  # at[mask] cannot be traced, though the shapes are known
        return jnp.where(mask.reshape(*mask.shape, *(1,) * (x.ndim - mask.ndim)), values, x)
    return getattr(x.at[index], mode)(values)


def leaf(value: Array, trainable: bool) -> Array:
    return asarray(value)


def write(current: Array, value: Array) -> Array:
    return value


def block_until_ready(x: Any) -> None:
    jax.block_until_ready(tree.flatten(x))


def inference() -> AbstractContextManager[Any]:
    return contextlib.nullcontext()


def taped() -> AbstractContextManager[Any]:
    return contextlib.nullcontext()


def concrete() -> AbstractContextManager[Any]:
    return jax.ensure_compile_time_eval()


def is_abstract(x: Array) -> bool:
    return isinstance(x, jax.core.Tracer)


def needed(error: BaseException) -> Literal["value", "array", "mask", "assignment"] | None:
    if isinstance(error, jax.errors.ConcretizationTypeError | jax.errors.TracerIntegerConversionError):
        return "value"
    if isinstance(error, jax.errors.TracerArrayConversionError):
        return "array"
    if isinstance(error, jax.errors.NonConcreteBooleanIndexError):
        return "mask"
    is_assignment = isinstance(error, TypeError) and "do not support in-place item assignment" in str(error)
    return "assignment" if is_assignment else None

"""JAX arrays: making, reading, converting and changing them."""

from __future__ import annotations

import contextlib
import warnings
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from layerlab import tree
from layerlab.backend.host_arrays import NARROW, host_array

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

_COPIED_AT_ONCE = 102_400  # bytes: XLA's limit of what it copies before it returns
_ALIGNMENT = 64  # bytes
_warned: set[str] = set()


def available(dtype: Any) -> Any:
    """`dtype`, or its kin of 32 bits as long as JAX's 64 bits are off: they are the user's to switch on.

    The switch is the whole process's: with it on, `jnp.ones(3)` in a user's own code is float64 (decision
    023). The first time for each dtype a warning says so.
    """
    narrow = held_as(dtype)
    if narrow != dtype and dtype not in _warned:
        _warned.add(dtype)
        warnings.warn(
            f"JAX is set to 32 bits: {narrow} stands in for {dtype}. For 64 bits write "
            "jax.config.update('jax_enable_x64', True) before the first array is made.",
            stacklevel=3,
        )
    return narrow


def held_as(dtype: Any) -> Any:
    """`available` without a word: for dtypes that data have, which nobody asked for."""
    return dtype if jax.config.jax_enable_x64 else NARROW.get(dtype, dtype)


def is_array(x: object) -> TypeGuard[Array]:
    return isinstance(x, jax.Array)


def asarray(x: Any, dtype: str | None = None) -> Array:
    if isinstance(x, jax.Array):
        return x if dtype is None else cast(x, dtype)
    if tree.is_nested(x) and any(map(is_array, tree.flatten(x))):
        stacked = jnp.stack([asarray(child) for child in x])  # may hold tracers, which NumPy cannot read
        return stacked if dtype is None else cast(stacked, dtype)
    host = host_array(x, dtype)
    return _uploaded(host if available(dtype) == dtype else host_array(host))


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
    return x.astype(available(dtype))


def dtype_name(x: Array) -> str:
    return str(x.dtype.name)


def set_at(x: Array, index: object, values: Array, mode: Literal["set", "add", "max", "min"]) -> Array:
    values = jnp.asarray(values, dtype=x.dtype)
    if mode == "set" and values.ndim == 0 and str(getattr(index, "dtype", "")) == "bool":
        mask = jnp.asarray(index)  # at[mask] cannot be traced, though the shapes are known
        return jnp.where(mask.reshape(*mask.shape, *(1,) * (x.ndim - mask.ndim)), values, x)
    return getattr(x.at[index], mode)(values)


def leaf(value: Array, trainable: bool) -> Array:
    return asarray(value)


def write(current: Array, value: Array) -> Array:
    return value


def block_until_ready(x: object) -> None:
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

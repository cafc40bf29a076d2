"""`xp` on JAX: jax.numpy, with the few results whose dtype depends on the 64-bit switch fixed."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp

from layerlab.backend.jax.arrays import enable_wide_types
from layerlab.backend.protocol import Array

__all__ = ["xp"]

_INDEX_RESULTS = ("argmax", "argmin", "argsort", "bincount", "count_nonzero", "digitize", "searchsorted")
_ACCUMULATORS = ("cumsum", "cumprod", "cumulative_sum", "cumulative_prod", "nansum", "prod", "sum", "trace")
_DTYPE_ARGUMENT = (
    "arange", "array", "asarray", "astype", "empty", "empty_like", "eye", "full", "full_like", "identity",
    "linspace", "logspace", "geomspace", "mean", "ones", "ones_like", "tri", "zeros", "zeros_like",
)  # fmt: skip


def _int32_result(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs).astype("int32")

    return call


def _accumulate(function: Callable[..., Any]) -> Callable[..., Any]:
    """Sums of integers are 32 bits wide unless the input is wider, with 64-bit types on or off."""

    @wraps(function)
    def call(x: Array, *args: Any, dtype: Any = None, **kwargs: Any) -> Array:
        enable_wide_types(dtype)
        return function(x, *args, dtype=dtype or _accumulator(x), **kwargs)

    return call


def _accumulator(x: Array) -> Any:
    name = x.dtype.name
    if name in ("bool", "int8", "int16"):
        return "int32"
    return "uint32" if name in ("uint8", "uint16") else x.dtype


def _wide(function: Callable[..., Any]) -> Callable[..., Any]:
    """Asking for a 64-bit dtype turns such types on, as everywhere in this back end."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()):
            if isinstance(value, str):
                enable_wide_types(value)
        return function(*args, **kwargs)

    return call


xp = SimpleNamespace(**{name: getattr(jnp, name) for name in dir(jnp) if not name.startswith("_")})
for _name in _INDEX_RESULTS:
    setattr(xp, _name, _int32_result(getattr(jnp, _name)))
for _name in _ACCUMULATORS:
    setattr(xp, _name, _accumulate(getattr(jnp, _name)))
for _name in _DTYPE_ARGUMENT:
    setattr(xp, _name, _wide(getattr(jnp, _name)))
xp.nonzero = lambda x, **kwargs: tuple(index.astype("int32") for index in jnp.nonzero(x, **kwargs))

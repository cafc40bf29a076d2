"""`xp` on JAX: jax.numpy with our conventions for dtypes."""

from __future__ import annotations

import jax.numpy as jnp

from layerlab.backend.conventions import make_namespace
from layerlab.backend.jax.arrays import asarray, cast, dtype_name, enable_wide_types

__all__ = ["xp"]


def _native_dtype(name: str) -> str:
    enable_wide_types(name)
    return name


xp = make_namespace(
    {name: getattr(jnp, name) for name in dir(jnp) if not name.startswith("_")},
    asarray=asarray,
    cast=cast,
    dtype_name=dtype_name,
    native_dtype=_native_dtype,
)

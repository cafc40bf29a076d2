"""`xp` on JAX: jax.numpy with our conventions for dtypes."""

from __future__ import annotations

import jax.numpy as jnp

from layerlab.backend.dtype_conventions import make_namespace
from layerlab.backend.jax.arrays import asarray, available, cast, dtype_name

__all__ = ["xp"]


xp = make_namespace(
    {name: getattr(jnp, name) for name in dir(jnp) if not name.startswith("_")},
    asarray=asarray,
    cast=cast,
    dtype_name=dtype_name,
    native_dtype=available,
)

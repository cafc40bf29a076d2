"""Special functions, einsum, top-k and segment reductions on JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array, lax

__all__ = [
    "digamma", "einsum", "erf", "erfinv", "lgamma", "log_softmax", "relu",
    "segment_max", "segment_sum", "sigmoid", "softmax", "top_k",
]  # fmt: skip


def relu(x: Array) -> Array:
    return jax.nn.relu(x)


def sigmoid(x: Array) -> Array:
    return lax.logistic(x)


def softmax(x: Array, axis: int) -> Array:
    return jax.nn.softmax(x, axis=axis)


def log_softmax(x: Array, axis: int) -> Array:
    return jax.nn.log_softmax(x, axis=axis)


def erf(x: Array) -> Array:
    return lax.erf(x)


def erfinv(x: Array) -> Array:
    return lax.erf_inv(x)


def lgamma(x: Array) -> Array:
    return lax.lgamma(x)


def digamma(x: Array) -> Array:
    return lax.digamma(x)


def einsum(subscripts: str, *operands: Array) -> Array:
    return jnp.einsum(subscripts, *operands)


def top_k(x: Array, k: int) -> tuple[Array, Array]:
    values, indices = lax.top_k(x, k)
    return values, indices.astype("int32")


def segment_sum(data: Array, segment_ids: Array, num_segments: int) -> Array:
    return jax.ops.segment_sum(data, segment_ids, num_segments)


def segment_max(data: Array, segment_ids: Array, num_segments: int) -> Array:
    return jax.ops.segment_max(data, segment_ids, num_segments)

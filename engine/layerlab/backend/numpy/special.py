"""Special functions (by SciPy), einsum, top-k and segment reductions on NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from layerlab.backend.protocol import Array

__all__ = [
    "digamma", "einsum", "erf", "erfinv", "lgamma", "log_softmax", "relu",
    "segment_max", "segment_sum", "sigmoid", "softmax", "top_k",
]  # fmt: skip


def relu(x: Array) -> Array:
    return np.where(x <= 0, np.zeros((), x.dtype), x)  # NaN stays


def sigmoid(x: Array) -> Array:
    return _apply(special.expit, x)


def softmax(x: Array, axis: int) -> Array:
    return _apply(lambda values: special.softmax(values, axis=axis), x)


def log_softmax(x: Array, axis: int) -> Array:
    return _apply(lambda values: special.log_softmax(values, axis=axis), x)


def erf(x: Array) -> Array:
    return _apply(special.erf, x)


def erfinv(x: Array) -> Array:
    return _apply(special.erfinv, x)


def lgamma(x: Array) -> Array:
    return _apply(special.gammaln, x)


def digamma(x: Array) -> Array:
    return _apply(special.digamma, x)


def _apply(function: Callable[[Any], Any], x: Array) -> Array:
    """In float64, because SciPy does not know bfloat16; the result has the dtype of `x`."""
    return np.asarray(function(np.asarray(x).astype(np.float64))).astype(x.dtype)


def einsum(subscripts: str, *operands: Array) -> Array:
    return np.einsum(subscripts, *operands)


def top_k(x: Array, k: int) -> tuple[Array, Array]:
    # Sorted from the back, so that a stable sort in rising order leaves the lowest index first.
    rising = np.argsort(np.flip(x, axis=-1), axis=-1, kind="stable")
    indices = x.shape[-1] - 1 - np.flip(rising, axis=-1)[..., :k]
    return np.take_along_axis(x, indices, axis=-1), indices.astype(np.int32)


def segment_sum(data: Array, segment_ids: Array, num_segments: int) -> Array:
    return _reduce(np.add, data, segment_ids, num_segments, 0)


def segment_max(data: Array, segment_ids: Array, num_segments: int) -> Array:
    lowest = -np.inf if data.dtype.kind not in "iu" else np.iinfo(data.dtype).min
    return _reduce(np.maximum, data, segment_ids, num_segments, lowest)


def _reduce(ufunc: np.ufunc, data: Array, segment_ids: Array, num_segments: int, initial: float) -> Array:
    inside = (segment_ids >= 0) & (segment_ids < num_segments)  # others are dropped, as on JAX
    result = np.full((num_segments, *data.shape[1:]), initial, data.dtype)
    ufunc.at(result, segment_ids[inside], data[inside])
    return result

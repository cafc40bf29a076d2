"""Class numbers as vectors: in a compiled step, and on the host where the vectors are long.

The modes are "int", "one_hot", "multi_hot", "count". A number outside of 0 to depth - 1 counts for nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.errors import UnknownNameError, UnsupportedError, did_you_mean, explain

__all__ = ["as_mode", "encode", "encode_on_host", "encoded_shape", "refuse_sparse"]

_OLDER = {"binary": "multi_hot", "tf-idf": "tf_idf"}


def as_mode(value: object, allowed: tuple[str, ...], layer: str) -> str:
    """The output mode, under its newer name. Raises: UnknownNameError."""
    mode = _OLDER.get(str(value), str(value))
    if mode not in allowed:
        raise UnknownNameError(
            explain(
                f"{layer} has no output mode {value!r}.{did_you_mean(mode, allowed)}",
                expected=", ".join(allowed),
            )
        )
    return mode


def refuse_sparse(sparse: object, layer: str) -> bool:
    """False. Raises: UnsupportedError for True."""
    if sparse:
        raise UnsupportedError(explain(f"{layer}: there are no sparse results.", fix="leave `sparse` out"))
    return False


def encode(indices: Array, mode: str, depth: int, dtype: str, weights: Array | None = None) -> Array:
    """By ops, so in a compiled step too; `weights` of the counted, of their shape."""
    if mode == "int":
        return ops.cast(indices, dtype)
    if not len(indices.shape):
        indices = ops.expand_dims(indices, -1)
    if mode == "one_hot":
        if len(indices.shape) > 1 and indices.shape[-1] == 1:
            indices = ops.squeeze(indices, -1)
        return ops.one_hot(indices, depth, dtype=dtype)
    each = ops.one_hot(indices, depth, dtype=dtype)
    if mode == "multi_hot":
        return ops.max(each, axis=-2)
    if weights is not None:
        each = ops.multiply(each, ops.expand_dims(ops.cast(weights, dtype), -1))
    return ops.sum(each, axis=-2)


def encode_on_host(indices: np.ndarray, mode: str, depth: int, dtype: str) -> np.ndarray:
    """By NumPy, in the memory of the result and of the numbers."""
    if mode == "int":
        return indices.astype(dtype)
    indices = indices.reshape(indices.shape or (1,))
    shape = encoded_shape(indices.shape, mode, depth)
    rows = math.prod(shape[:-1])
    per_row = math.prod(indices.shape) // rows if rows else 0
    places = indices.reshape(rows, per_row)
    inside = (places >= 0) & (places < depth)
    flat = (places + np.arange(rows)[:, None] * depth)[inside]
    encoded = np.zeros(rows * depth, dtype)
    if mode == "count":
        np.add.at(encoded, flat, 1)
    else:
        encoded[flat] = 1
    return encoded.reshape(shape)


def encoded_shape(shape: tuple[Any, ...], mode: str, depth: int | None) -> tuple[Any, ...]:
    """The shape that numbers of `shape` are encoded in."""
    if mode == "int":
        return tuple(shape)
    if mode == "one_hot" and not (len(shape) > 1 and shape[-1] == 1):
        return (*shape, depth)
    return (*shape[:-1], depth)

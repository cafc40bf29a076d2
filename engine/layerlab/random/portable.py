"""Random numbers that are the same on every back end, for what must look alike from one seed.

Threefry, as in `backend/threefry`, but by the back end's own integers, so that it runs inside a compiled
step. int32 everywhere: torch has no arithmetic of uint32, and the bits are the same. Meant for few numbers,
such as one for each image of a batch: `random.uniform` is faster.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.seed import draw_key
from layerlab.typing import SeedLike

__all__ = ["uniform"]

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def uniform(shape: Sequence[int], low: float, high: float, seed: SeedLike) -> Array:
    """float32 in [low, high): the numbers of `jax.random.uniform`, but for the last digit.

    Args:
        shape: of the result.
        low, high: the ends of the interval.
        seed: as in `layerlab.random`.
    """
    bits = _bits(backend().cast(draw_key(seed), "int32"), math.prod(shape))
    unit = backend().cast(_shifted_right(bits, 9), "float32") * 2.0**-23
    return backend().xp.reshape(unit * (high - low) + low, tuple(shape))


def _bits(key: Array, count: int) -> Array:
    """32 random bits each: number i is a hash of i by the key."""
    xp, first, second = backend().xp, key[0], key[1]
    keys = (first, second, first ^ second ^ _PARITY)
    counter = backend().asarray(np.arange(count, dtype="int32"), "int32")
    x, y = counter * 0 + keys[0], counter + keys[1]
    for group in range(5):
        for distance in _ROTATIONS[group % 2]:
            x = x + y
            y = x ^ (xp.bitwise_left_shift(y, distance) | _shifted_right(y, 32 - distance))
        x, y = x + keys[(group + 1) % 3], y + keys[(group + 2) % 3] + (group + 1)
    return x ^ y


def _shifted_right(x: Array, distance: int) -> Array:
    """As an unsigned number: zeros come in from the left."""
    moved: Array = backend().xp.bitwise_right_shift(x, distance)
    return moved & ((1 << (32 - distance)) - 1)

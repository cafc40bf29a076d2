"""Random numbers by NumPy's Philox generator, keyed by (seed, counter)."""

from __future__ import annotations

from math import erf, sqrt

import numpy as np

from layerlab.backend import threefry
from layerlab.backend.protocol import Array, Shape
from layerlab.dtypes import numpy_dtype

__all__ = [
    "random_categorical",
    "random_gamma",
    "random_integers",
    "random_normal",
    "random_permutation",
    "random_truncated_normal",
    "random_uniform",
]


def random_uniform(key: Array, shape: Shape, dtype: str, low: float, high: float) -> Array:
    return _generator(key).uniform(low, high, shape).astype(numpy_dtype(dtype))


def random_normal(key: Array, shape: Shape, dtype: str) -> Array:
    return _generator(key).standard_normal(shape).astype(numpy_dtype(dtype))


def random_truncated_normal(key: Array, shape: Shape, dtype: str) -> Array:
    # The quantile function on the uniform numbers that it maps into two standard deviations.
    edge = erf(sqrt(2.0))
    drawn = threefry.erfinv(np.asarray(_generator(key).uniform(-edge, edge, shape))) * sqrt(2.0)
    return drawn.astype(numpy_dtype(dtype))


def random_integers(key: Array, shape: Shape, dtype: str, low: int, high: int) -> Array:
    return _generator(key).integers(low, high, shape).astype(numpy_dtype(dtype))


def random_categorical(key: Array, logits: Array, samples: int, dtype: str) -> Array:
    # The Gumbel-max trick: argmax(logits + noise) has the distribution of the softmax.
    noise = _generator(key).gumbel(size=(logits.shape[0], samples, logits.shape[1]))
    return np.argmax(logits[:, None, :] + noise, axis=-1).astype(numpy_dtype(dtype))


def random_permutation(key: Array, x: Array, axis: int) -> Array:
    return _generator(key).permutation(x, axis=axis)


def random_gamma(key: Array, shape: Shape, alpha: Array, dtype: str) -> Array:
    return _generator(key).standard_gamma(np.asarray(alpha, np.float64), shape).astype(numpy_dtype(dtype))


def _generator(key: Array) -> np.random.Generator:
    seed, counter = (int(word) for word in key)
    return np.random.Generator(np.random.Philox(key=seed << 32 | counter))

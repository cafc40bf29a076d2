"""Random arrays.

`seed` is an integer (the same numbers at each call), a SeedGenerator (which moves on), or None,
which draws from the process-wide generator that `set_random_seed` seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array, Shape
from layerlab.core.seed import draw_key
from layerlab.core.symbolic import any_symbolic
from layerlab.errors import DTypeError, InvalidArgumentError, ShapeError, UnsupportedError, explain
from layerlab.ops.op import convert

__all__ = [
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]


def normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Array:
    """Normally distributed numbers; floatx by default."""
    drawn = backend().random_normal(draw_key(seed), _sizes(shape), _float(dtype))
    return drawn * stddev + mean


def truncated_normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Array:
    """Normally distributed numbers, drawn again where further than two standard deviations from the mean."""
    drawn = backend().random_truncated_normal(draw_key(seed), _sizes(shape), _float(dtype))
    return drawn * stddev + mean


def uniform(
    shape: Sequence[int], minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Array:
    """Numbers from minval up to, not including, maxval, all equally likely; floatx by default."""
    return backend().random_uniform(draw_key(seed), _sizes(shape), _float(dtype), minval, maxval)


def randint(shape: Sequence[int], minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Array:
    """Integers from minval up to, not including, maxval, all equally likely."""
    name = dtypes.standardize_dtype(dtype)
    if not dtypes.is_integer(name):
        raise DTypeError(explain("randint", expected="an integer dtype", got=name, fix="use uniform"))
    return backend().random_integers(draw_key(seed), _sizes(shape), name, int(minval), int(maxval))


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Array:
    """Class indices drawn with the probabilities softmax(logits): (batch, num_samples)."""
    (logits,) = _values("categorical", logits)
    if len(logits.shape) != 2:
        raise ShapeError(
            explain("categorical", expected="logits (batch, classes)", got=str(tuple(logits.shape)))
        )
    return backend().random_categorical(
        draw_key(seed), logits, int(num_samples), dtypes.standardize_dtype(dtype)
    )


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Array:
    """The slices of x along an axis in random order."""
    (x,) = _values("shuffle", x)
    return backend().random_permutation(draw_key(seed), x, axis)


def dropout(
    inputs: Any, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Any = None
) -> Array:
    """inputs with a part `rate` of the elements 0 and the others divided by 1 - rate.

    Args:
        noise_shape: the shape in which elements are kept or dropped, with 1 for axes that share their fate;
            None, as a whole or for an axis, is the size of inputs.
    Source: Srivastava et al. 2014, JMLR 15, in its form that leaves inference alone.
    """
    if not 0 <= rate <= 1:
        raise InvalidArgumentError(explain("dropout", expected="a rate from 0 to 1", got=str(rate)))
    (x,) = _values("dropout", inputs)
    if rate == 1:
        return backend().xp.zeros_like(x)
    sizes = tuple(x.shape) if noise_shape is None else tuple(noise_shape)
    if len(sizes) != len(x.shape):
        raise ShapeError(
            explain("dropout", expected=f"a noise_shape of {len(x.shape)} sizes", got=str(sizes))
        )
    shape = tuple(given if given is not None else size for given, size in zip(sizes, x.shape, strict=True))
    # float32 even for 16-bit inputs: with 8 bits of fraction the rate would be coarse.
    keep = backend().random_uniform(draw_key(seed), shape, "float32", 0.0, 1.0) >= rate
    return backend().xp.where(keep, x / (1 - rate), 0)


def gamma(shape: Sequence[int], alpha: Any, dtype: Any = None, seed: Any = None) -> Array:
    """Gamma-distributed numbers of shape parameter alpha (which broadcasts) and scale 1."""
    name = _float(dtype)
    return backend().random_gamma(draw_key(seed), _sizes(shape), backend().asarray(alpha, name), name)


def beta(shape: Sequence[int], alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Array:
    """Beta-distributed numbers, from 0 to 1: the part of one gamma-distributed number in the sum of two."""
    name, sizes, key = _float(dtype), _sizes(shape), draw_key(seed)
    # One draw for both, so that an integer seed gives two different numbers.
    both = backend().xp.stack(
        [backend().xp.broadcast_to(backend().asarray(part, name), sizes) for part in (alpha, beta)]
    )
    drawn = backend().random_gamma(key, (2, *sizes), both, name)
    return drawn[0] / (drawn[0] + drawn[1])


def binomial(
    shape: Sequence[int], counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> Array:
    """How many of `counts` trials succeed with these probabilities; floatx. Each trial is drawn."""
    name, sizes = _float(dtype), _sizes(shape)
    trials, chance = _values("binomial", counts, probabilities)
    if backend().is_abstract(trials):
        raise UnsupportedError(
            explain("binomial needs known counts.", fix="give them as Python or NumPy numbers")
        )
    most = int(np.max(backend().to_numpy(trials), initial=0))
    drawn = backend().random_uniform(draw_key(seed), (most, *sizes), "float32", 0.0, 1.0)
    order = backend().xp.reshape(backend().xp.arange(most, dtype="float32"), (most, *(1 for _ in sizes)))
    succeeded = backend().xp.logical_and(drawn < chance, order < trials)
    return backend().xp.sum(backend().cast(succeeded, name), axis=0)


def _sizes(shape: Sequence[int]) -> Shape:
    return tuple(int(size) for size in shape)


def _float(dtype: Any) -> str:
    name = dtypes.standardize_dtype(dtype)
    if not dtypes.is_float(name):
        raise DTypeError(explain("A random number", expected="a floating dtype", got=name, fix="use randint"))
    return name


def _values(name: str, *arguments: Any) -> list[Array]:
    if any_symbolic(arguments, None):
        raise UnsupportedError(
            explain(f"random.{name} cannot be called on a symbolic tensor.", fix="call it inside of a Layer")
        )
    return convert(list(arguments), "float" if name == "binomial" else "common")

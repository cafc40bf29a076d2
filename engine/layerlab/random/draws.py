"""Random arrays.

`seed` is an integer (the same numbers at each call), a SeedGenerator (which moves on), or None,
which draws from the process-wide generator that `set_random_seed` seeds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array, Shape
from layerlab.core.seed import draw_key
from layerlab.core.symbolic import any_symbolic
from layerlab.errors import DTypeError, InvalidArgumentError, ShapeError, UnsupportedError, explain
from layerlab.ops.arguments import documented
from layerlab.ops.op import convert
from layerlab.typing import DTypeLike, SeedLike, TensorLike

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


@documented
def normal(
    shape: Sequence[int],
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: DTypeLike = None,
    seed: SeedLike = None,
) -> Array:
    """Normally distributed random numbers.

    Args:
        mean: the centre of the bell curve.
        stddev: its standard deviation: two thirds of the numbers are within it.
    Returns: an array of the given shape.

    Example:
        >>> normal((2, 3), seed=1).shape
        (2, 3)
        >>> x = normal((10000,), mean=5.0, stddev=2.0, seed=1)
        >>> round(float(x.mean())), round(float(x.std()))
        (5, 2)
    """
    drawn = backend().random_normal(draw_key(seed), _sizes(shape), _float(dtype))
    return drawn * stddev + mean


@documented
def truncated_normal(
    shape: Sequence[int],
    mean: float = 0.0,
    stddev: float = 1.0,
    dtype: DTypeLike = None,
    seed: SeedLike = None,
) -> Array:
    """Normally distributed random numbers without far ones.

    Numbers beyond two standard deviations from the mean are drawn again: a start for
    weights without outliers.

    Args:
        mean: the centre of the bell curve.
        stddev: its standard deviation before the cut; after it, it is 0.88 of that.
    Returns: an array of the given shape.

    Example:
        >>> x = truncated_normal((10000,), seed=1)
        >>> float(abs(x).max()) <= 2.0
        True
    """
    drawn = backend().random_truncated_normal(draw_key(seed), _sizes(shape), _float(dtype))
    return drawn * stddev + mean


@documented
def uniform(
    shape: Sequence[int],
    minval: float = 0.0,
    maxval: float = 1.0,
    dtype: DTypeLike = None,
    seed: SeedLike = None,
) -> Array:
    """Random numbers from an interval, all equally likely.

    Args:
        minval: the lower end, which may occur.
        maxval: the upper end, which does not occur.
    Returns: an array of the given shape.

    Example:
        >>> x = uniform((10000,), minval=1.0, maxval=3.0, seed=1)
        >>> bool((x >= 1.0).all()), bool((x < 3.0).all())
        (True, True)
        >>> round(float(x.mean()), 1)
        2.0
    """
    return backend().random_uniform(draw_key(seed), _sizes(shape), _float(dtype), minval, maxval)


@documented
def randint(
    shape: Sequence[int], minval: int, maxval: int, dtype: DTypeLike = "int32", seed: SeedLike = None
) -> Array:
    """Random integers from a range, all equally likely.

    Args:
        minval: the lowest, which may occur.
        maxval: the end of the range, which does not occur.
        dtype: an integer dtype; by default 'int32'.
    Returns: an array of the given shape.
    Raises: DTypeError for a floating dtype.

    Example:
        >>> throws = randint((1000,), 1, 7, seed=1)
        >>> int(throws.min()), int(throws.max())
        (1, 6)
    """
    name = dtypes.standardize_dtype(dtype)
    if not dtypes.is_integer(name):
        raise DTypeError(explain("randint", expected="an integer dtype", got=name, fix="use uniform"))
    return backend().random_integers(draw_key(seed), _sizes(shape), name, int(minval), int(maxval))


@documented
def categorical(
    logits: TensorLike, num_samples: int, dtype: DTypeLike = "int32", seed: SeedLike = None
) -> Array:
    """Random class numbers, drawn by scores.

    Class k has the probability softmax(logits)[k]. It picks, say, the next word of a
    text.

    Args:
        logits: (batch, classes), scores, or logarithms of probabilities.
        num_samples: how many to draw for each row, each from all classes again.
        dtype: an integer dtype; by default 'int32'.
    Returns: (batch, num_samples).
    Raises: ShapeError unless the scores have two axes; UnsupportedError for a symbolic
        tensor.

    Example:
        >>> categorical([[0.0, -1e9], [-1e9, 0.0]], 3, seed=1).tolist()
        [[0, 0, 0], [1, 1, 1]]
    """
    (logits,) = _values("categorical", logits)
    if len(logits.shape) != 2:
        raise ShapeError(
            explain("categorical", expected="logits (batch, classes)", got=str(tuple(logits.shape)))
        )
    return backend().random_categorical(
        draw_key(seed), logits, int(num_samples), dtypes.standardize_dtype(dtype)
    )


@documented
def shuffle(x: TensorLike, axis: int = 0, seed: SeedLike = None) -> Array:
    """The slices of an array along an axis, in random order.

    Args:
        x: the array, or what becomes one; it stays as it is.
        axis: the axis whose slices are put in another order; by default the first, the
            batch.
    Returns: an array of the shape and dtype of x.
    Raises: UnsupportedError for a symbolic tensor.

    Example:
        >>> sorted(shuffle([3, 1, 2], seed=1).tolist())
        [1, 2, 3]
        >>> rows = shuffle([[1, 10], [2, 20], [3, 30]], seed=1)
        >>> (rows[:, 1] / rows[:, 0]).tolist()  # rows stay together
        [10.0, 10.0, 10.0]
    """
    (x,) = _values("shuffle", x)
    return backend().random_permutation(draw_key(seed), x, axis)


@documented
def dropout(
    inputs: TensorLike, rate: float, noise_shape: Sequence[int | None] | None = None, seed: SeedLike = None
) -> Array:
    """The array with random elements set to 0, the others enlarged to make up for it.

    Kept elements are divided by 1 - rate, so that sums stay the same on average. The
    layer Dropout does it in training only.

    Args:
        inputs: the array, floating.
        rate: the part that is set to 0, from 0 to 1.
        noise_shape: shape in which elements are kept or dropped, with 1 for axes that
            share their fate: (batch, 1, channels) drops whole channels of (batch,
            steps, channels). None, as a whole or for an axis, is the size of the
            inputs.
    Returns: an array of the shape and dtype of the inputs.
    Raises: InvalidArgumentError for a rate outside of 0 to 1; ShapeError for a noise
        shape with another number of axes; UnsupportedError for a symbolic tensor.
    Source: Srivastava et al. 2014, JMLR 15, in its form that leaves inference alone.

    Example:
        >>> x = dropout(np.ones(1000, "float32"), 0.5, seed=1)
        >>> sorted(set(x.tolist()))
        [0.0, 2.0]
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


@documented
def gamma(shape: Sequence[int], alpha: TensorLike, dtype: DTypeLike = None, seed: SeedLike = None) -> Array:
    """Gamma-distributed random numbers, of scale 1.

    They are positive, with mean and variance alpha; alpha = 1 is the exponential
    distribution. Multiply by a scale to have another.

    Args:
        alpha: the shape parameter, above 0: a number, or an array that broadcasts to
            `shape`.
    Returns: an array of the given shape.

    Example:
        >>> x = gamma((10000,), 3.0, seed=1)
        >>> round(float(x.mean())), bool((x > 0).all())
        (3, True)
    """
    name = _float(dtype)
    return backend().random_gamma(draw_key(seed), _sizes(shape), backend().asarray(alpha, name), name)


@documented
def beta(
    shape: Sequence[int], alpha: TensorLike, beta: TensorLike, dtype: DTypeLike = None, seed: SeedLike = None
) -> Array:
    """Beta-distributed random numbers, between 0 and 1.

    They are x / (x + y) for two gamma-distributed numbers, of mean alpha / (alpha +
    beta).

    Args:
        alpha, beta: parameters above 0: numbers, or arrays that broadcast to `shape`.
            Both 1 is the uniform distribution; larger ones concentrate the numbers.
    Returns: an array of the given shape.

    Example:
        >>> x = beta((10000,), 2.0, 6.0, seed=1)
        >>> round(float(x.mean()), 2)
        0.25
    """
    name, sizes, key = _float(dtype), _sizes(shape), draw_key(seed)
    # One draw for both, so that an integer seed gives two different numbers.
    both = backend().xp.stack(
        [backend().xp.broadcast_to(backend().asarray(part, name), sizes) for part in (alpha, beta)]
    )
    drawn = backend().random_gamma(key, (2, *sizes), both, name)
    return drawn[0] / (drawn[0] + drawn[1])


@documented
def binomial(
    shape: Sequence[int],
    counts: TensorLike,
    probabilities: TensorLike,
    dtype: DTypeLike = None,
    seed: SeedLike = None,
) -> Array:
    """The number of successes among random trials, each of which is drawn.

    Args:
        counts: how many trials: a number, or an array that broadcasts to `shape`.
        probabilities: how likely a success is, from 0 to 1; it broadcasts too.
    Returns: an array of the given shape.
    Raises: UnsupportedError for counts that are computed in a compiled function.

    Example:
        >>> binomial((3,), 10, [0.0, 0.5, 1.0], seed=1)[::2].tolist()
        [0.0, 10.0]
        >>> round(float(binomial((10000,), 10, 0.5, seed=1).mean()), 1)
        5.0
    """
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


def _float(dtype: DTypeLike) -> str:
    name = dtypes.standardize_dtype(dtype)
    if not dtypes.is_float(name):
        raise DTypeError(explain("A random number", expected="a floating dtype", got=name, fix="use randint"))
    return name


def _values(name: str, *arguments: TensorLike) -> list[Array]:
    if any_symbolic(arguments, None):
        raise UnsupportedError(
            explain(f"random.{name} cannot be called on a symbolic tensor.", fix="call it inside of a Layer")
        )
    return convert(list(arguments), "float" if name == "binomial" else "common")

"""Random initializers with given spread, and what all random initializers share.

Values are drawn on the host by Threefry with the key (seed, 0): the same numbers on every back end, and
those of Keras on JAX.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from layerlab import dtypes
from layerlab.backend import threefry
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array, Shape
from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.seed import SeedGenerator, make_default_seed
from layerlab.errors import DTypeError, InvalidArgumentError, ShapeError, explain
from layerlab.initializers.base import Initializer
from layerlab.numeric import is_integer
from layerlab.typing import DTypeLike, SeedLike

__all__ = [
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "truncated_normal",
]


class RandomInitializer(Initializer):
    """Base of random initializers: it holds the seed and draws.

    With an integer every call gives the same values. With None (which takes an integer
    from the process-wide seed, once, here) and with a SeedGenerator every call draws
    anew: two layers that share one initializer object do not begin as copies of each
    other. The first values of None are those that Keras draws; Keras goes on to repeat
    them.
    """

    is_random = True  # may wait until it is known whether a file has the value (core.first_values)

    def __init__(self, seed: SeedLike = None) -> None:
        self._init_seed = seed
        if isinstance(seed, dict):
            seed = deserialize_keras_object(seed)
        if seed is None:
            seed = make_default_seed()
        if not is_integer(seed) and not isinstance(seed, SeedGenerator):
            raise InvalidArgumentError(
                explain(
                    f"{type(self).__name__} seed",
                    expected="an integer, a SeedGenerator or None",
                    got=repr(seed)[:80],
                )
            )
        self.seed = seed
        self._draws = 0

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config["seed"] = serialize_keras_object(self._init_seed)
        return config

    def _uniform(self, shape: Shape, dtype: DTypeLike, low: float, high: float) -> Array:
        name = self._float_type(dtype)
        return backend().asarray(threefry.uniform(self._key(), tuple(shape), low, high, name), name)

    def _normal(self, shape: Shape, dtype: DTypeLike, mean: float, stddev: float) -> Array:
        name = self._float_type(dtype)
        return backend().asarray(threefry.normal(self._key(), tuple(shape), name) * stddev + mean, name)

    def _truncated_normal(self, shape: Shape, dtype: DTypeLike, mean: float, stddev: float) -> Array:
        name = self._float_type(dtype)
        return backend().asarray(
            threefry.truncated_normal(self._key(), tuple(shape), name) * stddev + mean, name
        )

    def _key(self) -> tuple[int, int]:
        if not isinstance(self.seed, SeedGenerator):
            counter, self._draws = self._draws, self._draws + (self._init_seed is None)
            return int(self.seed), counter
        seed, counter = backend().to_numpy(self.seed.next())
        return int(seed), int(counter)

    def _float_type(self, dtype: DTypeLike) -> str:
        name = dtypes.standardize_dtype(dtype)
        if not dtypes.is_float(name):
            raise DTypeError(
                explain(f"{type(self).__name__} draws real numbers.", expected="a float dtype", got=name)
            )
        return name


class RandomNormal(RandomInitializer):
    """Normal values with a given mean and standard deviation.

    Args:
        mean: mean of the values.
        stddev: standard deviation of the values.

    Example:
        >>> import numpy as np
        >>> values = RandomNormal(mean=5.0, stddev=0.1, seed=1)((1000,))
        >>> round(float(np.mean(values)), 1), round(float(np.std(values)), 1)
        (5.0, 0.1)
    """

    aliases = ("normal",)

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: SeedLike = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Array:
        return self._normal(shape, dtype, self.mean, self.stddev)


class TruncatedNormal(RandomInitializer):
    """Normal values without outliers, redrawn beyond two standard deviations.

    Args:
        mean: mean of the values.
        stddev: standard deviation before the truncation; the values' own is 0.88
            times it.

    Example:
        >>> import numpy as np
        >>> values = TruncatedNormal(stddev=1.0, seed=1)((1000,))
        >>> bool(np.abs(values).max() <= 2.0), round(float(np.std(values)), 1)
        (True, 0.9)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: SeedLike = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Array:
        return self._truncated_normal(shape, dtype, self.mean, self.stddev)


class RandomUniform(RandomInitializer):
    """Values spread evenly between two bounds.

    Args:
        minval: lower bound, included.
        maxval: upper bound, excluded.

    Example:
        >>> values = RandomUniform(minval=2.0, maxval=4.0, seed=1)((1000,))
        >>> [round(float(x), 1) for x in (values.min(), values.mean(), values.max())]
        [2.0, 3.0, 4.0]
    """

    aliases = ("uniform",)

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: SeedLike = None) -> None:
        self.minval = minval
        self.maxval = maxval
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Array:
        return self._uniform(shape, dtype, self.minval, self.maxval)


class Orthogonal(RandomInitializer):
    """A random matrix that keeps lengths: its columns are orthonormal, times `gain`.

    Rows in place of columns, where it is wider than high. For more than two axes all
    but the last are flattened into rows. Signals neither fade nor grow through many
    such layers or steps of a recurrent one.

    Args:
        gain: factor of the matrix; √2 makes up for relu.
    Raises: when called, ShapeError for fewer than two axes.
    Source: Saxe et al. 2014, "Exact solutions to the nonlinear dynamics of learning in
    deep linear networks".

    Example:
        >>> matrix = Orthogonal(gain=2.0, seed=1)((3, 3))
        >>> abs(matrix.T @ matrix).round(3).tolist()[0]  # 4 times the identity
        [4.0, 0.0, 0.0]
    """

    aliases = ("OrthogonalInitializer",)

    def __init__(self, gain: float = 1.0, seed: SeedLike = None) -> None:
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: DTypeLike = None) -> Array:
        if len(shape) < 2:
            raise ShapeError(explain("Orthogonal", expected="at least two axes", got=f"shape {tuple(shape)}"))
        name = self._float_type(dtype)
        rows, columns = math.prod(shape[:-1]), shape[-1]
        drawn = threefry.normal(self._key(), (max(rows, columns), min(rows, columns)), name)
        # LAPACK knows no 16-bit floats.
        q, r = np.linalg.qr(drawn if drawn.dtype == np.float64 else drawn.astype(np.float32))
        q = q * np.sign(np.diag(r))  # without this the distribution is not uniform
        matrix = q.T if rows < columns else q
        return backend().asarray(self.gain * matrix.reshape(shape), name)


random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
orthogonal = OrthogonalInitializer = Orthogonal

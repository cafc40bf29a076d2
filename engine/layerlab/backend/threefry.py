"""Random numbers on the host, in NumPy, with bits equal to `jax.random`'s.

Initial weights are drawn here, so that the same seed gives the same weights on every back end, and
those of Keras on JAX. Threefry is a counter-based generator: number i of a key is a hash of i, with
no state. Sources: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3";
`jax.random` with `jax_threefry_partitionable=True`, its default. Imports dtypes only.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from layerlab.dtypes import numpy_dtype
from layerlab.errors import DTypeError, explain

__all__ = ["Seed", "erfinv", "integers", "normal", "truncated_normal", "uniform", "uniform_bits"]

Seed = int | tuple[int, int]
"""An int, as for `jax.random.key`, or both 32-bit words of the key: Keras' seed s is (s, 0)."""

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_BLOCK = 1 << 15  # numbers hashed at once: the working set stays in the cache
_MASK = 0xFFFFFFFF


def uniform_bits(seed: Seed, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform uint32 values."""
    high, low = _hash_counters(seed, math.prod(shape))
    return (high ^ low).reshape(shape)


def uniform(
    seed: Seed, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0, dtype: str = "float32"
) -> np.ndarray:
    """Floats in [low, high). float16 and bfloat16 are drawn as float32 and rounded."""
    drawn = _drawn_dtype(dtype)
    smallest, largest = drawn(low), drawn(high)
    # In float64, rounded once: XLA fuses this multiplication and addition.
    values = _unit(seed, shape, drawn).astype(np.float64) * (largest - smallest) + smallest
    return np.maximum(values.astype(drawn), smallest).astype(numpy_dtype(dtype), copy=False)


def normal(seed: Seed, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    """Standard normal values."""
    drawn = _drawn_dtype(dtype)
    lowest = np.nextafter(drawn(-1), drawn(0))  # -1 itself would become -infinity
    values = drawn(math.sqrt(2)) * erfinv(uniform(seed, shape, lowest, 1.0, drawn.__name__))
    return values.astype(numpy_dtype(dtype), copy=False)


def truncated_normal(seed: Seed, shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    """Standard normal values between -2 and 2."""
    drawn = _drawn_dtype(dtype)
    edge = math.erf(math.sqrt(2))
    values = drawn(math.sqrt(2)) * erfinv(uniform(seed, shape, -edge, edge, drawn.__name__))
    limit = np.nextafter(drawn(2), drawn(0))
    return np.clip(values, -limit, limit).astype(numpy_dtype(dtype), copy=False)


def integers(seed: Seed, shape: tuple[int, ...], low: int, high: int, dtype: str = "int32") -> np.ndarray:
    """Integers in [low, high), of at most 32 bits."""
    if numpy_dtype(dtype).itemsize > 4:
        raise DTypeError(explain("integers", expected="at most 32 bits", got=dtype, fix="cast the result"))
    # 64 random bits modulo the span, from two draws of 32, as jax.random.randint does.
    span = np.uint64(max(high - low, 1))
    upper, lower = (uniform_bits(key, shape).astype(np.uint64) for key in _split(seed))
    offsets = ((upper << np.uint64(32)) + lower) % span
    return (offsets.astype(np.int64) + low).astype(numpy_dtype(dtype))


def _unit(seed: Seed, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Floats in [0, 1): random bits as the mantissa of a number in [1, 2)."""
    high, low = _hash_counters(seed, math.prod(shape))
    if dtype is np.float32:
        bits = (high ^ low) >> np.uint32(9) | np.uint32(0x3F800000)
    else:
        wide = high.astype(np.uint64) << np.uint64(32) | low
        bits = wide >> np.uint64(12) | np.uint64(0x3FF0000000000000)
    return (bits.view(dtype) - dtype(1)).reshape(shape)


def _drawn_dtype(dtype: str) -> type[np.float32] | type[np.float64]:
    return np.float64 if dtype == "float64" else np.float32


def _split(seed: Seed) -> list[tuple[int, int]]:
    high, low = _hash_counters(seed, 2)
    return [(int(first), int(second)) for first, second in zip(high, low, strict=True)]


def _words(seed: Seed) -> tuple[int, int]:
    if isinstance(seed, tuple):
        return seed[0] & _MASK, seed[1] & _MASK
    return seed >> 32 & _MASK, seed & _MASK


def _hash_counters(seed: Seed, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Both words of the hashes of the counters 0 ... count - 1."""
    key = _words(seed)
    high, low = np.empty(count, np.uint32), np.empty(count, np.uint32)
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        counters = np.arange(start, stop, dtype=np.uint64)
        high[start:stop], low[start:stop] = _threefry_2x32(
            key, (counters >> np.uint64(32)).astype(np.uint32), counters.astype(np.uint32)
        )
    return high, low


def _threefry_2x32(key: tuple[int, int], x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Twenty rounds of add, rotate, xor; key words are added after each four. Changes x and y."""
    words = [np.uint32(word) for word in (*key, key[0] ^ key[1] ^ 0x1BD11BDA)]
    x += words[0]
    y += words[1]
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x += y
            np.bitwise_or(y << np.uint32(rotation), y >> np.uint32(32 - rotation), out=y)
            y ^= x
        x += words[(group + 1) % 3]
        y += np.uint32((int(words[(group + 2) % 3]) + group + 1) & _MASK)
    return x, y


def erfinv(x: np.ndarray) -> np.ndarray:
    """Inverse error function of float32 or float64 values in (-1, 1), of the same dtype.

    float32 follows XLA's formula and agrees with it to 2 units in the last place; float64 is
    accurate to 1e-15. Source: Giles 2010, "Approximating the erfinv function".
    """
    if x.dtype == np.float32:
        tail = -np.log1p(-x * x)
        near, far = _horner(_SINGLE_NEAR, tail - 2.5), _horner(_SINGLE_FAR, np.sqrt(tail) - 3)
        return np.where(tail < 5, near, far) * x
    tail = -np.log((1 - x) * (1 + x))
    root = np.sqrt(tail)
    far = np.where(tail < 16, _horner(_DOUBLE_MIDDLE, root - 3.25), _horner(_DOUBLE_FAR, root - 5))
    return np.where(tail < 6.25, _horner(_DOUBLE_NEAR, tail - 3.125), far) * x


def _horner(coefficients: tuple[float, ...], x: np.ndarray) -> np.ndarray:
    """The polynomial's value, highest power first."""
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + x.dtype.type(coefficient)
    return value


# Tables 1 and 2 of Giles 2010, for tail = -log(1 - x^2).
_SINGLE_NEAR = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087, -0.00125372503,
    -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
_SINGLE_FAR = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613,
    0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip
_DOUBLE_NEAR = (
    -3.64441206401782e-21, -1.6850591381820166e-19, 1.28584807152564e-18, 1.1157877678025181e-17,
    -1.333171662854621e-16, 2.0972767875968562e-17, 6.637638134358324e-15, -4.054566272975207e-14,
    -8.151934197605472e-14, 2.6335093153082323e-12, -1.2975133253453532e-11, -5.415412054294628e-11,
    1.0512122733215323e-09, -4.112633980346984e-09, -2.9070369957882005e-08, 4.2347877827932404e-07,
    -1.3654692000834679e-06, -1.3882523362786469e-05, 0.00018673420803405714, -0.000740702534166267,
    -0.006033670871430149, 0.24015818242558962, 1.6536545626831027,
)  # fmt: skip
_DOUBLE_MIDDLE = (
    2.2137376921775787e-09, 9.075656193888539e-08, -2.7517406297064545e-07, 1.8239629214389228e-08,
    1.5027403968909828e-06, -4.013867526981546e-06, 2.9234449089955446e-06, 1.2475304481671779e-05,
    -4.7318229009055734e-05, 6.828485145957318e-05, 2.4031110387097894e-05, -0.0003550375203628475,
    0.0009532893797373805, -0.0016882755560235047, 0.002491442096107851, -0.003751208507569241,
    0.005370914553590064, 1.0052589676941592, 3.0838856104922208,
)  # fmt: skip
_DOUBLE_FAR = (
    -2.7109920616438573e-11, -2.555641816996525e-10, 1.5076572693500548e-09, -3.789465440126737e-09,
    7.61570120807834e-09, -1.496002662714924e-08, 2.914795345090108e-08, -6.771199775845234e-08,
    2.2900482228026655e-07, -9.9298272942317e-07, 4.526062597223154e-06, -1.968177810553167e-05,
    7.599527703001776e-05, -0.00021503011930044477, -0.00013871931833623122, 1.0103004648645344,
    4.849906401408584,
)  # fmt: skip

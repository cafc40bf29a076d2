"""Making arrays: constants, ranges, identity matrices, windows; converting and casting.

Every array gets a dtype: the one asked for, else int32 for Python ints and floatx for Python floats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.symbolic import any_symbolic
from layerlab.core.variable import Variable
from layerlab.errors import UnsupportedError, explain
from layerlab.ops.arguments import documented
from layerlab.ops.common import extremes
from layerlab.ops.op import op

__all__ = [
    "arange",
    "array",
    "bartlett",
    "blackman",
    "cast",
    "convert_to_numpy",
    "convert_to_tensor",
    "dtype",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "geomspace",
    "hamming",
    "hanning",
    "identity",
    "is_tensor",
    "kaiser",
    "linspace",
    "logspace",
    "ones",
    "ones_like",
    "saturate_cast",
    "tri",
    "vander",
    "zeros",
    "zeros_like",
]


@documented
def zeros(shape: int | Sequence[int], dtype: Any = None) -> Array:
    """An array of zeros; floatx by default."""
    return backend().xp.zeros(_sizes(shape), dtype=dtypes.standardize_dtype(dtype))


@documented
def ones(shape: int | Sequence[int], dtype: Any = None) -> Array:
    """An array of ones; floatx by default."""
    return backend().xp.ones(_sizes(shape), dtype=dtypes.standardize_dtype(dtype))


@documented
def empty(shape: int | Sequence[int], dtype: Any = None) -> Array:
    """An array whose values do not matter (zeros); floatx by default."""
    return backend().xp.zeros(_sizes(shape), dtype=dtypes.standardize_dtype(dtype))


@op("fill_value", class_name="Full")
def _full(fill_value: Any, shape: Sequence[int], dtype: Any = None) -> Array:
    wanted = backend().dtype_name(fill_value) if dtype is None else dtypes.standardize_dtype(dtype)
    return backend().xp.broadcast_to(backend().cast(fill_value, wanted), _sizes(shape))


@documented
def full(shape: int | Sequence[int], fill_value: Any, dtype: Any = None) -> Array:
    """An array of one value (or of an array that broadcasts); by default of the value's dtype."""
    return _full(fill_value, shape=_sizes(shape), dtype=dtype)


@op("x")
def zeros_like(x: Any, dtype: Any = None) -> Array:
    """Zeros in the shape of x, and its dtype unless another is given."""
    return backend().xp.zeros_like(x, dtype=dtype)


@op("x")
def ones_like(x: Any, dtype: Any = None) -> Array:
    """Ones in the shape of x, and its dtype unless another is given."""
    return backend().xp.ones_like(x, dtype=dtype)


@op("x")
def empty_like(x: Any, dtype: Any = None) -> Array:
    """An array in the shape of x whose values do not matter (zeros)."""
    return backend().xp.zeros_like(x, dtype=dtype)


@op("x", as_is=("fill_value",))
def full_like(x: Any, fill_value: Any, dtype: Any = None) -> Array:
    """One value in the shape of x, and its dtype unless another is given."""
    wanted = backend().dtype_name(x) if dtype is None else dtypes.standardize_dtype(dtype)
    return backend().xp.broadcast_to(backend().cast(fill_value, wanted), tuple(x.shape))


@documented
def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Array:
    """start, start + step ... below stop; with one argument, from 0. int32, or floatx if one is floating.

    The arguments are Python numbers: they decide the shape. A symbolic tensor has no value: use its sizes.
    """
    given = [value for value in (start, stop, step) if value is not None]
    if any_symbolic(given, None):
        raise UnsupportedError(
            explain(
                "arange of a symbolic tensor has no known length.", fix="use Python numbers, e.g. x.shape[1]"
            )
        )
    numbers = [
        value if isinstance(value, int | float) else np.asarray(convert_to_numpy(value)).item()
        for value in given
    ]
    if dtype is None:
        dtype = dtypes.result_type(*(_number_kind(value) for value in given))
    first, last = (0, numbers[0]) if stop is None else (numbers[0], numbers[1])
    values = np.arange(first, last, numbers[-1] if step is not None else 1)
    return backend().asarray(values, dtypes.standardize_dtype(dtype))


@op("start", "stop", promote="float")
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` values from start to stop at equal distances; with `retstep` also the distance.

    start and stop broadcast; their values lie along the new `axis`.
    """
    xp = backend().xp
    intervals = num - 1 if endpoint else num
    part = backend().asarray(np.arange(num) / max(intervals, 1), backend().dtype_name(start))
    start, stop = xp.broadcast_arrays(start, stop)
    part = xp.reshape(part, (num, *(1 for _ in start.shape)))
    values = start * (1 - part) + stop * part  # not start + part * step: the last value is stop itself
    values = xp.moveaxis(values, 0, axis)
    if dtype is not None:
        wanted = dtypes.standardize_dtype(dtype)
        values = backend().cast(xp.floor(values) if dtypes.is_integer(wanted) else values, wanted)
    return (
        (values, (stop - start) / intervals if intervals else stop - start + math.nan) if retstep else values
    )


@op("start", "stop", promote="float")
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Array:
    """base to the power of `linspace(start, stop)`."""
    values = backend().xp.exp(linspace(start, stop, num, endpoint, axis=axis) * math.log(base))
    return values if dtype is None else backend().cast(values, dtypes.standardize_dtype(dtype))


@op("start", "stop", promote="float")
def geomspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0
) -> Array:
    """`num` values from start to stop with equal ratios; both have one sign."""
    xp = backend().xp
    exponents = linspace(xp.log(abs(start)), xp.log(abs(stop)), num, endpoint, axis=axis)
    values = xp.exp(exponents) * xp.expand_dims(xp.sign(start + 0 * stop), axis)
    return values if dtype is None else backend().cast(values, dtypes.standardize_dtype(dtype))


@documented
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Array:
    """Ones on the k-th diagonal of an N by M matrix; floatx by default."""
    return backend().asarray(np.eye(N, M, k), dtypes.standardize_dtype(dtype))


@documented
def identity(n: int, dtype: Any = None) -> Array:
    """The n by n identity matrix; floatx by default."""
    return backend().asarray(np.eye(n), dtypes.standardize_dtype(dtype))


@documented
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Array:
    """Ones at and below the k-th diagonal of an N by M matrix; floatx by default."""
    return backend().asarray(np.tri(N, M, k), dtypes.standardize_dtype(dtype))


@documented
def bartlett(x: int) -> Array:
    """The triangular window of x points."""
    return backend().asarray(np.bartlett(x), dtypes.standardize_dtype(None))


@documented
def blackman(x: int) -> Array:
    """The Blackman window of x points."""
    return backend().asarray(np.blackman(x), dtypes.standardize_dtype(None))


@documented
def hamming(x: int) -> Array:
    """The Hamming window of x points."""
    return backend().asarray(np.hamming(x), dtypes.standardize_dtype(None))


@documented
def hanning(x: int) -> Array:
    """The Hann window of x points."""
    return backend().asarray(np.hanning(x), dtypes.standardize_dtype(None))


@documented
def kaiser(x: int, beta: float) -> Array:
    """The Kaiser window of x points; beta is its shape."""
    return backend().asarray(np.kaiser(x, beta), dtypes.standardize_dtype(None))


@op("x")
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Array:
    """The powers of a vector as columns: x**(N-1) ... x**0, or in increasing order."""
    powers = np.arange(x.shape[0] if N is None else N)
    powers = powers if increasing else powers[::-1].copy()
    return x[:, None] ** backend().asarray(powers, backend().dtype_name(x))


@op("x", promote=None)
def convert_to_tensor(
    x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Array:
    """x as an array of the active back end; its own dtype (int32, floatx for Python numbers) by default."""
    if sparse or ragged:
        raise UnsupportedError(
            explain("Sparse and ragged tensors are not supported.", fix="use a dense tensor")
        )
    return x if dtype is None else backend().cast(x, dtypes.standardize_dtype(dtype))


@op("x", promote=None)
def array(x: Any, dtype: Any = None) -> Array:
    """x as an array of the active back end, the same as `convert_to_tensor`."""
    return x if dtype is None else backend().cast(x, dtypes.standardize_dtype(dtype))


@documented
def convert_to_numpy(x: Any) -> np.ndarray:
    """x as a NumPy array on the host; a symbolic tensor has no values and raises UnsupportedError."""
    if isinstance(x, Variable):
        return x.numpy()
    return backend().to_numpy(x) if backend().is_array(x) else np.array(x)


@op("x")
def cast(x: Any, dtype: Any) -> Array:
    """x in another dtype; floating numbers lose their fraction when they become integers."""
    return backend().cast(x, dtypes.standardize_dtype(dtype))


@op("x")
def saturate_cast(x: Any, dtype: Any) -> Array:
    """x in another dtype; values outside of its range become its smallest or largest."""
    xp, own, wanted = backend().xp, backend().dtype_name(x), dtypes.standardize_dtype(dtype)
    if wanted == "bool" or own == "bool":
        return backend().cast(x, wanted)
    (own_low, own_high), (low, high) = extremes(own), extremes(wanted)
    low, high = _inside(max(low, own_low), own, math.inf), _inside(min(high, own_high), own, -math.inf)
    clipped = xp.minimum(xp.maximum(x, backend().asarray(low, own)), backend().asarray(high, own))
    return backend().cast(clipped, wanted)


@documented
def is_tensor(x: Any) -> bool:
    """True for an array of the active back end; False for NumPy arrays, and for symbolic tensors."""
    return backend().is_array(x)


@documented
def dtype(x: Any) -> str:
    """The name of x's dtype."""
    return dtypes.standardize_dtype(x.dtype if hasattr(x, "dtype") else type(x))


def _sizes(shape: int | Sequence[int]) -> tuple[int, ...]:
    return (int(shape),) if isinstance(shape, int | np.integer) else tuple(int(size) for size in shape)


def _number_kind(value: Any) -> Any:
    return type(value) if type(value) in (bool, int, float) else dtypes.standardize_dtype(value.dtype)


def _inside(bound: Any, dtype: str, towards: float) -> Any:
    """The bound, or its neighbour if rounding to a floating dtype moved it out of the range."""
    if not dtypes.is_float(dtype) or not isinstance(bound, int):
        return bound
    exact = dtypes.numpy_dtype(dtype)
    rounded = np.asarray(bound, dtype=exact)
    outside = int(rounded) < bound if towards > 0 else int(rounded) > bound
    return float(np.nextafter(rounded, exact.type(0))) if outside else float(rounded)

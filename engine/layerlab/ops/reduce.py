"""Reductions over axes, running sums and products, means and quantiles.

`axis` is an int, a tuple of ints, or None for all axes. Sums of narrow integers are 32 bits wide;
means and the like of integers are floatx.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import ShapeError, UnsupportedError, explain
from layerlab.ops.common import as_axes, is_bool, is_float, number, truth
from layerlab.ops.op import op

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "average",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "logsumexp",
    "max",
    "mean",
    "median",
    "min",
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
    "percentile",
    "prod",
    "ptp",
    "quantile",
    "std",
    "sum",
    "var",
]

Axis = int | Sequence[int] | None


@op("x")
def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The sum; of booleans and narrow integers in 32 bits."""
    return _sum(x, axis, keepdims)


@op("x")
def prod(x: Any, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Array:
    """The product; `dtype` is that of the factors and of the result."""
    return backend().xp.prod(_as(x, dtype), axis=_axis(axis), keepdims=keepdims)


@op("x", promote="float")
def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The mean."""
    return backend().xp.mean(x, axis=_axis(axis), keepdims=keepdims)


@op("x", promote="float")
def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The mean squared distance from the mean (no correction for the sample's size); float32 inside."""
    return _as(_var(_wide(x), axis, keepdims), backend().dtype_name(x))


@op("x", promote="float")
def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The square root of `var`."""
    return _as(backend().xp.sqrt(_var(_wide(x), axis, keepdims)), backend().dtype_name(x))


@op("x")
def max(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Array:
    """The largest element, at least `initial`; ties share the gradient."""
    return _extreme(x, axis, keepdims, initial, "max")


@op("x")
def min(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Array:
    """The smallest element, at most `initial`; ties share the gradient."""
    return _extreme(x, axis, keepdims, initial, "min")


@op("x")
def amax(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The largest element, the same as `max`."""
    return _extreme(x, axis, keepdims, None, "max")


@op("x")
def amin(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The smallest element, the same as `min`."""
    return _extreme(x, axis, keepdims, None, "min")


@op("x")
def ptp(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The largest element less the smallest."""
    return _extreme(x, axis, keepdims, None, "max") - _extreme(x, axis, keepdims, None, "min")


@op("x")
def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """True if all elements are."""
    return backend().xp.all(truth(x), axis=_axis(axis), keepdims=keepdims)


@op("x")
def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """True if some element is."""
    return backend().xp.any(truth(x), axis=_axis(axis), keepdims=keepdims)


@op("x")
def count_nonzero(x: Any, axis: Axis = None) -> Array:
    """How many elements are not 0, int32."""
    return _sum(truth(x), axis, False)


@op("x")
def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Array:
    """The index of the (first) largest element, int32; with axis None, in the flattened array."""
    return backend().xp.argmax(number(x), axis=axis, keepdims=keepdims)


@op("x")
def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Array:
    """The index of the (first) smallest element, int32; with axis None, in the flattened array."""
    return backend().xp.argmin(number(x), axis=axis, keepdims=keepdims)


@op("x", "weights", promote="float")
def average(x: Any, axis: Axis = None, weights: Any = None) -> Array:
    """The mean with weights, of the shape of x or, for one axis, of its length."""
    xp = backend().xp
    if weights is None:
        return xp.mean(x, axis=_axis(axis))
    if weights.shape != x.shape:
        if not isinstance(axis, int) or tuple(weights.shape) != (x.shape[axis],):
            raise ShapeError(
                explain(
                    "average",
                    expected="weights of the shape of x, or 1-D and one axis",
                    got=str(tuple(weights.shape)),
                )
            )
        shape = [1] * len(x.shape)
        shape[axis] = x.shape[axis]
        weights = xp.broadcast_to(xp.reshape(weights, tuple(shape)), x.shape)
    return _sum(x * weights, axis, False) / _sum(weights, axis, False)


@op("x", promote="float")
def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """log(sum(exp(x))) without overflow; -inf where all elements are."""
    xp = backend().xp
    largest = backend().stop_gradient(xp.max(x, axis=_axis(axis), keepdims=True))
    largest = xp.where(abs(largest) < math.inf, largest, 0)
    total = xp.log(xp.sum(xp.exp(x - largest), axis=_axis(axis), keepdims=True)) + largest
    return total if keepdims else xp.squeeze(total, axis=as_axes(axis, len(x.shape)))


@op("x")
def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Array:
    """Running sums along an axis; with axis None, of the flattened array."""
    return backend().xp.cumsum(x, axis=axis, dtype=_running_dtype(x, dtype))


@op("x")
def cumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Array:
    """Running products along an axis; with axis None, of the flattened array."""
    return backend().xp.cumprod(x, axis=axis, dtype=_running_dtype(x, dtype))


@op("x", promote="float")
def median(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The middle element, the mean of the two middle ones for an even count."""
    return _quantile(x, backend().asarray(0.5, backend().dtype_name(x)), axis, "linear", keepdims)


@op("x", "q", promote="float")
def quantile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Array:
    """The value below which a part q (0 to 1; a scalar, or 1-D: a new first axis) of the elements lies.

    `method` is "linear", "lower", "higher", "midpoint" or "nearest": what to take between two elements.
    """
    return _quantile(x, q, axis, method, keepdims)


@op("x", "q", promote="float")
def percentile(x: Any, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Array:
    """The value below which q percent (0 to 100) of the elements lie, see `quantile`."""
    return _quantile(x, q / 100, axis, method, keepdims)


@op("x")
def nansum(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The sum without NaN."""
    return _sum(_without_nan(x, 0), axis, keepdims)


@op("x")
def nanprod(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The product without NaN."""
    return backend().xp.prod(_without_nan(x, 1), axis=_axis(axis), keepdims=keepdims)


@op("x", promote="float")
def nanmean(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The mean without NaN; NaN where nothing else is."""
    return _nan_mean(x, axis, keepdims)


@op("x", promote="float")
def nanvar(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The variance without NaN."""
    return _nan_var(x, axis, keepdims)


@op("x", promote="float")
def nanstd(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The standard deviation without NaN."""
    return backend().xp.sqrt(_nan_var(x, axis, keepdims))


@op("x")
def nanmax(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The largest element that is not NaN; NaN where nothing else is."""
    return _nan_extreme(x, axis, keepdims, "max")


@op("x")
def nanmin(x: Any, axis: Axis = None, keepdims: bool = False) -> Array:
    """The smallest element that is not NaN; NaN where nothing else is."""
    return _nan_extreme(x, axis, keepdims, "min")


@op("x")
def nanargmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Array:
    """The index of the largest element that is not NaN, int32; -1 where nothing else is."""
    return _nan_index(x, axis, keepdims, "argmax", -math.inf)


@op("x")
def nanargmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Array:
    """The index of the smallest element that is not NaN, int32; -1 where nothing else is."""
    return _nan_index(x, axis, keepdims, "argmin", math.inf)


@op("x")
def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Array:
    """Running sums with NaN counted as 0."""
    return backend().xp.cumsum(_without_nan(x, 0), axis=axis, dtype=_running_dtype(x, dtype))


@op("x")
def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> Array:
    """Running products with NaN counted as 1."""
    return backend().xp.cumprod(_without_nan(x, 1), axis=axis, dtype=_running_dtype(x, dtype))


def _axis(axis: Axis) -> int | tuple[int, ...] | None:
    return tuple(axis) if isinstance(axis, list) else axis  # type: ignore[return-value]


def _as(x: Array, dtype: Any) -> Array:
    return x if dtype is None else backend().cast(x, dtypes.standardize_dtype(dtype))


def _running_dtype(x: Array, dtype: Any) -> str:
    """Running sums keep the dtype, narrow integers included, unlike `sum`; booleans are counted in int32."""
    return dtypes.standardize_dtype(dtype) if dtype is not None else backend().dtype_name(number(x))


def _wide(x: Array) -> Array:
    """16-bit numbers as float32: squares of them overflow or lose the difference."""
    return backend().cast(x, "float32") if backend().dtype_name(x) in ("float16", "bfloat16") else x


def _sum(x: Array, axis: Axis, keepdims: bool) -> Array:
    return backend().xp.sum(x, axis=_axis(axis), keepdims=keepdims)


def _var(x: Array, axis: Axis, keepdims: bool) -> Array:
    xp = backend().xp
    distance = x - xp.mean(x, axis=_axis(axis), keepdims=True)
    return xp.mean(distance * distance, axis=_axis(axis), keepdims=keepdims)


def _extreme(x: Array, axis: Axis, keepdims: bool, initial: Any, which: str) -> Array:
    xp = backend().xp
    if is_bool(x):
        result = (xp.any if which == "max" else xp.all)(x, axis=_axis(axis), keepdims=keepdims)
    else:
        result = getattr(xp, which)(x, axis=_axis(axis), keepdims=keepdims)
    if initial is None:
        return result
    bound = backend().asarray(initial, backend().dtype_name(x))
    return (xp.maximum if which == "max" else xp.minimum)(result, bound)


def _quantile(x: Array, q: Array, axis: Axis, method: str, keepdims: bool) -> Array:
    """Sort, then weigh the two elements around the place q * (n - 1)."""
    xp, name = backend().xp, backend().dtype_name(x)
    axes = as_axes(axis, len(x.shape))
    kept = [size for index, size in enumerate(x.shape) if index not in axes]
    moved = xp.moveaxis(x, axes, tuple(range(-len(axes), 0)))
    ordered = xp.sort(xp.reshape(moved, (*kept, -1)), axis=-1)
    place = backend().cast(q, "float32") * (ordered.shape[-1] - 1)
    below = xp.floor(place)
    fraction = _fraction(place - below, below, method)
    indices = backend().cast(below, "int32")
    next_indices = xp.minimum(indices + 1, backend().asarray(ordered.shape[-1] - 1, "int32"))
    low, high = (xp.take(ordered, xp.reshape(at, (-1,)), axis=-1) for at in (indices, next_indices))
    weight = backend().cast(xp.reshape(fraction, (-1,)), name)
    # where, not only a weighted sum: 0 * inf is NaN.
    result = xp.where(weight == 0, low, xp.where(weight == 1, high, low * (1 - weight) + high * weight))
    missing = xp.any(ordered != ordered, axis=-1, keepdims=True)
    result = xp.moveaxis(xp.where(missing, math.nan, result), -1, 0)
    if keepdims:
        result = xp.reshape(
            result, (-1, *(1 if index in axes else size for index, size in enumerate(x.shape)))
        )
    return result if len(q.shape) else result[0]


def _fraction(exact: Array, below: Array, method: str) -> Array:
    xp = backend().xp
    if method == "linear":
        return exact
    if method == "lower":
        return xp.zeros_like(exact)
    if method == "higher":
        return xp.ceil(exact)
    if method == "midpoint":
        return xp.where(exact == 0, exact, xp.zeros_like(exact) + 0.5)
    if method == "nearest":
        return xp.round(below + exact) - below  # halves go to the even index, as in NumPy
    raise UnsupportedError(
        explain(f"Quantiles by method '{method}' are not supported.", fix='use method="linear"')
    )


def _without_nan(x: Array, value: float) -> Array:
    return backend().xp.where(x != x, value, x) if is_float(x) else x


def _nan_mean(x: Array, axis: Axis, keepdims: bool) -> Array:
    xp = backend().xp
    count = backend().cast(
        xp.sum(backend().cast(x == x, "int32"), axis=_axis(axis), keepdims=keepdims), backend().dtype_name(x)
    )
    return xp.sum(_without_nan(x, 0), axis=_axis(axis), keepdims=keepdims) / count


def _nan_var(x: Array, axis: Axis, keepdims: bool) -> Array:
    distance = x - _nan_mean(x, axis, True)
    return _nan_mean(distance * distance, axis, keepdims)


def _nan_extreme(x: Array, axis: Axis, keepdims: bool, which: str) -> Array:
    if not is_float(x):
        return _extreme(x, axis, keepdims, None, which)
    xp = backend().xp
    found = _extreme(_without_nan(x, -math.inf if which == "max" else math.inf), axis, keepdims, None, which)
    return xp.where(xp.all(x != x, axis=_axis(axis), keepdims=keepdims), math.nan, found)


def _nan_index(x: Array, axis: int | None, keepdims: bool, which: str, worst: float) -> Array:
    xp = backend().xp
    index = getattr(xp, which)(_without_nan(number(x), worst), axis=axis, keepdims=keepdims)
    return xp.where(xp.all(x != x, axis=axis, keepdims=keepdims), -1, index) if is_float(x) else index

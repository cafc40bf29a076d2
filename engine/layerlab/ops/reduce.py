"""Reductions over axes, running sums and products, means and quantiles.

`axis` is an int, a tuple of ints, or None for all axes. Sums of narrow integers are 32 bits wide;
means and the like of integers are floatx.
"""

from __future__ import annotations

import math

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import ShapeError, UnsupportedError, explain
from layerlab.numeric import as_ints, is_integer
from layerlab.ops.dtypes_and_axes import as_axes, is_bool, is_float, number, truth
from layerlab.ops.op import op
from layerlab.typing import Axes, DTypeLike, Operand

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


@op("x")
def sum(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The sum of the elements over one or more axes.

    Booleans and integers narrower than 32 bits are added in 32 bits, so that they do
    not overflow.

    Returns: x without the reduced axes.

    Example:
        >>> x = [[1, 2, 3], [4, 5, 6]]
        >>> int(sum(x)), sum(x, axis=0).tolist(), sum(x, axis=1).tolist()
        (21, [5, 7, 9], [6, 15])
        >>> sum(x, axis=1, keepdims=True).tolist()  # (2, 1): divides x row by row
        [[6], [15]]
    """
    return _sum(x, axis, keepdims)


@op("x")
def prod(x: Operand, axis: Axes = None, keepdims: bool = False, dtype: DTypeLike = None) -> Array:
    """The product of the elements over one or more axes.

    Args:
        dtype: dtype of the factors and of the result. None: integers narrower than 32
            bits are multiplied in 32 bits, others keep their dtype.
    Returns: x without the reduced axes; 1 for no elements.

    Example:
        >>> prod([[1, 2], [3, 4]], axis=0).tolist()
        [3, 8]
    """
    return backend().xp.prod(_as(x, dtype), axis=_axis(axis), keepdims=keepdims)


@op("x", promote="float")
def mean(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The arithmetic mean over one or more axes: the sum of the elements over the count.

    Returns: x without the reduced axes, floating. NaN for no elements.

    Example:
        >>> mean([[1, 2], [3, 5]], axis=0).tolist(), float(mean([1, 2, 6]))
        ([2.0, 3.5], 3.0)
    """
    return backend().xp.mean(x, axis=_axis(axis), keepdims=keepdims)


@op("x", promote="float")
def var(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The variance: the mean of the squared distances from the mean.

    mean((x - mean(x))^2), the variance of the values themselves. To estimate the
    variance of a population from n of its members, multiply by n / (n - 1). 16-bit
    numbers are computed in float32.

    Returns: x without the reduced axes, floating.

    Example:
        >>> float(var([1.0, 3.0, 5.0, 7.0]))  # distances 3, 1, 1, 3 from the mean 4
        5.0
    """
    return _as(_var(_wide(x), axis, keepdims), backend().dtype_name(x))


@op("x", promote="float")
def std(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The standard deviation: the square root of the variance `var`.

    It has the unit of x. 16-bit numbers are computed in float32.

    Returns: x without the reduced axes, floating.

    Example:
        >>> std([[0.0, 10.0], [2.0, 16.0]], axis=0).tolist()
        [1.0, 3.0]
    """
    return _as(backend().xp.sqrt(_var(_wide(x), axis, keepdims)), backend().dtype_name(x))


@op("x")
def max(x: Operand, axis: Axes = None, keepdims: bool = False, initial: Operand = None) -> Array:
    """The largest element over one or more axes; `maximum` compares two arrays.

    NaN wins; `nanmax` leaves it out. Elements that tie share the gradient.

    Args:
        initial: a number that the result is not below. None is no bound.
    Returns: x without the reduced axes.

    Example:
        >>> x = [[1, 8], [4, 5]]
        >>> int(max(x)), max(x, axis=0).tolist(), max(x, axis=0, initial=6).tolist()
        (8, [4, 8], [6, 8])
    """
    return _extreme(x, axis, keepdims, initial, "max")


@op("x")
def min(x: Operand, axis: Axes = None, keepdims: bool = False, initial: Operand = None) -> Array:
    """The smallest element over one or more axes; `minimum` compares two arrays.

    NaN wins; `nanmin` leaves it out. Elements that tie share the gradient.

    Args:
        initial: a number that the result is not above. None is no bound.
    Returns: x without the reduced axes.

    Example:
        >>> x = [[1, 8], [4, 5]]
        >>> int(min(x)), min(x, axis=0).tolist(), min(x, axis=0, initial=2).tolist()
        (1, [1, 5], [1, 2])
    """
    return _extreme(x, axis, keepdims, initial, "min")


@op("x")
def amax(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The largest element over one or more axes, the same as `max` without a bound.

    Returns: x without the reduced axes.

    Example:
        >>> amax([[1, 8], [4, 5]], axis=1).tolist()
        [8, 5]
    """
    return _extreme(x, axis, keepdims, None, "max")


@op("x")
def amin(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The smallest element over one or more axes, the same as `min` without a bound.

    Returns: x without the reduced axes.

    Example:
        >>> amin([[1, 8], [4, 5]], axis=1).tolist()
        [1, 4]
    """
    return _extreme(x, axis, keepdims, None, "min")


@op("x")
def ptp(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The range of the elements, "peak to peak": the largest less the smallest.

    Returns: x without the reduced axes.

    Example:
        >>> ptp([[1, 8], [4, 5]], axis=1).tolist()
        [7, 1]
    """
    return _extreme(x, axis, keepdims, None, "max") - _extreme(x, axis, keepdims, None, "min")


@op("x")
def all(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """True if all elements over one or more axes are true; numbers are true unless 0.

    Returns: booleans in the shape of x without the reduced axes; True for no elements.

    Example:
        >>> all([[True, False], [True, True]], axis=1).tolist()
        [False, True]
    """
    return backend().xp.all(truth(x), axis=_axis(axis), keepdims=keepdims)


@op("x")
def any(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """True if some element over one or more axes is true; numbers are true unless 0.

    Returns: booleans in the shape of x without the reduced axes; False for no elements.

    Example:
        >>> any([[True, False], [False, False]], axis=1).tolist()
        [True, False]
    """
    return backend().xp.any(truth(x), axis=_axis(axis), keepdims=keepdims)


@op("x")
def count_nonzero(x: Operand, axis: Axes = None) -> Array:
    """The count of elements that are not 0, over one or more axes.

    Returns: int32, x without the reduced axes.

    Example:
        >>> count_nonzero([[0, 3, 0], [1, 2, 0]], axis=1).tolist()
        [1, 2]
    """
    return _sum(truth(x), axis, False)


@op("x")
def argmax(x: Operand, axis: int | None = None, keepdims: bool = False) -> Array:
    """The index of the largest element along an axis, the first one at a tie.

    Over the last axis of probabilities or logits it is the predicted class. It has no
    gradient.

    Args:
        axis: the axis to search along; a negative one counts from the last. None
            searches the flattened array and gives an index into it.
    Returns: int32, x without the axis.

    Example:
        >>> x = [[0.1, 0.7, 0.2], [0.5, 0.2, 0.3]]
        >>> argmax(x, axis=-1).tolist(), int(argmax(x))
        ([1, 0], 1)
    """
    return backend().xp.argmax(number(x), axis=axis, keepdims=keepdims)


@op("x")
def argmin(x: Operand, axis: int | None = None, keepdims: bool = False) -> Array:
    """The index of the smallest element along an axis, the first one at a tie.

    Args:
        axis: the axis to search along; a negative one counts from the last. None
            searches the flattened array and gives an index into it.
    Returns: int32, x without the axis.

    Example:
        >>> x = [[3, 1, 2], [0, 5, 4]]
        >>> argmin(x, axis=-1).tolist(), int(argmin(x))
        ([1, 0], 3)
    """
    return backend().xp.argmin(number(x), axis=axis, keepdims=keepdims)


@op("x", "weights", promote="float")
def average(x: Operand, axis: Axes = None, weights: Operand = None) -> Array:
    """The weighted mean sum(weights x) / sum(weights).

    Args:
        weights: array of the shape of x, or 1-D of the length of one axis. None is the
            plain mean.
    Returns: x without the reduced axes, floating. NaN where the weights add up to 0.
    Raises: ShapeError for weights of another shape.

    Example:
        >>> float(average([1.0, 2.0, 6.0], weights=[2.0, 1.0, 1.0]))
        2.5
        >>> average([[1.0, 2.0], [3.0, 6.0]], axis=0, weights=[1.0, 3.0]).tolist()
        [2.5, 5.0]
    """
    xp = backend().xp
    if weights is None:
        return xp.mean(x, axis=_axis(axis))
    if weights.shape != x.shape:
        if not is_integer(axis) or tuple(weights.shape) != (x.shape[axis],):
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


@op("x", promote="float", home="ops.math")
def logsumexp(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The logarithm log(sum(exp(x))), without overflow.

    It adds probabilities that are given as logarithms; its gradient is the softmax of
    x. The largest element m is taken out: m + log(sum(exp(x - m))).

    Returns: x without the reduced axes, floating; -inf where all elements are -inf.

    Example:
        >>> float(logsumexp([1000.0, 1000.0])) - 1000.0  # log 2; exp(1000) overflows
        0.693...
    """
    xp = backend().xp
    largest = backend().stop_gradient(xp.max(x, axis=_axis(axis), keepdims=True))
    largest = xp.where(abs(largest) < math.inf, largest, 0)
    total = xp.log(xp.sum(xp.exp(x - largest), axis=_axis(axis), keepdims=True)) + largest
    return total if keepdims else xp.squeeze(total, axis=as_axes(axis, len(x.shape)))


@op("x")
def cumsum(x: Operand, axis: int | None = None, dtype: DTypeLike = None) -> Array:
    """The running sums along an axis: element i is the sum up to element i.

    Unlike `sum`, narrow integers keep their dtype.

    Args:
        axis: the axis to run along; a negative one counts from the last. None flattens
            x first.
        dtype: dtype to add in and of the result. None keeps the dtype of x; booleans
            become int32.
    Returns: an array of the shape of x, or 1-D if axis is None.

    Example:
        >>> cumsum([1, 2, 3, 4]).tolist()
        [1, 3, 6, 10]
        >>> cumsum([[1, 2], [3, 4]], axis=0).tolist()
        [[1, 2], [4, 6]]
    """
    return backend().xp.cumsum(x, axis=axis, dtype=_running_dtype(x, dtype))


@op("x")
def cumprod(x: Operand, axis: int | None = None, dtype: DTypeLike = None) -> Array:
    """The running products along an axis: element i is the product up to element i.

    Args:
        axis: the axis to run along; a negative one counts from the last. None flattens
            x first.
        dtype: dtype to multiply in and of the result. None keeps the dtype of x;
            booleans become int32.
    Returns: an array of the shape of x, or 1-D if axis is None.

    Example:
        >>> cumprod([1, 2, 3, 4]).tolist()
        [1, 2, 6, 24]
    """
    return backend().xp.cumprod(x, axis=axis, dtype=_running_dtype(x, dtype))


@op("x", promote="float")
def median(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The middle element in order of size, or the mean of the two middle ones.

    Outliers hardly move it, unlike the mean. NaN where an element is NaN.

    Returns: x without the reduced axes, floating.

    Example:
        >>> float(median([1, 100, 3])), float(median([1, 100, 3, 4]))
        (3.0, 3.5)
    """
    return _quantile(x, backend().asarray(0.5, backend().dtype_name(x)), axis, "linear", keepdims)


@op("x", "q", promote="float")
def quantile(
    x: Operand, q: Operand, axis: Axes = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """The value below which a part q of the elements lies.

    The elements are sorted, and q (n - 1) is the place of the answer among n of them,
    counted from 0. `median` is the quantile 0.5.

    Args:
        q: part from 0 to 1, a scalar, or 1-D for several at once.
        method: what to take for a place between two elements: "linear" interpolates,
            "lower" and "higher" take the neighbour, "nearest" the nearer one,
            "midpoint" their mean.
    Returns: x without the reduced axes, floating; for several q along a new first axis.
        NaN where an element is NaN.
    Raises: UnsupportedError for another method.

    Example:
        >>> quantile([10.0, 20.0, 30.0, 40.0, 50.0], [0.25, 0.9]).tolist()
        [20.0, 46.0]
        >>> float(quantile([10.0, 20.0, 30.0, 40.0, 50.0], 0.9, method="lower"))
        40.0
    """
    return _quantile(x, q, axis, method, keepdims)


@op("x", "q", promote="float")
def percentile(
    x: Operand, q: Operand, axis: Axes = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """The value below which q percent of the elements lie: `quantile` of q / 100.

    Args:
        q: percentage from 0 to 100, a scalar, or 1-D for several at once.
        method: what to take for a place between two elements: "linear" interpolates,
            "lower" and "higher" take the neighbour, "nearest" the nearer one,
            "midpoint" their mean.
    Returns: x without the reduced axes, floating; for several q along a new first axis.
        NaN where an element is NaN.
    Raises: UnsupportedError for another method.

    Example:
        >>> percentile([10.0, 20.0, 30.0, 40.0, 50.0], [25, 50]).tolist()
        [20.0, 30.0]
    """
    return _quantile(x, q / 100, axis, method, keepdims)


@op("x")
def nansum(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The sum of the elements that are not NaN.

    Returns: x without the reduced axes; 0 where all elements are NaN.

    Example:
        >>> nansum([[1.0, math.nan], [3.0, 4.0]], axis=0).tolist()
        [4.0, 4.0]
    """
    return _sum(_without_nan(x, 0), axis, keepdims)


@op("x")
def nanprod(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The product of the elements that are not NaN.

    Returns: x without the reduced axes; 1 where all elements are NaN.

    Example:
        >>> nanprod([[2.0, math.nan], [3.0, 4.0]], axis=0).tolist()
        [6.0, 4.0]
    """
    return backend().xp.prod(_without_nan(x, 1), axis=_axis(axis), keepdims=keepdims)


@op("x", promote="float")
def nanmean(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The mean of the elements that are not NaN.

    Returns: x without the reduced axes, floating; NaN where all elements are NaN.

    Example:
        >>> nanmean([[1.0, math.nan], [3.0, 4.0]], axis=0).tolist()
        [2.0, 4.0]
    """
    return _nan_mean(x, axis, keepdims)


@op("x", promote="float")
def nanvar(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The variance, as in `var`, of the elements that are not NaN.

    Returns: x without the reduced axes, floating; NaN where all elements are NaN.

    Example:
        >>> float(nanvar([1.0, math.nan, 5.0]))
        4.0
    """
    return _nan_var(x, axis, keepdims)


@op("x", promote="float")
def nanstd(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The standard deviation, as in `std`, of the elements that are not NaN.

    Returns: x without the reduced axes, floating; NaN where all elements are NaN.

    Example:
        >>> float(nanstd([1.0, math.nan, 5.0]))
        2.0
    """
    return backend().xp.sqrt(_nan_var(x, axis, keepdims))


@op("x")
def nanmax(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The largest element that is not NaN.

    Returns: x without the reduced axes; NaN where all elements are NaN.

    Example:
        >>> nanmax([[1.0, math.nan], [3.0, 4.0]], axis=1).tolist()
        [1.0, 4.0]
    """
    return _nan_extreme(x, axis, keepdims, "max")


@op("x")
def nanmin(x: Operand, axis: Axes = None, keepdims: bool = False) -> Array:
    """The smallest element that is not NaN.

    Returns: x without the reduced axes; NaN where all elements are NaN.

    Example:
        >>> nanmin([[1.0, math.nan], [3.0, 4.0]], axis=1).tolist()
        [1.0, 3.0]
    """
    return _nan_extreme(x, axis, keepdims, "min")


@op("x")
def nanargmax(x: Operand, axis: int | None = None, keepdims: bool = False) -> Array:
    """The index of the largest element that is not NaN, the first one at a tie.

    Args:
        axis: the axis to search along; a negative one counts from the last. None
            searches the flattened array and gives an index into it.
    Returns: int32, x without the axis; -1 where all elements are NaN.

    Example:
        >>> nanargmax([[math.nan, 2.0, 9.0], [7.0, math.nan, 1.0]], axis=1).tolist()
        [2, 0]
    """
    return _nan_index(x, axis, keepdims, "argmax", -math.inf)


@op("x")
def nanargmin(x: Operand, axis: int | None = None, keepdims: bool = False) -> Array:
    """The index of the smallest element that is not NaN, the first one at a tie.

    Args:
        axis: the axis to search along; a negative one counts from the last. None
            searches the flattened array and gives an index into it.
    Returns: int32, x without the axis; -1 where all elements are NaN.

    Example:
        >>> nanargmin([[math.nan, 2.0, 9.0], [7.0, math.nan, 1.0]], axis=1).tolist()
        [1, 2]
    """
    return _nan_index(x, axis, keepdims, "argmin", math.inf)


@op("x")
def nancumsum(x: Operand, axis: int | None = None, dtype: DTypeLike = None) -> Array:
    """The running sums along an axis, with NaN counted as 0.

    Args:
        axis: the axis to run along; a negative one counts from the last. None flattens
            x first.
        dtype: dtype to add in and of the result. None keeps the dtype of x; booleans
            become int32.
    Returns: an array of the shape of x, or 1-D if axis is None.

    Example:
        >>> nancumsum([1.0, math.nan, 3.0]).tolist()
        [1.0, 1.0, 4.0]
    """
    return backend().xp.cumsum(_without_nan(x, 0), axis=axis, dtype=_running_dtype(x, dtype))


@op("x")
def nancumprod(x: Operand, axis: int | None = None, dtype: DTypeLike = None) -> Array:
    """The running products along an axis, with NaN counted as 1.

    Args:
        axis: the axis to run along; a negative one counts from the last. None flattens
            x first.
        dtype: dtype to multiply in and of the result. None keeps the dtype of x;
            booleans become int32.
    Returns: an array of the shape of x, or 1-D if axis is None.

    Example:
        >>> nancumprod([2.0, math.nan, 3.0]).tolist()
        [2.0, 2.0, 6.0]
    """
    return backend().xp.cumprod(_without_nan(x, 1), axis=axis, dtype=_running_dtype(x, dtype))


def _axis(axis: Axes) -> int | tuple[int, ...] | None:
    if axis is None or type(axis) is int:
        return axis
    return int(axis) if is_integer(axis) else as_ints(axis)  # array_api_compat takes no integers of NumPy


def _as(x: Array, dtype: DTypeLike) -> Array:
    return x if dtype is None else backend().cast(x, dtypes.standardize_dtype(dtype))


def _running_dtype(x: Array, dtype: DTypeLike) -> str:
    """Running sums keep the dtype, narrow integers included, unlike `sum`; booleans are counted in int32."""
    return dtypes.standardize_dtype(dtype) if dtype is not None else backend().dtype_name(number(x))


def _wide(x: Array) -> Array:
    """16-bit numbers as float32: squares of them overflow or lose the difference."""
    return backend().cast(x, "float32") if backend().dtype_name(x) in ("float16", "bfloat16") else x


def _sum(x: Array, axis: Axes, keepdims: bool) -> Array:
    return backend().xp.sum(x, axis=_axis(axis), keepdims=keepdims)


def _var(x: Array, axis: Axes, keepdims: bool) -> Array:
    xp = backend().xp
    distance = x - xp.mean(x, axis=_axis(axis), keepdims=True)
    return xp.mean(distance * distance, axis=_axis(axis), keepdims=keepdims)


def _extreme(x: Array, axis: Axes, keepdims: bool, initial: object, which: str) -> Array:
    xp = backend().xp
    if is_bool(x):
        result = (xp.any if which == "max" else xp.all)(x, axis=_axis(axis), keepdims=keepdims)
    else:
        result = getattr(xp, which)(x, axis=_axis(axis), keepdims=keepdims)
    if initial is None:
        return result
    bound = backend().asarray(initial, backend().dtype_name(x))
    return (xp.maximum if which == "max" else xp.minimum)(result, bound)


def _quantile(x: Array, q: Array, axis: Axes, method: str, keepdims: bool) -> Array:
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


def _nan_mean(x: Array, axis: Axes, keepdims: bool) -> Array:
    xp = backend().xp
    count = backend().cast(
        xp.sum(backend().cast(x == x, "int32"), axis=_axis(axis), keepdims=keepdims), backend().dtype_name(x)
    )
    return xp.sum(_without_nan(x, 0), axis=_axis(axis), keepdims=keepdims) / count


def _nan_var(x: Array, axis: Axes, keepdims: bool) -> Array:
    distance = x - _nan_mean(x, axis, True)
    return _nan_mean(distance * distance, axis, keepdims)


def _nan_extreme(x: Array, axis: Axes, keepdims: bool, which: str) -> Array:
    if not is_float(x):
        return _extreme(x, axis, keepdims, None, which)
    xp = backend().xp
    found = _extreme(_without_nan(x, -math.inf if which == "max" else math.inf), axis, keepdims, None, which)
    return xp.where(xp.all(x != x, axis=_axis(axis), keepdims=keepdims), math.nan, found)


def _nan_index(x: Array, axis: int | None, keepdims: bool, which: str, worst: float) -> Array:
    xp = backend().xp
    index = getattr(xp, which)(_without_nan(number(x), worst), axis=axis, keepdims=keepdims)
    return xp.where(xp.all(x != x, axis=axis, keepdims=keepdims), -1, index) if is_float(x) else index

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
from layerlab.numeric import as_ints
from layerlab.ops.arguments import documented
from layerlab.ops.dtypes_and_axes import extremes
from layerlab.ops.op import op
from layerlab.typing import DTypeLike, Operand, TensorLike

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
def zeros(shape: int | Sequence[int], dtype: DTypeLike = None) -> Array:
    """An array of zeros.

    Example:
        >>> zeros((2, 3)).tolist()
        [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
        >>> zeros(2, dtype="int32").tolist()
        [0, 0]
    """
    return backend().xp.zeros(as_ints(shape), dtype=dtypes.standardize_dtype(dtype))


@documented
def ones(shape: int | Sequence[int], dtype: DTypeLike = None) -> Array:
    """An array of ones.

    Example:
        >>> ones((2, 3)).tolist()
        [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
        >>> ones(2, dtype="int32").tolist()
        [1, 1]
    """
    return backend().xp.ones(as_ints(shape), dtype=dtypes.standardize_dtype(dtype))


@documented
def empty(shape: int | Sequence[int], dtype: DTypeLike = None) -> Array:
    """An array whose values, zeros here, do not matter.

    Example:
        >>> empty((2, 3)).shape
        (2, 3)
    """
    return backend().xp.zeros(as_ints(shape), dtype=dtypes.standardize_dtype(dtype))


@op("fill_value", class_name="Full")
def _full(fill_value: Operand, shape: Sequence[int], dtype: DTypeLike = None) -> Array:
    wanted = backend().dtype_name(fill_value) if dtype is None else dtypes.standardize_dtype(dtype)
    return backend().xp.broadcast_to(backend().cast(fill_value, wanted), as_ints(shape))


@documented
def full(shape: int | Sequence[int], fill_value: TensorLike, dtype: DTypeLike = None) -> Array:
    """An array of one value everywhere.

    Args:
        fill_value: the value: a number, or an array that broadcasts to the shape.
        dtype: dtype of the result. None is the dtype of the value: int32 for a Python
            integer, floatx for a Python float.

    Example:
        >>> full((2, 3), 7).tolist()
        [[7, 7, 7], [7, 7, 7]]
        >>> full((2, 3), [1.0, 2.0, 3.0]).tolist()
        [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    """
    return _full(fill_value, shape=as_ints(shape), dtype=dtype)


@op("x")
def zeros_like(x: Operand, dtype: DTypeLike = None) -> Array:
    """Zeros in the shape of another array.

    Args:
        x: gives the shape, and the dtype by default.
        dtype: dtype of the result. None is the dtype of x.

    Example:
        >>> zeros_like([[1, 2], [3, 4]]).tolist()
        [[0, 0], [0, 0]]
    """
    return backend().xp.zeros_like(x, dtype=dtype)


@op("x")
def ones_like(x: Operand, dtype: DTypeLike = None) -> Array:
    """Ones in the shape of another array.

    Args:
        x: gives the shape, and the dtype by default.
        dtype: dtype of the result. None is the dtype of x.

    Example:
        >>> ones_like([[1, 2], [3, 4]], dtype="float32").tolist()
        [[1.0, 1.0], [1.0, 1.0]]
    """
    return backend().xp.ones_like(x, dtype=dtype)


@op("x")
def empty_like(x: Operand, dtype: DTypeLike = None) -> Array:
    """An array in the shape of another one; its values, zeros here, do not matter.

    Args:
        x: gives the shape, and the dtype by default.
        dtype: dtype of the result. None is the dtype of x.

    Example:
        >>> empty_like([[1, 2], [3, 4]]).shape
        (2, 2)
    """
    return backend().xp.zeros_like(x, dtype=dtype)


@op("x", as_is=("fill_value",))
def full_like(x: Operand, fill_value: Operand, dtype: DTypeLike = None) -> Array:
    """One value in the shape of another array.

    Args:
        x: gives the shape, and the dtype by default.
        fill_value: the value: a number, or an array that broadcasts to the shape.
        dtype: dtype of the result. None is the dtype of x, also for a value with a
            fraction.

    Example:
        >>> full_like([[1, 2], [3, 4]], 9).tolist()
        [[9, 9], [9, 9]]
    """
    wanted = backend().dtype_name(x) if dtype is None else dtypes.standardize_dtype(dtype)
    return backend().xp.broadcast_to(backend().cast(fill_value, wanted), tuple(x.shape))


@documented
def arange(
    start: TensorLike, stop: TensorLike | None = None, step: TensorLike | None = None, dtype: DTypeLike = None
) -> Array:
    """The numbers start, start + step and so on, up to but without stop.

    All arguments are numbers with a value, because they decide the shape; a symbolic
    tensor has none: use its sizes, such as `x.shape[1]`. For floating steps `linspace`
    is safer, since rounding may add or drop the last number here.

    Args:
        start: the first number; alone, it is taken as stop, and the numbers begin with
            0.
        stop: the end, which is left out.
        step: distance of two numbers, 1 by default; negative to count down.
        dtype: dtype of the result. None is int32, or floatx if one of the arguments is
            floating.
    Returns: a 1-D array, empty if stop lies on the wrong side of start.
    Raises: UnsupportedError for a symbolic tensor.

    Example:
        >>> arange(4).tolist(), arange(2, 10, 3).tolist()
        ([0, 1, 2, 3], [2, 5, 8])
        >>> arange(1.0, 0.0, -0.25).tolist()
        [1.0, 0.75, 0.5, 0.25]
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
    start: Operand,
    stop: Operand,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DTypeLike = None,
    axis: int = 0,
) -> Any:
    """Numbers at equal distances from start to stop.

    Number i is start + i (stop - start) / (num - 1).

    Args:
        start, stop: the first and the last number. Arrays broadcast, and give a series
            for each pair.
        num: how many numbers.
        endpoint: False leaves stop out, and divides by num instead of num - 1.
        retstep: True gives the distance too, as a second result.
        dtype: dtype of the result. None is floatx, or the dtype of floating arrays; an
            integer dtype rounds down.
        axis: where the new axis of length num is put, for arrays.
    Returns: an array with the new axis; with `retstep` a tuple of it and the distance.

    Example:
        >>> linspace(0, 1, 5).tolist()
        [0.0, 0.25, 0.5, 0.75, 1.0]
        >>> linspace(0, 1, 4, endpoint=False).tolist()
        [0.0, 0.25, 0.5, 0.75]
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
    start: Operand,
    stop: Operand,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: DTypeLike = None,
    axis: int = 0,
) -> Array:
    """Numbers with equal ratios, from base^start to base^stop.

    They are base to the powers `linspace(start, stop, num)`. `geomspace` takes the ends
    themselves.

    Args:
        start, stop: the first and the last exponent. Arrays broadcast, and give a
            series for each pair.
        num: how many numbers.
        endpoint: False leaves the last one out.
        base: what is raised to the exponents.
        dtype: dtype of the result. None is floatx, or the dtype of floating arrays.
        axis: where the new axis of length num is put, for arrays.
    Returns: an array with the new axis.

    Example:
        >>> [f"{float(rate):.4f}" for rate in logspace(-4, -1, 4)]
        ['0.0001', '0.0010', '0.0100', '0.1000']
    """
    values = backend().xp.exp(linspace(start, stop, num, endpoint, axis=axis) * math.log(base))
    return values if dtype is None else backend().cast(values, dtypes.standardize_dtype(dtype))


@op("start", "stop", promote="float")
def geomspace(
    start: Operand,
    stop: Operand,
    num: int = 50,
    endpoint: bool = True,
    dtype: DTypeLike = None,
    axis: int = 0,
) -> Array:
    """Numbers with equal ratios from start to stop, such as learning rates to try.

    Number i is start (stop / start)^(i / (num - 1)).

    Args:
        start, stop: the first and the last number, both of one sign and not 0. Arrays
            broadcast, and give a series for each pair.
        num: how many numbers.
        endpoint: False leaves stop out.
        dtype: dtype of the result. None is floatx, or the dtype of floating arrays.
        axis: where the new axis of length num is put, for arrays.
    Returns: an array with the new axis.

    Example:
        >>> [f"{float(rate):.3f}" for rate in geomspace(0.001, 1.0, 4)]
        ['0.001', '0.010', '0.100', '1.000']
    """
    xp = backend().xp
    exponents = linspace(xp.log(abs(start)), xp.log(abs(stop)), num, endpoint, axis=axis)
    values = xp.exp(exponents) * xp.expand_dims(xp.sign(start + 0 * stop), axis)
    return values if dtype is None else backend().cast(values, dtypes.standardize_dtype(dtype))


@documented
def eye(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike = None) -> Array:
    """A matrix with ones on one diagonal and zeros elsewhere.

    Args:
        N: count of rows.
        M: count of columns. None is N.
        k: which diagonal: 0 is the main one, 1 the one above, -1 the one below.
    Returns: an array of shape (N, M).

    Example:
        >>> eye(2, 3).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
        >>> eye(3, k=1, dtype="int32").tolist()
        [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    """
    return backend().asarray(np.eye(N, M, k), dtypes.standardize_dtype(dtype))


@documented
def identity(n: int, dtype: DTypeLike = None) -> Array:
    """The identity matrix: ones on the main diagonal, zeros elsewhere.

    Args:
        n: count of rows and of columns.
    Returns: an array of shape (n, n).

    Example:
        >>> identity(2).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    return backend().asarray(np.eye(n), dtypes.standardize_dtype(dtype))


@documented
def tri(N: int, M: int | None = None, k: int = 0, dtype: DTypeLike = None) -> Array:
    """A matrix with ones at and below one diagonal, and zeros above it.

    With k = 0 it is the mask that lets each step see itself and the steps before.

    Args:
        N: count of rows.
        M: count of columns. None is N.
        k: which diagonal: 0 is the main one, 1 the one above, -1 the one below.
    Returns: an array of shape (N, M).

    Example:
        >>> tri(3, dtype="int32").tolist()
        [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    """
    return backend().asarray(np.tri(N, M, k), dtypes.standardize_dtype(dtype))


@documented
def bartlett(x: int) -> Array:
    """The Bartlett window: a triangle from 0 to 1 and back to 0.

    A window is multiplied with a piece of a signal before a Fourier transform, so that
    the ends of the piece do not make frequencies of their own.

    Args:
        x: count of points, a Python integer.
    Returns: a 1-D array of floatx; empty for less than one point.

    Example:
        >>> bartlett(5).tolist()
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    return backend().asarray(np.bartlett(x), dtypes.standardize_dtype(None))


@documented
def blackman(x: int) -> Array:
    """The Blackman window: 0.42 - 0.5 cos(2 pi n / (x - 1)) + 0.08 cos(4 pi n / (x - 1)).

    Its side lobes are low, its main lobe is wide: strong tones hide weak ones least.

    Args:
        x: count of points, a Python integer.
    Returns: a 1-D array of floatx; empty for less than one point.

    Example:
        >>> [f"{abs(float(value)):.2f}" for value in blackman(5)]
        ['0.00', '0.34', '1.00', '0.34', '0.00']
    """
    return backend().asarray(np.blackman(x), dtypes.standardize_dtype(None))


@documented
def hamming(x: int) -> Array:
    """The Hamming window: 0.54 - 0.46 cos(2 pi n / (x - 1)).

    It does not fall to 0 at the ends, which lowers the nearest side lobe.

    Args:
        x: count of points, a Python integer.
    Returns: a 1-D array of floatx; empty for less than one point.

    Example:
        >>> [f"{float(value):.2f}" for value in hamming(5)]
        ['0.08', '0.54', '1.00', '0.54', '0.08']
    """
    return backend().asarray(np.hamming(x), dtypes.standardize_dtype(None))


@documented
def hanning(x: int) -> Array:
    """The Hann window: 0.5 - 0.5 cos(2 pi n / (x - 1)).

    Args:
        x: count of points, a Python integer.
    Returns: a 1-D array of floatx; empty for less than one point.

    Example:
        >>> [f"{float(value):.2f}" for value in hanning(5)]
        ['0.00', '0.50', '1.00', '0.50', '0.00']
    """
    return backend().asarray(np.hanning(x), dtypes.standardize_dtype(None))


@documented
def kaiser(x: int, beta: float) -> Array:
    """The Kaiser window: I0(beta sqrt(1 - (2 n / (x - 1) - 1)^2)) / I0(beta).

    I0 is the modified Bessel function of order 0. Beta moves the window between others.

    Args:
        x: count of points, a Python integer.
        beta: the shape: 0 is flat, 5 is near Hamming, 6 near Hann, 8.6 near Blackman.
    Returns: a 1-D array of floatx; empty for less than one point.

    Example:
        >>> [f"{float(value):.2f}" for value in kaiser(5, beta=5.0)]
        ['0.04', '0.55', '1.00', '0.55', '0.04']
    """
    return backend().asarray(np.kaiser(x, beta), dtypes.standardize_dtype(None))


@op("x")
def vander(x: Operand, N: int | None = None, increasing: bool = False) -> Array:
    """The matrix of the powers of a vector, a column for each power.

    Its product with the coefficients of a polynomial gives the values of the polynomial
    at x.

    Args:
        x: 1-D, the points.
        N: count of powers, 0 to N - 1. None is the count of points.
        increasing: True begins with the power 0, False with the highest.
    Returns: an array of shape (points, N).

    Example:
        >>> vander([1, 2, 5], N=3).tolist()
        [[1, 1, 1], [4, 2, 1], [25, 5, 1]]
    """
    powers = np.arange(x.shape[0] if N is None else N)
    powers = powers if increasing else powers[::-1].copy()
    return x[:, None] ** backend().asarray(powers, backend().dtype_name(x))


@op("x", promote=None, home="ops.core")
def convert_to_tensor(
    x: Operand, dtype: DTypeLike = None, sparse: bool | None = None, ragged: bool | None = None
) -> Array:
    """Data as an array of the active back end.

    It takes numbers, nested lists, NumPy arrays and variables. A symbolic tensor gives
    a symbolic tensor.

    Args:
        dtype: dtype of the result. None keeps the dtype of an array, 64 bits narrowed
            to 32, and takes int32 for Python integers and floatx for Python floats.
        sparse, ragged: for code written for others; True is an error.
    Raises: UnsupportedError for sparse or ragged tensors.

    Example:
        >>> dtype(convert_to_tensor([1, 2])), dtype(convert_to_tensor([1.5, 2.0]))
        ('int32', 'float32')
        >>> convert_to_tensor(np.arange(3), dtype="float32").tolist()
        [0.0, 1.0, 2.0]
    """
    if sparse or ragged:
        raise UnsupportedError(
            explain("Sparse and ragged tensors are not supported.", fix="use a dense tensor")
        )
    return x if dtype is None else backend().cast(x, dtypes.standardize_dtype(dtype))


@op("x", promote=None)
def array(x: Operand, dtype: DTypeLike = None) -> Array:
    """Data as an array of the active back end, the same as `convert_to_tensor`.

    Args:
        dtype: dtype of the result. None keeps the dtype of an array, 64 bits narrowed
            to 32, and takes int32 for Python integers and floatx for Python floats.

    Example:
        >>> array([[1, 2], [3, 4]]).shape
        (2, 2)
    """
    return x if dtype is None else backend().cast(x, dtypes.standardize_dtype(dtype))


@documented
def convert_to_numpy(x: TensorLike) -> np.ndarray:
    """Data as a NumPy array in the memory of the host.

    It waits for the computation of x to end. Gradients do not pass.

    Args:
        x: an array of the active back end, a variable, or what NumPy takes.
    Returns: a NumPy array of the same dtype; bfloat16 is ml_dtypes' own.
    Raises: UnsupportedError for a symbolic tensor, which has no values.

    Example:
        >>> type(convert_to_numpy(ones(2))).__name__
        'ndarray'
    """
    if isinstance(x, Variable):
        return x.numpy()
    return backend().to_numpy(x) if backend().is_array(x) else np.array(x)


@op("x", home="ops.core")
def cast(x: Operand, dtype: DTypeLike) -> Array:
    """An array in another dtype.

    Floating numbers lose their fraction when they become integers; `saturate_cast` is
    for numbers outside of the range of the new dtype. Numbers become True unless they
    are 0.

    Args:
        dtype: dtype of the result.
    Returns: an array of the shape of x.

    Example:
        >>> cast([1.7, -1.7], "int32").tolist()
        [1, -1]
        >>> cast([0, 3], "bool").tolist()
        [False, True]
    """
    return backend().cast(x, dtypes.standardize_dtype(dtype))


@op("x", home="ops.core")
def saturate_cast(x: Operand, dtype: DTypeLike) -> Array:
    """An array in another dtype, with numbers outside of its range moved to its ends.

    Where `cast` may turn 300 into 44 in 8 bits, here it becomes 255, as pictures want
    it.

    Args:
        dtype: dtype of the result.
    Returns: an array of the shape of x.

    Example:
        >>> saturate_cast([-5, 100, 300], "uint8").tolist()
        [0, 100, 255]
    """
    xp, own, wanted = backend().xp, backend().dtype_name(x), dtypes.standardize_dtype(dtype)
    if wanted == "bool" or own == "bool":
        return backend().cast(x, wanted)
    (own_low, own_high), (low, high) = extremes(own), extremes(wanted)
    low, high = _inside(max(low, own_low), own, math.inf), _inside(min(high, own_high), own, -math.inf)
    clipped = xp.minimum(xp.maximum(x, backend().asarray(low, own)), backend().asarray(high, own))
    return backend().cast(clipped, wanted)


@documented
def is_tensor(x: TensorLike) -> bool:
    """Whether a value is an array of the active back end.

    Args:
        x: any value. NumPy arrays, lists and symbolic tensors are none, unless NumPy is
            the back end.
    Returns: a Python boolean.

    Example:
        >>> is_tensor(ones(2)), is_tensor([1.0, 1.0])
        (True, False)
    """
    return backend().is_array(x)


@documented
def dtype(x: TensorLike) -> str:
    """The name of the dtype of an array.

    Args:
        x: an array, a variable or a symbolic tensor; of a Python number, the dtype it
            would have.
    Returns: a string such as 'float32'.

    Example:
        >>> dtype(ones(2)), dtype(3)
        ('float32', 'int32')
    """
    return dtypes.standardize_dtype(x.dtype if hasattr(x, "dtype") else type(x))


def _number_kind(value: Any) -> Any:
    return type(value) if type(value) in (bool, int, float) else dtypes.standardize_dtype(value.dtype)


def _inside(bound: object, dtype: str, towards: float) -> Any:
    """The bound, or its neighbour if rounding to a floating dtype moved it out of the range."""
    if not dtypes.is_float(dtype) or not isinstance(bound, int):
        return bound
    exact = dtypes.numpy_dtype(dtype)
    rounded = np.asarray(bound, dtype=exact)
    outside = int(rounded) < bound if towards > 0 else int(rounded) > bound
    return float(np.nextafter(rounded, exact.type(0))) if outside else float(rounded)

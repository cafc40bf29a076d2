"""Arithmetic, rounding, exponentials, logarithms and trigonometry, element by element.

Operands broadcast as in NumPy and meet in their common dtype; functions whose result is a real number
turn integers into floatx. Ties (`maximum(x, x)`, `abs(0)`) have the gradients of JAX on every back end.
"""

from __future__ import annotations

import math

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.ops.dtypes_and_axes import extremes, is_bool, is_complex, is_float, magnitude, number
from layerlab.ops.op import op
from layerlab.typing import Operand

__all__ = [
    "abs",
    "absolute",
    "add",
    "angle",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "cbrt",
    "ceil",
    "clip",
    "conj",
    "conjugate",
    "cos",
    "cosh",
    "deg2rad",
    "divide",
    "divide_no_nan",
    "erf",
    "erfc",
    "erfinv",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "heaviside",
    "hypot",
    "imag",
    "ldexp",
    "log",
    "log10",
    "log1p",
    "log2",
    "logaddexp",
    "logaddexp2",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "nan_to_num",
    "negative",
    "nextafter",
    "power",
    "rad2deg",
    "real",
    "reciprocal",
    "round",
    "rsqrt",
    "sign",
    "signbit",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "square",
    "subtract",
    "tan",
    "tanh",
    "true_divide",
    "trunc",
]

_LN2 = math.log(2)


@op("x1", "x2")
def add(x1: Operand, x2: Operand) -> Array:
    """The sum x1 + x2, element by element.

    Of two arrays of booleans it is the logical or. `x1 + x2` is the same for tensors.

    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> add([1, 2], [10, 20]).tolist()
        [11, 22]
        >>> add([[1], [2]], [10, 20]).tolist()  # (2, 1) and (2,) broadcast to (2, 2)
        [[11, 21], [12, 22]]
    """
    return backend().xp.logical_or(x1, x2) if is_bool(x1) else x1 + x2


@op("x1", "x2")
def subtract(x1: Operand, x2: Operand) -> Array:
    """The difference x1 - x2, element by element.

    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> subtract([5.0, 3.0], 1.5).tolist()
        [3.5, 1.5]
    """
    return x1 - x2


@op("x1", "x2")
def multiply(x1: Operand, x2: Operand) -> Array:
    """The product x1 x2, element by element; `matmul` is the product of matrices.

    Of two arrays of booleans it is the logical and.

    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> multiply([[1, 2], [3, 4]], [10, 100]).tolist()
        [[10, 200], [30, 400]]
    """
    return backend().xp.logical_and(x1, x2) if is_bool(x1) else x1 * x2


@op("x1", "x2", promote="float")
def divide(x1: Operand, x2: Operand) -> Array:
    """The quotient x1 / x2, element by element.

    Integers are divided as floatx: 1 / 2 is 0.5. Division by 0 gives an infinity, 0 / 0
    NaN; `divide_no_nan` gives 0 there.

    Returns: a floating array of the broadcast shape.

    Example:
        >>> divide([1, 9], [2, 3]).tolist()
        [0.5, 3.0]
    """
    return x1 / x2


@op("x1", "x2", promote="float")
def true_divide(x1: Operand, x2: Operand) -> Array:
    """The quotient x1 / x2, element by element; the same as `divide`.

    Returns: a floating array of the broadcast shape.

    Example:
        >>> true_divide([1, 9], [2, 3]).tolist()
        [0.5, 3.0]
    """
    return x1 / x2


@op("x1", "x2", promote="float")
def divide_no_nan(x1: Operand, x2: Operand) -> Array:
    """The quotient x1 / x2, and 0 where x2 is 0.

    The gradient is 0 there too, so that a mean over nothing does not spoil a training
    step.

    Returns: a floating array of the broadcast shape.

    Example:
        >>> divide_no_nan([6.0, 5.0], [3.0, 0.0]).tolist()
        [2.0, 0.0]
    """
    xp = backend().xp
    zero = x2 == 0
    return xp.where(zero, 0, x1 / xp.where(zero, 1, x2))


@op("x1", "x2")
def floor_divide(x1: Operand, x2: Operand) -> Array:
    """The largest integer not above x1 / x2, element by element.

    It rounds down, also below 0; `mod` is what is left. An integer divided by 0 has no
    result to rely on.

    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> floor_divide([7, -7], 2).tolist()
        [3, -4]
    """
    return backend().xp.floor_divide(number(x1), number(x2))


@op("x1", "x2")
def mod(x1: Operand, x2: Operand) -> Array:
    """The remainder x1 - floor(x1 / x2) x2, with the sign of the divisor x2.

    It fits `floor_divide`, as Python's `%` fits `//`; `fmod` has the sign of x1.

    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> mod([7, -7], 3).tolist()
        [1, 2]
    """
    return backend().xp.remainder(number(x1), number(x2))


@op("x1", "x2")
def fmod(x1: Operand, x2: Operand) -> Array:
    """The remainder x1 - trunc(x1 / x2) x2, with the sign of the dividend x1.

    It is the remainder of C; `mod` is Python's.

    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> fmod([7, -7], 3).tolist()
        [1, -1]
    """
    return backend().xp.fmod(number(x1), number(x2))


@op("x1", "x2")
def power(x1: Operand, x2: Operand) -> Array:
    """The power x1^x2, element by element.

    A negative floating x1 with a fraction in x2 gives NaN.

    Args:
        x1: the base.
        x2: the exponent, of a shape that broadcasts with the shape of x1.
    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> power([2.0, 9.0], [3.0, 0.5]).tolist()
        [8.0, 3.0]
    """
    return backend().xp.pow(number(x1), number(x2))


@op("x1", "x2")
def maximum(x1: Operand, x2: Operand) -> Array:
    """The larger of x1 and x2, element by element; `max` is the largest of one array.

    NaN wins. At a tie each operand gets half of the gradient.

    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> maximum([-1.0, 2.0], 0.0).tolist()
        [0.0, 2.0]
    """
    return backend().xp.maximum(x1, x2)


@op("x1", "x2")
def minimum(x1: Operand, x2: Operand) -> Array:
    """The smaller of x1 and x2, element by element; `min` is the smallest of one array.

    NaN wins. At a tie each operand gets half of the gradient.

    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> minimum([-1.0, 2.0], 0.0).tolist()
        [-1.0, 0.0]
    """
    return backend().xp.minimum(x1, x2)


@op("x1", "x2")
def fmax(x1: Operand, x2: Operand) -> Array:
    """The larger of x1 and x2, where a number wins over NaN.

    `maximum` gives NaN where one operand is NaN; here only both give NaN.

    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> fmax([1.0, math.nan], [2.0, 3.0]).tolist()
        [2.0, 3.0]
    """
    xp = backend().xp
    return xp.where(x1 != x1, x2, xp.where(x2 != x2, x1, xp.maximum(x1, x2)))


@op("x1", "x2")
def fmin(x1: Operand, x2: Operand) -> Array:
    """The smaller of x1 and x2, where a number wins over NaN.

    `minimum` gives NaN where one operand is NaN; here only both give NaN.

    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> fmin([1.0, math.nan], [2.0, 3.0]).tolist()
        [1.0, 3.0]
    """
    xp = backend().xp
    return xp.where(x1 != x1, x2, xp.where(x2 != x2, x1, xp.minimum(x1, x2)))


@op("x1", "x2", promote="float")
def hypot(x1: Operand, x2: Operand) -> Array:
    """The length sqrt(x1^2 + x2^2) of the hypotenuse, without overflow of the squares.

    Args:
        x1, x2: the legs of a right triangle; they broadcast.
    Returns: a floating array of the broadcast shape.

    Example:
        >>> hypot([1.0, 2.0], [1.0, 4.0]).tolist()
        [1.414..., 4.472...]
    """
    return backend().xp.hypot(x1, x2)


@op("x1", "x2", promote="float")
def arctan2(x1: Operand, x2: Operand) -> Array:
    """The angle of the point with abscissa x2 and ordinate x1, in radians.

    It is arctan(x1 / x2) in the right quadrant: between -pi and pi. Mind the order (y,
    x).

    Args:
        x1: ordinate y of the point.
        x2: abscissa x of the point; broadcasts with x1.
    Returns: a floating array of the broadcast shape.

    Example:
        >>> arctan2([1.0, 1.0, -1.0], [1.0, -1.0, 0.0]).tolist()  # pi/4, 3 pi/4, -pi/2
        [0.785..., 2.356..., -1.570...]
    """
    return backend().xp.atan2(x1, x2)


@op("x1", "x2", promote="float")
def logaddexp(x1: Operand, x2: Operand) -> Array:
    """The logarithm log(exp(x1) + exp(x2)), without overflow.

    It adds two probabilities that are given as logarithms. `logsumexp` adds many.

    Args:
        x1, x2: logarithms to base e; they broadcast.
    Returns: a floating array of the broadcast shape.

    Example:
        >>> logaddexp([0.0, 1000.0], [0.0, 1000.0]).tolist()  # log 2 more
        [0.693..., 1000.693...]
    """
    return backend().xp.logaddexp(x1, x2)


@op("x1", "x2", promote="float")
def logaddexp2(x1: Operand, x2: Operand) -> Array:
    """The logarithm log2(2^x1 + 2^x2), without overflow.

    Args:
        x1, x2: logarithms to base 2; they broadcast.
    Returns: a floating array of the broadcast shape.

    Example:
        >>> float(logaddexp2(0.0, 3.0))  # 1 + 8 is 2^3.1699
        3.1699...
    """
    return backend().xp.logaddexp(x1 * _LN2, x2 * _LN2) / _LN2


@op("x1", "x2", promote="float")
def nextafter(x1: Operand, x2: Operand) -> Array:
    """The next floating number after x1 in the direction of x2.

    Returns: a floating array of the broadcast shape; x1 where both are equal.

    Example:
        >>> float(nextafter(1.0, 2.0) - 1.0) == 2**-23  # the step of float32 at 1
        True
    """
    return backend().xp.nextafter(x1, x2)


@op("x1", "x2", promote="float")
def heaviside(x1: Operand, x2: Operand) -> Array:
    """The step function: 0 for negative x1, 1 for positive x1, and x2 where x1 is 0.

    Args:
        x1: where the step is evaluated.
        x2: the value at 0, often 0, 0.5 or 1; broadcasts with x1.
    Returns: a floating array of the broadcast shape; NaN where x1 is NaN.

    Example:
        >>> heaviside([-2.0, 0.0, 3.0], 0.5).tolist()
        [0.0, 0.5, 1.0]
    """
    xp = backend().xp
    return xp.where(x1 == 0, x2, xp.where(x1 < 0, 0, xp.where(x1 > 0, 1, x1)))


@op("x1", "x2", promote="float")
def ldexp(x1: Operand, x2: Operand) -> Array:
    """The product x1 2^x2 of a mantissa and a power of two.

    Args:
        x1: the mantissa.
        x2: the exponent, an integer; broadcasts with x1.
    Returns: a floating array of the broadcast shape.

    Example:
        >>> ldexp([1.5, -3.0], [4, -1]).tolist()
        [24.0, -1.5]
    """
    return x1 * 2.0**x2


@op("x", "x_min", "x_max", in_config=("x_min", "x_max"))
def clip(x: Operand, x_min: Operand, x_max: Operand) -> Array:
    """The elements of x, moved to the nearest bound where they lie outside of the bounds.

    min(max(x, x_min), x_max). The gradient is 1 between the bounds and 0 outside; at a
    bound one half.

    Args:
        x_min: lower bound, a number or an array that broadcasts with x; None is no
            bound.
        x_max: upper bound, likewise.
    Returns: an array of the common dtype; booleans become int32.

    Example:
        >>> clip([-2.0, 0.5, 9.0], 0.0, 1.0).tolist()
        [0.0, 0.5, 1.0]
        >>> clip([-2.0, 0.5, 9.0], None, 1.0).tolist()
        [-2.0, 0.5, 1.0]
    """
    xp = backend().xp
    x = number(x)
    if x_min is not None:
        x = xp.maximum(x, x_min)  # not xp.clip: at an edge the gradient is a half, on both back ends
    return x if x_max is None else xp.minimum(x, x_max)


@op("x")
def negative(x: Operand) -> Array:
    """The negative -x, element by element.

    Returns: an array of the shape and dtype of x.

    Example:
        >>> negative([1.5, -2.0]).tolist()
        [-1.5, 2.0]
    """
    return -x


@op("x")
def absolute(x: Operand) -> Array:
    """The magnitude |x|, element by element.

    The gradient is the sign of x, and 0 at 0. Of a complex number it is the distance
    from 0.

    Returns: an array of the shape and dtype of x; of complex numbers, real.

    Example:
        >>> absolute([-1.5, 0.0, 2.0]).tolist()
        [1.5, 0.0, 2.0]
    """
    return magnitude(x)


@op("x", class_name="Absolute")
def abs(x: Operand) -> Array:
    """The magnitude |x|, element by element; the same as `absolute`.

    The gradient is the sign of x, and 0 at 0. Of a complex number it is the distance
    from 0.

    Returns: an array of the shape and dtype of x; of complex numbers, real.

    Example:
        >>> abs([-1.5, 0.0, 2.0]).tolist()
        [1.5, 0.0, 2.0]
    """
    return magnitude(x)


@op("x", promote="float")
def fabs(x: Operand) -> Array:
    """The magnitude |x| as a floating number.

    Returns: an array of the shape of x; integers become floatx, unlike in `absolute`.

    Example:
        >>> fabs([-3, 2]).tolist()
        [3.0, 2.0]
    """
    return magnitude(x)


@op("x")
def sign(x: Operand) -> Array:
    """The sign of x: -1, 0 or 1.

    Its gradient is 0 everywhere.

    Returns: an array of the shape and dtype of x; booleans become int32.

    Example:
        >>> sign([-3.5, 0.0, 2.0]).tolist()
        [-1.0, 0.0, 1.0]
    """
    return backend().xp.sign(number(x))


@op("x")
def signbit(x: Operand) -> Array:
    """True where the sign bit is set: for negative numbers and for -0.0.

    Returns: booleans in the shape of x.

    Example:
        >>> signbit([-1.0, -0.0, 0.0, 1.0]).tolist()
        [True, True, False, False]
    """
    return backend().xp.signbit(x)


@op("x")
def square(x: Operand) -> Array:
    """The square x^2, element by element.

    Returns: an array of the shape and dtype of x; booleans become int32.

    Example:
        >>> square([-3, 4]).tolist()
        [9, 16]
    """
    x = number(x)
    return x * x


@op("x", promote="float")
def sqrt(x: Operand) -> Array:
    """The square root of x, element by element.

    NaN for negative x. The gradient 1 / (2 sqrt(x)) is infinite at 0: add a small
    number where x may be 0.

    Returns: a floating array of the shape of x.

    Example:
        >>> sqrt([4, 9]).tolist()
        [2.0, 3.0]
    """
    return backend().xp.sqrt(x)


@op("x", promote="float", home="ops.math")
def rsqrt(x: Operand) -> Array:
    """The reciprocal 1 / sqrt(x) of the square root, as in normalization.

    Infinite at 0, NaN for negative x.

    Returns: a floating array of the shape of x.

    Example:
        >>> rsqrt([4.0, 0.25]).tolist()
        [0.5, 2.0]
    """
    return 1 / backend().xp.sqrt(x)


@op("x", promote="float")
def cbrt(x: Operand) -> Array:
    """The real cube root of x, negative for negative x.

    Returns: a floating array of the shape of x.

    Example:
        >>> cbrt([2.0, -2.0]).tolist()
        [1.259..., -1.259...]
    """
    xp = backend().xp
    return xp.sign(x) * xp.pow(xp.abs(x), 1 / 3)


@op("x", promote="float")
def reciprocal(x: Operand) -> Array:
    """The reciprocal 1 / x, element by element.

    Returns: a floating array of the shape of x; an infinity where x is 0.

    Example:
        >>> reciprocal([2, 4]).tolist()
        [0.5, 0.25]
    """
    return 1 / x


@op("x", promote="float")
def exp(x: Operand) -> Array:
    """The exponential e^x, element by element.

    It overflows to infinity above about 88.7 in float32, and above 11 in float16.

    Returns: a floating array of the shape of x.

    Example:
        >>> exp([-1.0, 0.0, 1.0]).tolist()
        [0.367..., 1.0, 2.718...]
    """
    return backend().xp.exp(x)


@op("x", promote="float")
def exp2(x: Operand) -> Array:
    """The power 2^x, element by element.

    Returns: a floating array of the shape of x.

    Example:
        >>> exp2([0.0, 0.5]).tolist()
        [1.0, 1.414...]
    """
    return backend().xp.exp(x * _LN2)


@op("x", promote="float")
def expm1(x: Operand) -> Array:
    """The exponential less one, exp(x) - 1, without loss of digits near 0.

    It is the inverse of `log1p`.

    Returns: a floating array of the shape of x.

    Example:
        >>> float(expm1(1e-8)) == 0.0, float(exp(1e-8) - 1) == 0.0
        (False, True)
    """
    return backend().xp.expm1(x)


@op("x", promote="float")
def log(x: Operand) -> Array:
    """The natural logarithm of x, element by element.

    -inf at 0, NaN for negative x.

    Returns: a floating array of the shape of x.

    Example:
        >>> log([1.0, 2.0, 10.0]).tolist()
        [0.0, 0.693..., 2.302...]
    """
    return backend().xp.log(x)


@op("x", promote="float")
def log2(x: Operand) -> Array:
    """The logarithm of x to base 2.

    -inf at 0, NaN for negative x.

    Returns: a floating array of the shape of x.

    Example:
        >>> log2([1, 2, 10]).tolist()
        [0.0, 1.0, 3.321...]
    """
    return backend().xp.log2(x)


@op("x", promote="float")
def log10(x: Operand) -> Array:
    """The logarithm of x to base 10.

    -inf at 0, NaN for negative x.

    Returns: a floating array of the shape of x.

    Example:
        >>> log10([1, 10, 20]).tolist()
        [0.0, 1.0, 1.301...]
    """
    return backend().xp.log10(x)


@op("x", promote="float")
def log1p(x: Operand) -> Array:
    """The natural logarithm of 1 + x, without loss of digits near 0.

    It is the inverse of `expm1`, and turns counts, which may be 0, into a narrower
    range.

    Returns: a floating array of the shape of x; -inf at -1, NaN below.

    Example:
        >>> log1p([0.0, 9.0, 99.0]).tolist()
        [0.0, 2.302..., 4.605...]
    """
    return backend().xp.log1p(x)


@op("x", promote="float")
def sin(x: Operand) -> Array:
    """The sine of an angle.

    Args:
        x: angles in radians.
    Returns: a floating array of the shape of x, from -1 to 1.

    Example:
        >>> sin([0.0, 1.0, math.pi / 2]).tolist()
        [0.0, 0.841..., 1.0]
    """
    return backend().xp.sin(x)


@op("x", promote="float")
def cos(x: Operand) -> Array:
    """The cosine of an angle.

    Args:
        x: angles in radians.
    Returns: a floating array of the shape of x, from -1 to 1.

    Example:
        >>> cos([0.0, 1.0, math.pi]).tolist()
        [1.0, 0.540..., -1.0]
    """
    return backend().xp.cos(x)


@op("x", promote="float")
def tan(x: Operand) -> Array:
    """The tangent sin(x) / cos(x) of an angle.

    Args:
        x: angles in radians.
    Returns: a floating array of the shape of x.

    Example:
        >>> tan([0.0, 1.0, -1.0]).tolist()
        [0.0, 1.557..., -1.557...]
    """
    return backend().xp.tan(x)


@op("x", promote="float")
def arcsin(x: Operand) -> Array:
    """The angle between -pi/2 and pi/2 whose sine is x.

    Args:
        x: sines, from -1 to 1; NaN comes out for others.
    Returns: angles in radians, a floating array of the shape of x.

    Example:
        >>> arcsin([0.0, 0.5, 1.0]).tolist()  # 0, pi / 6, pi / 2
        [0.0, 0.523..., 1.570...]
    """
    return backend().xp.asin(x)


@op("x", promote="float")
def arccos(x: Operand) -> Array:
    """The angle between 0 and pi whose cosine is x.

    Args:
        x: cosines, from -1 to 1; NaN comes out for others.
    Returns: angles in radians, a floating array of the shape of x.

    Example:
        >>> arccos([1.0, 0.5, -1.0]).tolist()  # 0, pi / 3, pi
        [0.0, 1.047..., 3.141...]
    """
    return backend().xp.acos(x)


@op("x", promote="float")
def arctan(x: Operand) -> Array:
    """The angle between -pi/2 and pi/2 whose tangent is x.

    `arctan2` gives the angle of a point, in all four quadrants.

    Returns: angles in radians, a floating array of the shape of x.

    Example:
        >>> arctan([0.0, 1.0, math.inf]).tolist()  # 0, pi / 4, pi / 2
        [0.0, 0.785..., 1.570...]
    """
    return backend().xp.atan(x)


@op("x", promote="float")
def sinh(x: Operand) -> Array:
    """The hyperbolic sine (e^x - e^-x) / 2.

    Returns: a floating array of the shape of x.

    Example:
        >>> sinh([-1.0, 0.0, 1.0]).tolist()
        [-1.175..., 0.0, 1.175...]
    """
    return backend().xp.sinh(x)


@op("x", promote="float")
def cosh(x: Operand) -> Array:
    """The hyperbolic cosine (e^x + e^-x) / 2.

    Returns: a floating array of the shape of x, at least 1.

    Example:
        >>> cosh([-1.0, 0.0, 1.0]).tolist()
        [1.543..., 1.0, 1.543...]
    """
    return backend().xp.cosh(x)


@op("x", promote="float")
def tanh(x: Operand) -> Array:
    """The hyperbolic tangent (e^x - e^-x) / (e^x + e^-x): from -1 to 1, steepest at 0.

    Returns: a floating array of the shape of x.

    Example:
        >>> tanh([-1.0, 0.0, 1.0]).tolist()
        [-0.761..., 0.0, 0.761...]
    """
    return backend().xp.tanh(x)


@op("x", promote="float")
def arcsinh(x: Operand) -> Array:
    """The inverse hyperbolic sine log(x + sqrt(x^2 + 1)).

    Nearly x around 0, and like a logarithm far from it, for both signs.

    Returns: a floating array of the shape of x.

    Example:
        >>> arcsinh([-1.0, 0.0, 1.0]).tolist()
        [-0.881..., 0.0, 0.881...]
    """
    return backend().xp.asinh(x)


@op("x", promote="float")
def arccosh(x: Operand) -> Array:
    """The inverse hyperbolic cosine log(x + sqrt(x^2 - 1)).

    Args:
        x: numbers from 1; NaN comes out for others.
    Returns: a floating array of the shape of x, at least 0.

    Example:
        >>> arccosh([1.0, 2.0]).tolist()
        [0.0, 1.316...]
    """
    return backend().xp.acosh(x)


@op("x", promote="float")
def arctanh(x: Operand) -> Array:
    """The inverse hyperbolic tangent log((1 + x) / (1 - x)) / 2.

    Args:
        x: numbers between -1 and 1; an infinity comes out at both, NaN outside.
    Returns: a floating array of the shape of x.

    Example:
        >>> arctanh([-0.5, 0.0, 0.5]).tolist()
        [-0.549..., 0.0, 0.549...]
    """
    return backend().xp.atanh(x)


@op("x", promote="float")
def sinc(x: Operand) -> Array:
    """The cardinal sine sin(pi x) / (pi x), and 1 at 0.

    It is the impulse response of an ideal low-pass filter: 0 at all other integers. The
    gradient at 0 is 0.

    Returns: a floating array of the shape of x.

    Example:
        >>> sinc([0.0, 0.5, 1.5]).tolist()
        [1.0, 0.636..., -0.212...]
    """
    xp = backend().xp
    zero = x == 0
    angle = math.pi * xp.where(zero, 1, x)
    return xp.where(zero, 1, xp.sin(angle) / angle)


@op("x", promote="float")
def deg2rad(x: Operand) -> Array:
    """Radians of an angle in degrees: x pi / 180.

    Args:
        x: angles in degrees.
    Returns: angles in radians, a floating array of the shape of x.

    Example:
        >>> deg2rad([90, 180]).tolist()
        [1.570..., 3.141...]
    """
    return x * (math.pi / 180)


@op("x", promote="float")
def rad2deg(x: Operand) -> Array:
    """Degrees of an angle in radians: x 180 / pi.

    Args:
        x: angles in radians.
    Returns: angles in degrees, a floating array of the shape of x.

    Example:
        >>> rad2deg([0.0, 1.0]).tolist()
        [0.0, 57.29...]
    """
    return x * (180 / math.pi)


@op("x", promote="float", home="ops.math")
def erf(x: Operand) -> Array:
    """The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.

    A normal variable of mean 0 and deviation 1 lies below z with probability
    (1 + erf(z / sqrt(2))) / 2.

    Returns: a floating array of the shape of x, from -1 to 1.

    Example:
        >>> erf([-1.0, 0.0, 1.0]).tolist()
        [-0.842..., 0.0, 0.842...]
    """
    return backend().erf(x)


@op("x", promote="float", home="ops.math")
def erfc(x: Operand) -> Array:
    """The complement 1 - erf(x) of the error function.

    Returns: a floating array of the shape of x, from 0 to 2.

    Example:
        >>> erfc([-1.0, 0.0, 1.0]).tolist()
        [1.842..., 1.0, 0.157...]
    """
    return 1 - backend().erf(x)


@op("x", promote="float", home="ops.math")
def erfinv(x: Operand) -> Array:
    """The inverse of the error function: the y with erf(y) = x.

    With it, sqrt(2) erfinv(2 p - 1) is the quantile p of the normal distribution.

    Args:
        x: numbers between -1 and 1; an infinity comes out at both, NaN outside.
    Returns: a floating array of the shape of x.

    Example:
        >>> float(math.sqrt(2) * erfinv(2 * 0.975 - 1))
        1.959...
    """
    return backend().erfinv(x)


@op("x", promote="float")
def ceil(x: Operand) -> Array:
    """The smallest integer not below x, as a floating number.

    Returns: a floating array of the shape of x. The gradient is 0.

    Example:
        >>> ceil([-1.5, 0.2, 2.0]).tolist()
        [-1.0, 1.0, 2.0]
    """
    return backend().xp.ceil(x)


@op("x", promote="float")
def floor(x: Operand) -> Array:
    """The largest integer not above x, as a floating number.

    Returns: a floating array of the shape of x. The gradient is 0.

    Example:
        >>> floor([-1.5, 0.2, 2.0]).tolist()
        [-2.0, 0.0, 2.0]
    """
    return backend().xp.floor(x)


@op("x")
def trunc(x: Operand) -> Array:
    """The integer part of x: the nearest integer towards 0.

    Returns: an array of the shape and dtype of x; integers stay as they are.

    Example:
        >>> trunc([-1.5, 0.2, 2.9]).tolist()
        [-1.0, 0.0, 2.0]
    """
    return x if not is_float(x) else backend().xp.trunc(x)


@op("x")
def round(x: Operand, decimals: int = 0) -> Array:
    """The nearest number with a given count of decimals; halves go to the even neighbour.

    Args:
        decimals: digits to keep behind the point; by default none. Negative ones round
            in front of it: -2 to hundreds.
    Returns: an array of the shape and dtype of x. The gradient is 0.

    Example:
        >>> round([0.5, 1.5, 2.4]).tolist()
        [0.0, 2.0, 2.0]
        >>> print(round(3.14159, 2))
        3.14
        >>> round([1234, 1277], -2).tolist()
        [1200, 1300]
    """
    x = number(x)
    if not is_float(x):
        if decimals >= 0:
            return x
        step = 10**-decimals
        exact = backend().cast(x, dtypes.result_type(backend().dtype_name(x), float))
        return backend().cast(backend().xp.round(exact / step) * step, backend().dtype_name(x))
    if decimals == 0:
        return backend().xp.round(x)
    scale = 10.0**decimals
    return backend().xp.round(x * scale) / scale


@op("x")
def real(x: Operand) -> Array:
    """The real part of complex numbers; real numbers stay as they are.

    Returns: a real array of the shape of x.

    Example:
        >>> real([3 + 4j, 1 - 2j]).tolist()
        [3.0, 1.0]
    """
    return backend().xp.real(x) if is_complex(x) else x


@op("x")
def imag(x: Operand) -> Array:
    """The imaginary part of complex numbers, 0 for real ones.

    Returns: a real array of the shape of x.

    Example:
        >>> imag([3 + 4j, 1 - 2j]).tolist()
        [4.0, -2.0]
    """
    return backend().xp.imag(x) if is_complex(x) else backend().xp.zeros_like(x)


@op("x")
def conjugate(x: Operand) -> Array:
    """The complex conjugate: the imaginary part with its sign turned.

    Returns: an array of the shape and dtype of x; real numbers stay as they are.

    Example:
        >>> conjugate([3 + 4j, 1 - 2j]).tolist()
        [(3-4j), (1+2j)]
    """
    return backend().xp.conj(x) if is_complex(x) else x


@op("x", class_name="Conjugate")
def conj(x: Operand) -> Array:
    """The complex conjugate, the same as `conjugate`.

    Returns: an array of the shape and dtype of x; real numbers stay as they are.

    Example:
        >>> conj([3 + 4j, 1 - 2j]).tolist()
        [(3-4j), (1+2j)]
    """
    return backend().xp.conj(x) if is_complex(x) else x


@op("x", promote="float")
def angle(x: Operand) -> Array:
    """The angle of complex numbers in the plane, in radians from -pi to pi.

    Returns: a real floating array of the shape of x; of real numbers 0, or pi if
        negative.

    Example:
        >>> angle([1 + 1j, -1 + 0j]).tolist()  # pi / 4, pi
        [0.785..., 3.141...]
    """
    xp = backend().xp
    if is_complex(x):
        return xp.atan2(xp.imag(x), xp.real(x))
    return xp.where(x < 0, math.pi, xp.where(x != x, x, 0 * x))


@op("x")
def nan_to_num(
    x: Operand, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> Array:
    """The elements of x, with NaN and the infinities replaced by numbers.

    Args:
        nan: what stands in place of NaN.
        posinf: what stands in place of infinity. None is the largest finite number of
            the dtype.
        neginf: what stands in place of minus infinity. None is the lowest finite
            number.
    Returns: an array of the shape and dtype of x; integers stay as they are.

    Example:
        >>> nan_to_num([1.0, math.nan, math.inf], nan=0.0, posinf=9.0).tolist()
        [1.0, 0.0, 9.0]
    """
    if not is_float(x):
        return x
    xp = backend().xp
    lowest, largest = extremes(backend().dtype_name(x))
    x = xp.where(x == math.inf, largest if posinf is None else posinf, x)
    x = xp.where(x == -math.inf, lowest if neginf is None else neginf, x)
    return xp.where(x != x, nan, x)

"""Arithmetic, rounding, exponentials, logarithms and trigonometry, element by element.

Operands broadcast as in NumPy and meet in their common dtype; functions whose result is a real number
turn integers into floatx. Ties (`maximum(x, x)`, `abs(0)`) have the gradients of JAX on every back end.
"""

from __future__ import annotations

import math
from typing import Any

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.ops.common import extremes, is_bool, is_complex, is_float, magnitude, number
from layerlab.ops.op import op

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
def add(x1: Any, x2: Any) -> Array:
    """x1 + x2; of booleans, their logical or."""
    return backend().xp.logical_or(x1, x2) if is_bool(x1) else x1 + x2


@op("x1", "x2")
def subtract(x1: Any, x2: Any) -> Array:
    """x1 - x2."""
    return x1 - x2


@op("x1", "x2")
def multiply(x1: Any, x2: Any) -> Array:
    """x1 * x2; of booleans, their logical and."""
    return backend().xp.logical_and(x1, x2) if is_bool(x1) else x1 * x2


@op("x1", "x2", promote="float")
def divide(x1: Any, x2: Any) -> Array:
    """x1 / x2; of integers, floatx."""
    return x1 / x2


@op("x1", "x2", promote="float")
def true_divide(x1: Any, x2: Any) -> Array:
    """x1 / x2, the same as `divide`."""
    return x1 / x2


@op("x1", "x2", promote="float")
def divide_no_nan(x1: Any, x2: Any) -> Array:
    """x1 / x2, and 0 where x2 is 0; its gradient is 0 there too."""
    xp = backend().xp
    zero = x2 == 0
    return xp.where(zero, 0, x1 / xp.where(zero, 1, x2))


@op("x1", "x2")
def floor_divide(x1: Any, x2: Any) -> Array:
    """The largest integer not above x1 / x2."""
    return backend().xp.floor_divide(number(x1), number(x2))


@op("x1", "x2")
def mod(x1: Any, x2: Any) -> Array:
    """x1 - floor(x1 / x2) * x2: the sign is the divisor's."""
    return backend().xp.remainder(number(x1), number(x2))


@op("x1", "x2")
def fmod(x1: Any, x2: Any) -> Array:
    """x1 - trunc(x1 / x2) * x2: the sign is the dividend's."""
    return backend().xp.fmod(number(x1), number(x2))


@op("x1", "x2")
def power(x1: Any, x2: Any) -> Array:
    """x1 to the power x2."""
    return backend().xp.pow(number(x1), number(x2))


@op("x1", "x2")
def maximum(x1: Any, x2: Any) -> Array:
    """The larger of two; at a tie each operand has half of the gradient. NaN wins."""
    return backend().xp.maximum(x1, x2)


@op("x1", "x2")
def minimum(x1: Any, x2: Any) -> Array:
    """The smaller of two; at a tie each operand has half of the gradient. NaN wins."""
    return backend().xp.minimum(x1, x2)


@op("x1", "x2")
def fmax(x1: Any, x2: Any) -> Array:
    """The larger of two; the other operand where one is NaN."""
    xp = backend().xp
    return xp.where(x1 != x1, x2, xp.where(x2 != x2, x1, xp.maximum(x1, x2)))


@op("x1", "x2")
def fmin(x1: Any, x2: Any) -> Array:
    """The smaller of two; the other operand where one is NaN."""
    xp = backend().xp
    return xp.where(x1 != x1, x2, xp.where(x2 != x2, x1, xp.minimum(x1, x2)))


@op("x1", "x2", promote="float")
def hypot(x1: Any, x2: Any) -> Array:
    """sqrt(x1**2 + x2**2) without overflow."""
    return backend().xp.hypot(x1, x2)


@op("x1", "x2", promote="float")
def arctan2(x1: Any, x2: Any) -> Array:
    """The angle of the point (x2, x1), in radians from -pi to pi."""
    return backend().xp.atan2(x1, x2)


@op("x1", "x2", promote="float")
def logaddexp(x1: Any, x2: Any) -> Array:
    """log(exp(x1) + exp(x2)) without overflow."""
    return backend().xp.logaddexp(x1, x2)


@op("x1", "x2", promote="float")
def logaddexp2(x1: Any, x2: Any) -> Array:
    """log2(2**x1 + 2**x2) without overflow."""
    return backend().xp.logaddexp(x1 * _LN2, x2 * _LN2) / _LN2


@op("x1", "x2", promote="float")
def nextafter(x1: Any, x2: Any) -> Array:
    """The next floating number after x1 towards x2."""
    return backend().xp.nextafter(x1, x2)


@op("x1", "x2", promote="float")
def heaviside(x1: Any, x2: Any) -> Array:
    """0 where x1 < 0, 1 where x1 > 0, and x2 where x1 is 0."""
    xp = backend().xp
    return xp.where(x1 == 0, x2, xp.where(x1 < 0, 0, xp.where(x1 > 0, 1, x1)))


@op("x1", "x2", promote="float")
def ldexp(x1: Any, x2: Any) -> Array:
    """x1 * 2**x2, for integer x2."""
    return x1 * 2.0**x2


@op("x", "x_min", "x_max", in_config=("x_min", "x_max"))
def clip(x: Any, x_min: Any, x_max: Any) -> Array:
    """x, but x_min where it is less and x_max where it is more; None is no bound."""
    xp = backend().xp
    x = number(x)
    if x_min is not None:
        x = xp.maximum(x, x_min)  # not xp.clip: at an edge the gradient is a half, on both back ends
    return x if x_max is None else xp.minimum(x, x_max)


@op("x")
def negative(x: Any) -> Array:
    """-x, elementwise."""
    return -x


@op("x")
def absolute(x: Any) -> Array:
    """The magnitude of x; its gradient at 0 is 0."""
    return magnitude(x)


@op("x", class_name="Absolute")
def abs(x: Any) -> Array:
    """The magnitude of x; its gradient at 0 is 0."""
    return magnitude(x)


@op("x", promote="float")
def fabs(x: Any) -> Array:
    """The magnitude of x, in floatx for integers."""
    return magnitude(x)


@op("x")
def sign(x: Any) -> Array:
    """-1, 0 or 1."""
    return backend().xp.sign(number(x))


@op("x")
def signbit(x: Any) -> Array:
    """True where the sign is negative, -0.0 included."""
    return backend().xp.signbit(x)


@op("x")
def square(x: Any) -> Array:
    """x * x."""
    x = number(x)
    return x * x


@op("x", promote="float")
def sqrt(x: Any) -> Array:
    """The square root."""
    return backend().xp.sqrt(x)


@op("x", promote="float")
def rsqrt(x: Any) -> Array:
    """1 / sqrt(x)."""
    return 1 / backend().xp.sqrt(x)


@op("x", promote="float")
def cbrt(x: Any) -> Array:
    """The cube root, negative for negative x."""
    xp = backend().xp
    return xp.sign(x) * xp.pow(xp.abs(x), 1 / 3)


@op("x", promote="float")
def reciprocal(x: Any) -> Array:
    """1 / x."""
    return 1 / x


@op("x", promote="float")
def exp(x: Any) -> Array:
    """e to the power x."""
    return backend().xp.exp(x)


@op("x", promote="float")
def exp2(x: Any) -> Array:
    """2 to the power x."""
    return backend().xp.exp(x * _LN2)


@op("x", promote="float")
def expm1(x: Any) -> Array:
    """exp(x) - 1, exact near 0."""
    return backend().xp.expm1(x)


@op("x", promote="float")
def log(x: Any) -> Array:
    """The natural logarithm."""
    return backend().xp.log(x)


@op("x", promote="float")
def log2(x: Any) -> Array:
    """The logarithm to base 2."""
    return backend().xp.log2(x)


@op("x", promote="float")
def log10(x: Any) -> Array:
    """The logarithm to base 10."""
    return backend().xp.log10(x)


@op("x", promote="float")
def log1p(x: Any) -> Array:
    """log(1 + x), exact near 0."""
    return backend().xp.log1p(x)


@op("x", promote="float")
def sin(x: Any) -> Array:
    """The sine of an angle in radians."""
    return backend().xp.sin(x)


@op("x", promote="float")
def cos(x: Any) -> Array:
    """The cosine of an angle in radians."""
    return backend().xp.cos(x)


@op("x", promote="float")
def tan(x: Any) -> Array:
    """The tangent of an angle in radians."""
    return backend().xp.tan(x)


@op("x", promote="float")
def arcsin(x: Any) -> Array:
    """The angle from -pi/2 to pi/2 whose sine is x."""
    return backend().xp.asin(x)


@op("x", promote="float")
def arccos(x: Any) -> Array:
    """The angle from 0 to pi whose cosine is x."""
    return backend().xp.acos(x)


@op("x", promote="float")
def arctan(x: Any) -> Array:
    """The angle from -pi/2 to pi/2 whose tangent is x."""
    return backend().xp.atan(x)


@op("x", promote="float")
def sinh(x: Any) -> Array:
    """The hyperbolic sine."""
    return backend().xp.sinh(x)


@op("x", promote="float")
def cosh(x: Any) -> Array:
    """The hyperbolic cosine."""
    return backend().xp.cosh(x)


@op("x", promote="float")
def tanh(x: Any) -> Array:
    """The hyperbolic tangent."""
    return backend().xp.tanh(x)


@op("x", promote="float")
def arcsinh(x: Any) -> Array:
    """The inverse hyperbolic sine."""
    return backend().xp.asinh(x)


@op("x", promote="float")
def arccosh(x: Any) -> Array:
    """The inverse hyperbolic cosine, for x >= 1."""
    return backend().xp.acosh(x)


@op("x", promote="float")
def arctanh(x: Any) -> Array:
    """The inverse hyperbolic tangent, for -1 < x < 1."""
    return backend().xp.atanh(x)


@op("x", promote="float")
def sinc(x: Any) -> Array:
    """sin(pi x) / (pi x), and 1 at 0; its gradient at 0 is 0."""
    xp = backend().xp
    zero = x == 0
    angle = math.pi * xp.where(zero, 1, x)
    return xp.where(zero, 1, xp.sin(angle) / angle)


@op("x", promote="float")
def deg2rad(x: Any) -> Array:
    """Degrees to radians."""
    return x * (math.pi / 180)


@op("x", promote="float")
def rad2deg(x: Any) -> Array:
    """Radians to degrees."""
    return x * (180 / math.pi)


@op("x", promote="float")
def erf(x: Any) -> Array:
    """The error function."""
    return backend().erf(x)


@op("x", promote="float")
def erfc(x: Any) -> Array:
    """1 - erf(x)."""
    return 1 - backend().erf(x)


@op("x", promote="float")
def erfinv(x: Any) -> Array:
    """The inverse of the error function, for -1 < x < 1."""
    return backend().erfinv(x)


@op("x", promote="float")
def ceil(x: Any) -> Array:
    """The smallest integer not below x, as a floating number."""
    return backend().xp.ceil(x)


@op("x", promote="float")
def floor(x: Any) -> Array:
    """The largest integer not above x, as a floating number."""
    return backend().xp.floor(x)


@op("x")
def trunc(x: Any) -> Array:
    """x without its fraction; integers stay as they are."""
    return x if not is_float(x) else backend().xp.trunc(x)


@op("x")
def round(x: Any, decimals: int = 0) -> Array:
    """x to a number of decimals; halves go to the even neighbour."""
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
def real(x: Any) -> Array:
    """The real part."""
    return backend().xp.real(x) if is_complex(x) else x


@op("x")
def imag(x: Any) -> Array:
    """The imaginary part, 0 for real numbers."""
    return backend().xp.imag(x) if is_complex(x) else backend().xp.zeros_like(x)


@op("x")
def conjugate(x: Any) -> Array:
    """The complex conjugate."""
    return backend().xp.conj(x) if is_complex(x) else x


@op("x", class_name="Conjugate")
def conj(x: Any) -> Array:
    """The complex conjugate."""
    return backend().xp.conj(x) if is_complex(x) else x


@op("x", promote="float")
def angle(x: Any) -> Array:
    """The angle of a complex number, in radians: for real numbers 0 or pi."""
    xp = backend().xp
    if is_complex(x):
        return xp.atan2(xp.imag(x), xp.real(x))
    return xp.where(x < 0, math.pi, xp.where(x != x, x, 0 * x))


@op("x")
def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Array:
    """x with NaN and the infinities replaced, by default by 0 and the largest finite numbers."""
    if not is_float(x):
        return x
    xp = backend().xp
    lowest, largest = extremes(backend().dtype_name(x))
    x = xp.where(x == math.inf, largest if posinf is None else posinf, x)
    x = xp.where(x == -math.inf, lowest if neginf is None else neginf, x)
    return xp.where(x != x, nan, x)

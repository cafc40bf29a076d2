"""Comparison, logic, bits, and choosing between values element by element.

Results of comparison and logic are booleans; numbers count as True unless they are 0.
"""

from __future__ import annotations

import math
from typing import Any

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, explain
from layerlab.ops.common import is_complex, is_float, need_values, truth
from layerlab.ops.op import op

__all__ = [
    "allclose",
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "equal",
    "greater",
    "greater_equal",
    "isclose",
    "isfinite",
    "isin",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "left_shift",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
    "right_shift",
    "select",
    "where",
]


@op("x1", "x2")
def equal(x1: Any, x2: Any) -> Array:
    """x1 == x2."""
    return backend().xp.equal(x1, x2)


@op("x1", "x2")
def not_equal(x1: Any, x2: Any) -> Array:
    """x1 != x2."""
    return backend().xp.not_equal(x1, x2)


@op("x1", "x2")
def less(x1: Any, x2: Any) -> Array:
    """x1 < x2."""
    return backend().xp.less(x1, x2)


@op("x1", "x2")
def less_equal(x1: Any, x2: Any) -> Array:
    """x1 <= x2."""
    return backend().xp.less_equal(x1, x2)


@op("x1", "x2")
def greater(x1: Any, x2: Any) -> Array:
    """x1 > x2."""
    return backend().xp.greater(x1, x2)


@op("x1", "x2")
def greater_equal(x1: Any, x2: Any) -> Array:
    """x1 >= x2."""
    return backend().xp.greater_equal(x1, x2)


@op("x1", "x2", promote=None)
def logical_and(x1: Any, x2: Any) -> Array:
    """True where both are."""
    return backend().xp.logical_and(truth(x1), truth(x2))


@op("x1", "x2", promote=None)
def logical_or(x1: Any, x2: Any) -> Array:
    """True where one or both are."""
    return backend().xp.logical_or(truth(x1), truth(x2))


@op("x1", "x2", promote=None)
def logical_xor(x1: Any, x2: Any) -> Array:
    """True where exactly one is."""
    return backend().xp.logical_xor(truth(x1), truth(x2))


@op("x")
def logical_not(x: Any) -> Array:
    """True where x is not."""
    return backend().xp.logical_not(truth(x))


@op("x")
def isnan(x: Any) -> Array:
    """True where x is not a number."""
    return x != x


@op("x")
def isfinite(x: Any) -> Array:
    """True where x is neither NaN nor infinite."""
    return abs(x) < math.inf if is_float(x) else x == x


@op("x")
def isinf(x: Any) -> Array:
    """True where x is positive or negative infinity."""
    return abs(x) == math.inf if is_float(x) else x != x


@op("x")
def isposinf(x: Any) -> Array:
    """True where x is positive infinity."""
    return x == math.inf if is_float(x) else x != x


@op("x")
def isneginf(x: Any) -> Array:
    """True where x is negative infinity."""
    return x == -math.inf if is_float(x) else x != x


@op("x")
def isreal(x: Any) -> Array:
    """True where the imaginary part is 0."""
    if is_complex(x):
        return backend().xp.imag(x) == 0
    return backend().xp.ones(x.shape, dtype=bool)


@op("x1", "x2", promote="float", in_call=("rtol", "atol"))
def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """True where |x1 - x2| <= atol + rtol * |x2|; infinities are close to themselves."""
    return _is_close(x1, x2, rtol, atol, equal_nan)


@op("x1", "x2", promote="float", class_name="AllClose")
def allclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Array:
    """True if all elements are close in the sense of `isclose`."""
    return backend().xp.all(_is_close(x1, x2, rtol, atol, equal_nan))


@op("x1", "x2", class_name="IsIn")
def isin(x1: Any, x2: Any, assume_unique: bool = False, invert: bool = False) -> Array:
    """True where an element of x1 is among those of x2; shape of x1. `assume_unique` changes no result."""
    xp = backend().xp
    found = xp.any(xp.equal(x1[..., None], xp.reshape(x2, (-1,))), axis=-1)
    return xp.logical_not(found) if invert else found


@op("x", "y")
def bitwise_and(x: Any, y: Any) -> Array:
    """The bits that both integers have."""
    return backend().xp.bitwise_and(x, y)


@op("x", "y")
def bitwise_or(x: Any, y: Any) -> Array:
    """The bits that one or both integers have."""
    return backend().xp.bitwise_or(x, y)


@op("x", "y")
def bitwise_xor(x: Any, y: Any) -> Array:
    """The bits that exactly one integer has."""
    return backend().xp.bitwise_xor(x, y)


@op("x")
def bitwise_not(x: Any) -> Array:
    """Every bit turned over."""
    return backend().xp.bitwise_invert(x)


@op("x")
def bitwise_invert(x: Any) -> Array:
    """Every bit turned over."""
    return backend().xp.bitwise_invert(x)


@op("x", "y")
def bitwise_left_shift(x: Any, y: Any) -> Array:
    """x * 2**y, for integers."""
    return backend().xp.bitwise_left_shift(x, y)


@op("x", "y")
def left_shift(x: Any, y: Any) -> Array:
    """x * 2**y, for integers."""
    return backend().xp.bitwise_left_shift(x, y)


@op("x", "y")
def bitwise_right_shift(x: Any, y: Any) -> Array:
    """floor(x / 2**y), for integers."""
    return backend().xp.bitwise_right_shift(x, y)


@op("x", "y")
def right_shift(x: Any, y: Any) -> Array:
    """floor(x / 2**y), for integers."""
    return backend().xp.bitwise_right_shift(x, y)


@op("x1", "x2", as_is=("condition",))
def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where the condition holds, x2 elsewhere; the three broadcast.

    With the condition alone, the indices where it holds, as `nonzero` gives them (eager only).
    """
    if x1 is None and x2 is None:
        need_values(condition, "where(condition)", "pass x1 and x2, or use it outside of a model")
        return backend().xp.nonzero(condition)
    if x1 is None or x2 is None:
        raise InvalidArgumentError(explain("where", expected="both x1 and x2, or neither", got="one of them"))
    return backend().xp.where(truth(condition), x1, x2)


@op("choicelist", "default", as_is=("condlist",))
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Array:
    """The first of `choicelist` whose condition holds, `default` where none does."""
    if len(condlist) != len(choicelist) or not len(condlist):
        raise InvalidArgumentError(
            explain(
                "select",
                expected="as many choices as conditions",
                got=f"{len(choicelist)} and {len(condlist)}",
            )
        )
    xp = backend().xp
    result = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        result = xp.where(truth(condition), choice, result)
    return result


def _is_close(x1: Array, x2: Array, rtol: float, atol: float, equal_nan: bool) -> Array:
    xp = backend().xp
    near = xp.logical_or(x1 == x2, abs(x1 - x2) <= atol + rtol * xp.where(abs(x2) < math.inf, abs(x2), 0))
    return xp.logical_or(near, xp.logical_and(x1 != x1, x2 != x2)) if equal_nan else near

"""Comparison, logic, bits, and choosing between values element by element.

Results of comparison and logic are booleans; numbers count as True unless they are 0.
"""

from __future__ import annotations

import math
from typing import Any

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, explain
from layerlab.ops.dtypes_and_axes import is_complex, is_float, need_values, truth
from layerlab.ops.op import op
from layerlab.typing import Operand

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
def equal(x1: Operand, x2: Operand) -> Array:
    """True where x1 and x2 are equal, element by element.

    NaN equals nothing, not even itself. Floating results of a computation are better
    compared with `isclose`.

    Returns: booleans of the broadcast shape.

    Example:
        >>> equal([1, 2, 3], [1, 5, 3]).tolist()
        [True, False, True]
    """
    return backend().xp.equal(x1, x2)


@op("x1", "x2")
def not_equal(x1: Operand, x2: Operand) -> Array:
    """True where x1 and x2 differ, element by element.

    NaN differs from everything, itself included.

    Returns: booleans of the broadcast shape.

    Example:
        >>> not_equal([1, 2, 3], [1, 5, 3]).tolist()
        [False, True, False]
    """
    return backend().xp.not_equal(x1, x2)


@op("x1", "x2")
def less(x1: Operand, x2: Operand) -> Array:
    """True where x1 < x2, element by element.

    Returns: booleans of the broadcast shape; False where one operand is NaN.

    Example:
        >>> less([1, 2, 3], 2).tolist()
        [True, False, False]
    """
    return backend().xp.less(x1, x2)


@op("x1", "x2")
def less_equal(x1: Operand, x2: Operand) -> Array:
    """True where x1 <= x2, element by element.

    Returns: booleans of the broadcast shape; False where one operand is NaN.

    Example:
        >>> less_equal([1, 2, 3], 2).tolist()
        [True, True, False]
    """
    return backend().xp.less_equal(x1, x2)


@op("x1", "x2")
def greater(x1: Operand, x2: Operand) -> Array:
    """True where x1 > x2, element by element.

    Returns: booleans of the broadcast shape; False where one operand is NaN.

    Example:
        >>> greater([1, 2, 3], 2).tolist()
        [False, False, True]
    """
    return backend().xp.greater(x1, x2)


@op("x1", "x2")
def greater_equal(x1: Operand, x2: Operand) -> Array:
    """True where x1 >= x2, element by element.

    Returns: booleans of the broadcast shape; False where one operand is NaN.

    Example:
        >>> greater_equal([1, 2, 3], 2).tolist()
        [False, True, True]
    """
    return backend().xp.greater_equal(x1, x2)


@op("x1", "x2", promote=None)
def logical_and(x1: Operand, x2: Operand) -> Array:
    """True where both x1 and x2 are true; numbers are true unless they are 0.

    Returns: booleans of the broadcast shape.

    Example:
        >>> logical_and([True, True, False], [True, False, False]).tolist()
        [True, False, False]
    """
    return backend().xp.logical_and(truth(x1), truth(x2))


@op("x1", "x2", promote=None)
def logical_or(x1: Operand, x2: Operand) -> Array:
    """True where x1 or x2 or both are true; numbers are true unless they are 0.

    Returns: booleans of the broadcast shape.

    Example:
        >>> logical_or([True, True, False], [True, False, False]).tolist()
        [True, True, False]
    """
    return backend().xp.logical_or(truth(x1), truth(x2))


@op("x1", "x2", promote=None)
def logical_xor(x1: Operand, x2: Operand) -> Array:
    """True where exactly one of x1 and x2 is true; numbers are true unless they are 0.

    Returns: booleans of the broadcast shape.

    Example:
        >>> logical_xor([True, True, False], [True, False, False]).tolist()
        [False, True, False]
    """
    return backend().xp.logical_xor(truth(x1), truth(x2))


@op("x")
def logical_not(x: Operand) -> Array:
    """True where x is false, that is False or 0.

    Returns: booleans in the shape of x.

    Example:
        >>> logical_not([0, 2, -1]).tolist()
        [True, False, False]
    """
    return backend().xp.logical_not(truth(x))


@op("x")
def isnan(x: Operand) -> Array:
    """True where x is NaN, "not a number": the result of 0 / 0 and the like.

    Returns: booleans in the shape of x.

    Example:
        >>> isnan([1.0, math.nan, math.inf]).tolist()
        [False, True, False]
    """
    return x != x


@op("x")
def isfinite(x: Operand) -> Array:
    """True where x is a number: neither NaN nor infinite.

    Returns: booleans in the shape of x.

    Example:
        >>> isfinite([1.0, math.nan, -math.inf]).tolist()
        [True, False, False]
    """
    return abs(x) < math.inf if is_float(x) else x == x


@op("x")
def isinf(x: Operand) -> Array:
    """True where x is positive or negative infinity.

    Returns: booleans in the shape of x.

    Example:
        >>> isinf([1.0, math.nan, -math.inf]).tolist()
        [False, False, True]
    """
    return abs(x) == math.inf if is_float(x) else x != x


@op("x")
def isposinf(x: Operand) -> Array:
    """True where x is positive infinity.

    Returns: booleans in the shape of x.

    Example:
        >>> isposinf([1.0, math.inf, -math.inf]).tolist()
        [False, True, False]
    """
    return x == math.inf if is_float(x) else x != x


@op("x")
def isneginf(x: Operand) -> Array:
    """True where x is negative infinity.

    Returns: booleans in the shape of x.

    Example:
        >>> isneginf([1.0, math.inf, -math.inf]).tolist()
        [False, False, True]
    """
    return x == -math.inf if is_float(x) else x != x


@op("x")
def isreal(x: Operand) -> Array:
    """True where the imaginary part of x is 0, as it is for all real numbers.

    Returns: booleans in the shape of x.

    Example:
        >>> isreal([1 + 0j, 1 + 2j]).tolist()
        [True, False]
    """
    if is_complex(x):
        return backend().xp.imag(x) == 0
    return backend().xp.ones(x.shape, dtype=bool)


@op("x1", "x2", promote="float", in_call=("rtol", "atol"))
def isclose(
    x1: Operand, x2: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """True where x1 and x2 are equal up to a tolerance: |x1 - x2| <= atol + rtol |x2|.

    Results of floating arithmetic are rounded, so that `equal` is too strict for them.
    The two operands are not treated alike: the tolerance grows with x2, the reference.

    Args:
        x2: the reference, of a shape that broadcasts with the shape of x1.
        rtol: tolerance relative to |x2|.
        atol: absolute tolerance, which decides near 0.
        equal_nan: True takes NaN as close to NaN.
    Returns: booleans of the broadcast shape. An infinity is close to itself only.

    Example:
        >>> isclose([1.0, 1.0], [1.000001, 1.1]).tolist()
        [True, False]
    """
    return _is_close(x1, x2, rtol, atol, equal_nan)


@op("x1", "x2", promote="float", class_name="AllClose")
def allclose(
    x1: Operand, x2: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """True if all elements of x1 are close to x2 in the sense of `isclose`.

    Args:
        x2: the reference, of a shape that broadcasts with the shape of x1.
        rtol: tolerance relative to |x2|.
        atol: absolute tolerance, which decides near 0.
        equal_nan: True takes NaN as close to NaN.
    Returns: one boolean, an array of shape ().

    Example:
        >>> bool(allclose([1.0, 2.0], [1.0, 2.1]))
        False
        >>> bool(allclose([1.0, 2.0], [1.0, 2.1], rtol=0.1))
        True
    """
    return backend().xp.all(_is_close(x1, x2, rtol, atol, equal_nan))


@op("x1", "x2", class_name="IsIn")
def isin(x1: Operand, x2: Operand, assume_unique: bool = False, invert: bool = False) -> Array:
    """True where an element of x1 is among the elements of x2.

    Args:
        x1: what is looked for.
        x2: where it is looked for; its shape does not matter.
        assume_unique: changes no result; some libraries take it as leave to be faster.
        invert: True answers where an element is not among them.
    Returns: booleans in the shape of x1.

    Example:
        >>> isin([[1, 2], [3, 4]], [2, 4, 8]).tolist()
        [[False, True], [False, True]]
    """
    xp = backend().xp
    found = xp.any(xp.equal(x1[..., None], xp.reshape(x2, (-1,))), axis=-1)
    return xp.logical_not(found) if invert else found


@op("x", "y")
def bitwise_and(x: Operand, y: Operand) -> Array:
    """The bits that both integers have set.

    Args:
        x, y: integers or booleans; they broadcast.
    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> int(bitwise_and(0b1100, 0b1010)) == 0b1000
        True
    """
    return backend().xp.bitwise_and(x, y)


@op("x", "y")
def bitwise_or(x: Operand, y: Operand) -> Array:
    """The bits that one or both integers have set.

    Args:
        x, y: integers or booleans; they broadcast.
    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> int(bitwise_or(0b1100, 0b1010)) == 0b1110
        True
    """
    return backend().xp.bitwise_or(x, y)


@op("x", "y")
def bitwise_xor(x: Operand, y: Operand) -> Array:
    """The bits that exactly one of two integers has set.

    Args:
        x, y: integers or booleans; they broadcast.
    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> int(bitwise_xor(0b1100, 0b1010)) == 0b0110
        True
    """
    return backend().xp.bitwise_xor(x, y)


@op("x")
def bitwise_not(x: Operand) -> Array:
    """Every bit of an integer turned over: -x - 1 for signed integers.

    Args:
        x: integers, or booleans, which are negated.
    Returns: an array of the shape and dtype of x.

    Example:
        >>> bitwise_not([0, 1, 5]).tolist()
        [-1, -2, -6]
    """
    return backend().xp.bitwise_invert(x)


@op("x")
def bitwise_invert(x: Operand) -> Array:
    """Every bit of an integer turned over, the same as `bitwise_not`.

    Args:
        x: integers, or booleans, which are negated.
    Returns: an array of the shape and dtype of x.

    Example:
        >>> bitwise_invert([0, 1, 5]).tolist()
        [-1, -2, -6]
    """
    return backend().xp.bitwise_invert(x)


@op("x", "y")
def bitwise_left_shift(x: Operand, y: Operand) -> Array:
    """The bits of x moved y places to the left: x 2^y, unless bits fall out.

    Args:
        x: integers.
        y: by how many places, integers from 0; broadcasts with x.
    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> bitwise_left_shift([1, 5], [3, 1]).tolist()
        [8, 10]
    """
    return backend().xp.bitwise_left_shift(x, y)


@op("x", "y")
def left_shift(x: Operand, y: Operand) -> Array:
    """The bits of x moved y places to the left, the same as `bitwise_left_shift`.

    Args:
        x: integers.
        y: by how many places, integers from 0; broadcasts with x.
    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> left_shift([1, 5], [3, 1]).tolist()
        [8, 10]
    """
    return backend().xp.bitwise_left_shift(x, y)


@op("x", "y")
def bitwise_right_shift(x: Operand, y: Operand) -> Array:
    """The bits of x moved y places to the right: floor(x / 2^y).

    Args:
        x: integers; negative ones keep their sign.
        y: by how many places, integers from 0; broadcasts with x.
    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> bitwise_right_shift([8, 5, -5], 1).tolist()
        [4, 2, -3]
    """
    return backend().xp.bitwise_right_shift(x, y)


@op("x", "y")
def right_shift(x: Operand, y: Operand) -> Array:
    """The bits of x moved y places to the right, the same as `bitwise_right_shift`.

    Args:
        x: integers; negative ones keep their sign.
        y: by how many places, integers from 0; broadcasts with x.
    Returns: an array of the broadcast shape and the common dtype.

    Example:
        >>> right_shift([8, 5, -5], 1).tolist()
        [4, 2, -3]
    """
    return backend().xp.bitwise_right_shift(x, y)


@op("x1", "x2", as_is=("condition",))
def where(condition: Operand, x1: Operand = None, x2: Operand = None) -> Any:
    """The elements of x1 where a condition holds, and the elements of x2 elsewhere.

    Both are computed, and both have a gradient: a NaN in the branch not taken is not
    seen in the result, but it is in the gradient. Replace the argument, not the result,
    as `divide_no_nan` does.

    Args:
        condition: booleans, or numbers, which are true unless 0.
        x1: values where the condition holds.
        x2: values elsewhere. The three broadcast.
    Returns: an array of the broadcast shape. With the condition alone, the indices
        where it holds, one array for each axis, as `nonzero` gives them.
    Raises: InvalidArgumentError if one of x1 and x2 is missing. UnsupportedError for
        the condition alone in a model's graph or in compiled code, where the count is
        not known.

    Example:
        >>> where([True, False, True], [1, 2, 3], 0).tolist()
        [1, 0, 3]
        >>> [indices.tolist() for indices in where([True, False, True])]
        [[0, 2]]
    """
    if x1 is None and x2 is None:
        need_values(condition, "where(condition)", "pass x1 and x2, or use it outside of a model")
        return backend().xp.nonzero(condition)
    if x1 is None or x2 is None:
        raise InvalidArgumentError(explain("where", expected="both x1 and x2, or neither", got="one of them"))
    return backend().xp.where(truth(condition), x1, x2)


@op("choicelist", "default", as_is=("condlist",))
def select(condlist: Operand, choicelist: Operand, default: Operand = 0) -> Array:
    """The first choice whose condition holds, and a default where none does.

    Args:
        condlist: conditions in the order in which they are asked; booleans, or numbers.
        choicelist: for each condition, the values to take: arrays of one shape.
        default: value where no condition holds.
    Returns: an array of the broadcast shape.
    Raises: InvalidArgumentError unless there are as many choices as conditions, at
        least one.

    Example:
        >>> import layerlab as keras
        >>> x = keras.ops.array([-5, 0, 7, 30])
        >>> select([x < 0, x < 10], [-x, x], default=10).tolist()
        [5, 0, 7, 10]
    """
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

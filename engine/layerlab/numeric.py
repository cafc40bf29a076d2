"""What counts as an integer or a number among arguments: Python's and NumPy's alike, and never True or False.

`np.ceil(n / 32)`, `np.argmax(...)` and a loop over `np.arange` give NumPy's. Imports nothing of layerlab.
"""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import TypeIs  # of typing only from Python 3.13 on

__all__ = ["as_ints", "as_open_sizes", "is_integer", "is_number"]


def is_integer(value: object) -> TypeIs[int]:
    """True for integers of any type."""
    return type(value) is int or (isinstance(value, numbers.Integral) and not isinstance(value, bool))


def is_number(value: object) -> TypeIs[float]:
    """True for real numbers of any type, integers and those that are not finite among them."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def as_ints(value: object) -> tuple[int, ...]:
    """One integer, or several, as a tuple of ints."""
    several: Any = value
    return (int(value),) if is_integer(value) else tuple(int(one) for one in several)


def as_open_sizes(value: Any) -> tuple[int | None, ...]:
    """One size, or several, as a tuple of ints; None, and what is no integer, stays for a check to refuse."""
    sizes = (value,) if is_integer(value) else value
    return tuple(int(size) if is_integer(size) else size for size in sizes)

"""Whole numbers as they come out of arithmetic: `np.ceil(samples / 32)` is a float."""

from __future__ import annotations

from typing import Any

from layerlab.errors import InvalidArgumentError, explain
from layerlab.numeric import is_number

__all__ = ["whole_number"]


def whole_number(value: Any, what: str, least: int, or_what: str = "") -> int:
    """The int that a Python or NumPy number stands for.

    Args:
        what: which argument it is, for the message.
        least: the smallest that is allowed.
        or_what: what else the argument may be, for the message.
    Raises: InvalidArgumentError for anything else, such as True, 2.5 or a number that is too small.
    """
    if is_number(value) and value >= least and value % 1 == 0:
        return int(value)
    expected = "a positive integer" if least == 1 else f"an integer, {least} or more"
    raise InvalidArgumentError(explain(what, expected=expected + or_what, got=repr(value)[:40]))

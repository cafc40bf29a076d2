"""Values that are given for variables must fit, one for each and of its shape, before any is assigned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from layerlab.backend.protocol import Shape
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, ShapeError, explain

__all__ = ["assign_all", "check_count", "check_shape"]


def check_count(what: str, variables: Sequence[Any], values: Sequence[Any]) -> None:
    """Raise InvalidArgumentError unless there is one value for each variable.

    Args:
        what: which values they are, for the message.
    """
    if len(values) != len(variables):
        raise InvalidArgumentError(
            explain(what, expected=f"one for each of {len(variables)} variables", got=str(len(values)))
        )


def check_shape(what: str, variable: Variable, shape: Shape) -> None:
    """Raise ShapeError unless `shape` is the variable's.

    Args:
        what: which value it is, for the message.
    """
    if tuple(shape) != variable.shape:
        raise ShapeError(explain(what, expected=f"shape {variable.shape}", got=str(tuple(shape))))


def assign_all(variables: Sequence[Variable], values: Sequence[Any], problem: str, fix: str = "") -> None:
    """Give each variable the value at its place, or raise ShapeError before any has changed.

    Args:
        problem: what to say of values that do not fit.
        fix: what to do about them.
    """
    shapes = [tuple(np.shape(value)) for value in values]
    if [variable.shape for variable in variables] != shapes:
        raise ShapeError(
            explain(
                problem,
                expected=", ".join(f"{v.path} {v.shape}" for v in variables) or "no weights",
                got=", ".join(map(str, shapes)) or "none",
                fix=fix,
            )
        )
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)

"""Updates that depend on a value: written as assignments, pure under compilation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.state import StateScope
from layerlab.core.variable import Variable

__all__ = ["assign_either"]


def assign_either(
    predicate: Array, if_true: Callable[[], Any], if_false: Callable[[], Any], variables: Sequence[Variable]
) -> None:
    """Call one of two functions that assign `variables`; the boolean scalar may not be known yet."""
    if not backend().is_abstract(predicate):  # eager: a branch that is not taken need not be traced
        (if_true if bool(predicate) else if_false)()
        return

    def outcome(branch: Callable[[], Any]) -> list[Array]:
        with StateScope() as scope:
            branch()
            return [scope.read(variable) for variable in variables]

    values = backend().cond(predicate, lambda: outcome(if_true), lambda: outcome(if_false))
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)

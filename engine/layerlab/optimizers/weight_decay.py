"""Decoupled weight decay, and the variables that are left out.

Source: Loshchilov, Hutter 2019, arXiv:1711.05101.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.variable import Variable

__all__ = ["Exclusions", "decay"]


class Exclusions:
    """Variables that do not decay: these ones, and those whose name matches one of the patterns."""

    def __init__(self, variables: Iterable[Variable] = (), patterns: Iterable[str] = ()) -> None:
        self._variables, self._patterns = list(variables), list(patterns)
        self._ids = {id(variable) for variable in self._variables}
        joined = "|".join(f"(?:{pattern})" for pattern in self._patterns)
        self._pattern = re.compile(joined) if joined else None

    def __reduce__(self) -> tuple[Any, ...]:
        return Exclusions, (self._variables, self._patterns)  # the copies have other ids

    def __contains__(self, variable: Variable) -> bool:
        if id(variable) in self._ids:
            return True
        return self._pattern is not None and self._pattern.search(variable.name) is not None


def decay(variable: Variable, rate: float, learning_rate: Array) -> None:
    """Shrink a variable by `rate * learning_rate` of its value."""
    value = variable.value
    variable.assign(value - value * rate * backend().cast(learning_rate, variable.dtype))

"""Exponential moving averages of a model's variables. Source: Polyak, Juditsky 1992; Keras' `use_ema`."""

from __future__ import annotations

from collections.abc import Iterable

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.variable import Variable

__all__ = ["overwrite_where", "update_average"]


def update_average(average: Variable, variable: Variable, momentum: float, iterations: Array) -> None:
    """momentum * average + (1 - momentum) * variable; the variable itself at the first update."""
    weight = backend().cast(iterations != 0, average.dtype) * momentum
    average.assign(weight * average.value + (1 - weight) * variable.value)


def overwrite_where(predicate: Array, pairs: Iterable[tuple[Variable, Variable]]) -> None:
    """Give each (variable, average) the average's value if the boolean scalar holds."""
    for variable, average in pairs:
        variable.assign(backend().xp.where(predicate, average.value, variable.value))

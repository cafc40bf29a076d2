"""State scopes: read variables from, and write them to, plain arrays instead of the variables themselves.

Inside a scope a model is a pure function: `Variable.value` reads the scope's values, `assign` is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.context import context
from layerlab.core.variable import Variable
from layerlab.core.variable_values import check_count, check_shape
from layerlab.typing import TensorLike

__all__ = ["StateScope", "current_scope", "given_values", "state_keys"]


class StateScope:
    """While open in this thread, stands in for the values of variables.

    What is assigned inside is kept in the scope and read back from it; the variables do not change.

    Args:
        values: variables with the arrays that stand for theirs; others are read as they are.
        on_other: called with each other variable that is read, each time.

    Example:
        >>> v = Variable(1.0)
        >>> with StateScope() as scope:
        ...     _ = v.assign(2.0)
        >>> float(v.numpy()), float(scope.read(v))
        (1.0, 2.0)
    """

    def __init__(
        self,
        values: Iterable[tuple[Variable, Array]] = (),
        on_other: Callable[[Variable], None] | None = None,
    ) -> None:
        self._values: dict[int, Array] = {}
        rests: list[Variable] = []
        for variable, value in values:
            self._values[id(variable)] = value
            if variable.rest is not None:
                rests.append(variable.rest)
        for rest in rests:  # of values from elsewhere nothing is left over
            if id(rest) not in self._values:
                zeros = np.zeros(rest.shape, dtypes.numpy_dtype(rest.dtype))
                self._values[id(rest)] = backend().asarray(zeros, rest.dtype)
        self._assigned: dict[int, Variable] = {}
        self.losses: list[tuple[Any, Array]] = []  # (layer, loss) from add_loss inside the scope
        self._on_other = on_other
        self._outer: StateScope | None = None

    def read(self, variable: Variable) -> Array:
        """The value that holds in this scope."""
        value = self._values.get(id(variable))
        if value is not None:
            return value
        if self._on_other is not None:
            self._on_other(variable)
        return self._outer.read(variable) if self._outer is not None else variable.settled_value()

    def write(self, variable: Variable, value: Array) -> None:
        """Record an assignment."""
        self._values[id(variable)] = value
        self._assigned[id(variable)] = variable

    def assigned(self) -> list[Variable]:
        """The variables that were assigned inside, in order of their first assignment."""
        return list(self._assigned.values())

    def hand_on(self, apart_from: Iterable[Variable]) -> None:
        """Give the scope around this one, if any, what was assigned to variables that no model need hold."""
        if self._outer is None:
            return
        kept = {id(variable) for variable in apart_from}
        for variable in self.assigned():
            if variable.may_be_carried and id(variable) not in kept:
                self._outer.write(variable, self.read(variable))

    def __enter__(self) -> StateScope:
        self._outer = context.state_scope
        context.state_scope = self
        return self

    def __exit__(self, *exception: object) -> None:
        context.state_scope = self._outer


def current_scope() -> StateScope | None:
    """The innermost open scope of this thread."""
    return context.state_scope


def state_keys(variables: Sequence[Variable]) -> Mapping[str, Variable]:
    """A key for each variable: its path, with '#2', '#3' ... where two layers share a name."""
    keyed: dict[str, Variable] = {}
    for variable in variables:
        key, count = variable.path, 1
        while key in keyed:
            count += 1
            key = f"{variable.path}#{count}"
        keyed[key] = variable
    return keyed


def given_values(
    what: str, variables: Sequence[Variable], values: Sequence[Any]
) -> list[tuple[Variable, Array]]:
    """Variables with the values that a caller of a `stateless_` method gave for them, for a scope.

    Args:
        what: the argument, for messages.
        values: arrays of any kind, or Variables, which stand for their values of now.
    Raises: InvalidArgumentError for another number of values, ShapeError.
    """
    values = list(values)
    check_count(what, variables, values)
    return [
        (variable, _array_for(variable, value, what))
        for variable, value in zip(variables, values, strict=True)
    ]


def _array_for(variable: Variable, value: TensorLike, what: str) -> Array:
    array = backend().asarray(value.value if isinstance(value, Variable) else value, variable.dtype)
    check_shape(f"{what}: the value for '{variable.path}'", variable, array.shape)
    return array

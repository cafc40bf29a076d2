"""A step as a pure function: state in, state out.

`state` is a dict of dicts of arrays, keyed by path: trainable and non-trainable variables (random seeds
included), those of the optimizer, those of metrics, and borrowed ones: what a step uses of others. What a
step does is written as methods over variables (`Model.train_step` and so on); `pure` runs such a method
inside a state scope.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import BORROWED, Array, StateGrew
from layerlab.core.state import StateScope, state_keys
from layerlab.core.tracking import unique
from layerlab.core.variable import Variable, next_serial
from layerlab.errors import UnsupportedError, explain

__all__ = ["ModelGrew", "State", "StateLayout", "UntrackedVariableError", "pure"]

State = dict[str, dict[str, Array]]


class UntrackedVariableError(UnsupportedError):
    """A step assigns a variable that is not part of its state."""


class ModelGrew(StateGrew):
    """Raised by a step in which the model got variables: it is to be made anew, with them in its state."""


class StateLayout:
    """Which variables make up the state, under which keys.

    Args:
        groups: the group's name -> key -> variable.
    """

    def __init__(self, groups: Mapping[str, Mapping[str, Variable]]) -> None:
        self.groups = dict(groups)
        self._held = {id(variable) for keyed in groups.values() for variable in keyed.values()}

    @classmethod
    def of(cls, **groups: Iterable[Variable]) -> StateLayout:
        """A layout from variables by group; a variable in two groups stays in the first. What sums have
        left over goes with them, as a group 'rests'."""
        listed = {group: list(variables) for group, variables in groups.items()}
        everything = (variable for variables in listed.values() for variable in variables)
        listed["rests"] = unique(v.rest for v in everything if v.rest is not None)
        seen: set[int] = set()
        keyed = {}
        for group, variables in listed.items():
            fresh = [variable for variable in variables if id(variable) not in seen]
            seen.update(map(id, fresh))
            keyed[group] = state_keys(fresh)
        return cls(keyed)

    def read(self) -> State:
        """The variables' own values."""
        return {group: {key: v.own_value for key, v in keyed.items()} for group, keyed in self.groups.items()}

    def read_from(self, scope: StateScope) -> State:
        """The values that hold in a scope."""
        return {
            group: {key: scope.read(v) for key, v in keyed.items()} for group, keyed in self.groups.items()
        }

    def pairs(self, state: State) -> Iterator[tuple[Variable, Array]]:
        """(variable, its value in `state`)."""
        for group, keyed in self.groups.items():
            values = state[group]
            for key, variable in keyed.items():
                yield variable, values[key]

    def commit(self, state: State, before: State) -> None:
        """Make `state` the variables' own values, where it differs from the one `before` the step."""
        write = backend().write
        for group, keyed in self.groups.items():
            old, new = before.get(group, {}), state[group]
            for key, variable in keyed.items():
                value = new[key]
                # What was only read may have been assigned meanwhile by those whose variable it is.
                if value is not old.get(key):
                    variable.own_value = write(variable.own_value, value)

    def holds(self, variable: Variable) -> bool:
        """True if the variable is part of the state."""
        return id(variable) in self._held

    def borrow(self, variables: Iterable[Variable]) -> None:
        """Take variables of others into the state."""
        all_borrowed = [*self.groups.get(BORROWED, {}).values(), *variables]
        self.groups[BORROWED] = state_keys(all_borrowed)
        self._held.update(map(id, all_borrowed))


def pure(
    method: Callable[[Any], Any],
    layout: StateLayout,
    is_taped: bool = False,
    is_outgrown: Callable[[], bool] = lambda: False,
) -> Callable[[State, Any], tuple[State, Any]]:
    """`step(state, batch) -> (state, outputs)` from a method over variables.

    Variables of others that it reads are borrowed: they join the layout when a step first meets them. A step
    that is traced raises StateGrew then, for its program would hold their values of now for ever.

    Args:
        is_taped: the method may ask the back end for gradients by itself (PyTorch: `loss.backward()`).
        is_outgrown: whether the model has variables that the layout lacks. Asked when the step made some: a
            layer was built in it, or an optimizer.
    """

    def step(state: State, batch: Any) -> tuple[State, Any]:
        recording = backend().taped() if is_taped else backend().inference()
        others: list[Variable] = []
        begin = next_serial()
        with recording, StateScope(layout.pairs(state), others.append) as scope:
            outputs = method(tree.map_structure(_to_array, batch))
            if next_serial() > begin + 1 and is_outgrown():
                raise ModelGrew
            _check_assigned(scope, layout, begin)
            # What was made in the step itself is no one else's.
            if met := [v for v in unique(others) if v.serial < begin]:
                layout.borrow(met)
                if any(map(_is_abstract, tree.flatten((state, batch)))):
                    raise StateGrew
            new_state = layout.read_from(scope)
            result = new_state, _apart_from(new_state, outputs)
        return tree.map_structure(_off_the_tape, result) if is_taped else result

    return step


def _check_assigned(scope: StateScope, layout: StateLayout, begin: int) -> None:
    for variable in scope.assigned():
        is_carried = variable.may_be_carried and variable.serial < begin
        if not layout.holds(variable) and not is_carried:
            raise UntrackedVariableError(
                explain(
                    f"'{variable.path}' is assigned in a step, but the model does not track it.",
                    fix="keep it in an attribute of the model, of one of its layers, or of a metric",
                )
            )


def _is_abstract(leaf: Any) -> bool:
    return backend().is_array(leaf) and backend().is_abstract(leaf)


def _off_the_tape(leaf: Any) -> Any:
    return backend().stop_gradient(leaf) if backend().is_array(leaf) else leaf


def _to_array(leaf: Any) -> Any:
    """An array of the back end, so that a step written by a user may compute with the batch at once."""
    return None if leaf is None else backend().asarray(leaf)


def _apart_from(state: State, outputs: Any) -> Any:
    """The outputs with copies of arrays that are in the state as well: the next step overwrites those."""
    held = {id(value) for values in state.values() for value in values.values()}

    def apart(leaf: Any) -> Any:
        value = leaf.value if isinstance(leaf, Variable) else leaf
        return backend().copy(value) if id(value) in held else value

    return tree.map_structure(apart, outputs)

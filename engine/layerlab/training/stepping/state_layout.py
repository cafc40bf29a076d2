"""The state of a step: where the values of variables leave them, and where new ones come back.

A state is a dict of dicts of arrays, keyed by path: trainable and non-trainable variables (random seeds
included), variables of the optimizer, of metrics, and borrowed ones: what a step uses of others. All that
runs steps reads and commits it here, so that this is the place to lay it out over several devices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from layerlab.backend.active import backend
from layerlab.backend.protocol import BORROWED, Array
from layerlab.core.state import StateScope, state_keys
from layerlab.core.tracking import unique
from layerlab.core.variable import Variable

__all__ = ["State", "StateLayout"]

State = dict[str, dict[str, Array]]


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

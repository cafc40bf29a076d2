"""Programs that give back only what a step changes.

A program's result has memory of its own: XLA copies an input that is a result as well, unless its memory is
donated. In predict that is all weights: 26 MB a call for an embedding of 100,000 x 64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["only_changes", "with_changes"]


def only_changes(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function `(state, ...) -> (state, ...)`, to be traced, without the values that it passes on.

    The state is a dict of dicts of arrays.
    """

    def changing(state: Any, *others: Any) -> Any:
        new, *results = function(state, *others)
        changes = {
            group: {key: value for key, value in named.items() if value is not state[group][key]}
            for group, named in new.items()
        }
        return changes, *results

    return changing


def with_changes(state: Any, changes: Any) -> Any:
    """The state after a program that gave these changes."""
    return {group: {**named, **changes[group]} for group, named in state.items()}

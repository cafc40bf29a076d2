"""Programs over a state: which of its memory they may use again, and what they give back.

A program's result has memory of its own: XLA copies an input that is a result as well, unless its memory is
donated. In predict that is all weights: 26 MB a call for an embedding of 100,000 x 64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from layerlab.backend.protocol import BORROWED
from layerlab.typing import State

__all__ = ["StateProgram"]


class StateProgram:
    """`function(state, ...) -> (state, ...)` compiled. The state is a dict of dicts of arrays.

    Args:
        donate: the memory of the state is given to the program, but for what is borrowed. What is not given
            is given back only where it changes.
    """

    def __init__(self, function: Callable[..., Any], donate: bool) -> None:
        def apart(own: Any, borrowed: Any, *others: Any) -> Any:
            state = {**own, **borrowed}
            new, *results = function(state, *others)
            kept = borrowed if donate else state
            changes = {
                group: {key: value for key, value in named.items() if value is not kept[group][key]}
                if group in kept
                else named
                for group, named in new.items()
            }
            return changes, *results

        self._run = jax.jit(apart, donate_argnums=0) if donate else jax.jit(apart)
        self._donates = donate

    def __call__(self, state: State, *others: object) -> Any:
        """The new state, and what else the function gives."""
        return self.called(self._run, state, *others)

    def called(self, compiled: Callable[..., Any], state: State, *others: object) -> Any:
        """A call by way of what `lower(...).compile()` gave."""
        own, borrowed = _apart(state)
        changes, *results = compiled(own, borrowed, *others)
        kept = borrowed if self._donates else state
        merged = {group: {**named, **changes[group]} for group, named in kept.items()}
        return ({**changes, **merged} if self._donates else merged), *results

    def lower(self, state: State, *others: object) -> Any:
        """Traced for arguments like these."""
        return self._run.lower(*_apart(state), *others)


def _apart(state: State) -> tuple[Any, Any]:
    if not state.get(BORROWED):
        return state, {}
    own = {group: named for group, named in state.items() if group != BORROWED}
    return own, {BORROWED: state[BORROWED]} if BORROWED in state else {}

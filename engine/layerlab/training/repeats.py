"""Whether a model's steps do the same each time, so that a back end may record one and play it.

What layerlab is made of does: its layers compute with tensors only. A user's function may print, count, or
ask a tensor for its values, and a back end that runs Python as it is written must go on doing so.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

__all__ = ["repeats"]

_FUNCTIONS = (types.FunctionType, types.MethodType, types.BuiltinFunctionType, type)
# How a model was made and is run, not what it computes.
_NOT_COMPUTED = frozenset(
    """
    _inbound_nodes _outbound_nodes _init_arguments _compile_arguments _step_runners _steps_ran
    _steps_ran_early _undo_reset history train_function test_function predict_function _losses
    """.split()  # noqa: SIM905
)


def repeats(model: Any) -> bool:
    """True if all that a model is made of is layerlab's own: layers, functions, loss, metrics, optimizer."""
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if _is_code(value) and not _is_ours(value):
            return False
        waiting.extend(_parts(value))
    return True


def _is_code(value: Any) -> bool:
    return isinstance(value, _FUNCTIONS) or (callable(value) and not hasattr(value, "__array__"))


def _is_ours(value: Any) -> bool:
    module = value.__module__ if isinstance(value, _FUNCTIONS) else type(value).__module__
    return (module or "").partition(".")[0] == "layerlab"


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    elif not isinstance(value, _FUNCTIONS) and _is_ours(value):
        yield from (part for name, part in vars(value).items() if not _is_beside(name))


def _is_beside(name: str) -> bool:
    return name in _NOT_COMPUTED or name.endswith("initializer")

"""Loops and branches for back ends that run Python as it is written (torch, NumPy)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from layerlab import tree
from layerlab.backend.protocol import Array

__all__ = ["cond", "scan", "while_loop"]


def scan(
    stack: Callable[[list[Array]], Array],
    unstack: Callable[[Array], Sequence[Array]],
    step: Callable[[Any, Any], tuple[Any, Any]],
    carry: Any,
    xs: Any,
    length: int | None,
    reverse: bool,
) -> tuple[Any, Any]:
    """`lax.scan` as a Python loop; `stack` joins the arrays of the steps along a new first axis, `unstack`
    takes them apart (at once: the gradient of one index after the other writes the whole array for each)."""
    sizes = [leaf.shape[0] for leaf in tree.flatten(xs) if leaf is not None]
    steps = range(sizes[0] if sizes else length or 0)
    parts = [None if leaf is None else unstack(leaf) for leaf in tree.flatten(xs)]
    outputs = []
    for index in reversed(steps) if reverse else steps:
        x = tree.pack(xs, [None if part is None else part[index] for part in parts])
        carry, output = step(carry, x)
        outputs.append(output)
    if not outputs:
        return carry, None
    if reverse:
        outputs.reverse()
    join = lambda *leaves: None if leaves[0] is None else stack(list(leaves))  # noqa: E731
    return carry, tree.map_structure(join, *outputs)


def cond(predicate: Array, if_true: Callable[..., Any], if_false: Callable[..., Any], *operands: Any) -> Any:
    return if_true(*operands) if bool(predicate) else if_false(*operands)


def while_loop(condition: Callable[[Any], Array], body: Callable[[Any], Any], state: object) -> Any:
    while bool(condition(state)):
        state = body(state)
    return state

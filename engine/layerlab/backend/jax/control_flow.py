"""Loops and branches inside a compiled JAX function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jax import Array, lax

__all__ = ["cond", "scan", "while_loop"]


def scan(
    step: Callable[[Any, Any], tuple[Any, Any]], carry: Any, xs: Any, length: int | None, reverse: bool
) -> tuple[Any, Any]:
    return lax.scan(step, carry, xs, length=length, reverse=reverse)


def cond(predicate: Array, if_true: Callable[..., Any], if_false: Callable[..., Any], *operands: Any) -> Any:
    return lax.cond(predicate, if_true, if_false, *operands)


def while_loop(condition: Callable[[Any], Array], body: Callable[[Any], Any], state: object) -> Any:
    return lax.while_loop(condition, body, state)

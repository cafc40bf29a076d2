"""What is going on in this thread: state and name scopes, the dtype of autocasting, the running call.

threading.local, not contextvars: torch.compile cannot trace ContextVar.get.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from layerlab.core.state import StateScope

__all__ = ["autocast", "call_scope", "context", "name_scope", "naming_path"]


class _Context(threading.local):
    def __init__(self) -> None:
        self.state_scope: StateScope | None = None
        self.names: list[tuple[str, Any]] = []  # (name, who opened the scope)
        self.autocast_dtype: str | None = None
        self.calls: list[Any] = []  # the layers whose call is running, outermost first
        self.training: bool | None = None
        self.stand_in: int | None = None  # the size that unknown ones have while shapes are inferred
        self.computed: dict[Any, Any] = {}  # of transformed weights, by weight and dtype: in loops
        self.lookups: list[tuple[Any, Any]] | None = None  # (Embedding, indices), where they are looked for
        self.casts: list[tuple[Any, Any]] | None = None  # (input in the graph's dtype, as it came), likewise


context = _Context()


@contextmanager
def name_scope(name: str, caller: object = None) -> Iterator[None]:
    """A `with` block in which paths of new variables begin with a name.

    Scopes nest: the names are joined by '/'. A layer opens one with its own name when
    it is built.

    Args:
        name: first part of the paths of variables made inside.
        caller: who opens the scope. If the same opens it again (a layer's build inside
            its call), nothing is added; None always adds.

    Example:
        >>> import layerlab as keras
        >>> with keras.name_scope("encoder"):
        ...     keras.Variable([0.0], name="shift").path
        'encoder/shift'
    """
    repeated = caller is not None and bool(context.names) and context.names[-1][1] is caller
    if repeated:
        yield
        return
    context.names.append((name, caller))
    try:
        yield
    finally:
        context.names.pop()


def naming_path() -> str:
    """The open name scopes joined by '/'."""
    return "/".join(name for name, _ in context.names)


@contextmanager
def autocast(dtype: str | None) -> Iterator[None]:
    """Floating variables are read as `dtype` inside; None reads them as they are."""
    previous, context.autocast_dtype = context.autocast_dtype, dtype
    try:
        yield
    finally:
        context.autocast_dtype = previous


@contextmanager
def call_scope(layer: object, training: bool | None) -> Iterator[None]:
    """The call of `layer` is running; layers called inside inherit `training`."""
    previous, context.training = context.training, training
    context.calls.append(layer)
    try:
        yield
    finally:
        context.calls.pop()
        context.training = previous

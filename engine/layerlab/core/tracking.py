"""What an object holds: variables, layers, metrics and seeds among its attributes.

Found by walking the attributes in the order of their assignment, into lists, tuples and dicts as
well, so that `self.blocks.append(Dense(4))` needs no special container.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = ["one_look", "remembered", "tracked", "unique"]

T = TypeVar("T")
# Bookkeeping of the graph and arguments as passed: not part of the object.
_NOT_WALKED = frozenset(
    ("_inbound_nodes", "_outbound_nodes", "_init_arguments", "_losses", "_compile_arguments", "_functional")
)
# Most attributes are such values. They are passed over first: all layers are walked several times an epoch.
_PLAIN = frozenset((type(None), bool, int, float, complex, str, bytes))
_CONTAINERS = (list, tuple, dict)  # made once: a union of types written in place is made at each check


def tracked(owner: object, kind: str) -> list[Any]:
    """The objects in the attributes of `owner` whose `tracked_as` is `kind`, each once, outermost only."""
    seen = _look.seen
    if seen is None:
        held = _held(owner)
    elif id(owner) in seen:
        _, held = seen[id(owner)]
    else:
        held = _held(owner)
        seen[id(owner)] = owner, held
    return unique(item for item in held.get(kind, ()) if item is not owner)


def remembered(owner: object, what: str, make: Callable[[], list[T]]) -> list[T]:
    """`make()`, and while one look is open what it gave for this owner before."""
    if _look.seen is None:
        return make()
    known = _look.known.get((id(owner), what))
    if known is None:
        known = _look.known[id(owner), what] = owner, make()
    return list(known[1])


@contextmanager
def one_look() -> Iterator[None]:
    """While open in this thread objects are walked once, for all kinds: what is attached then is not seen."""
    if _look.seen is not None:
        yield
        return
    _look.seen = {}
    try:
        yield
    finally:
        _look.seen, _look.known = None, {}


def unique(items: Iterable[T]) -> list[T]:
    """The items without repetitions, compared by identity, in order."""
    return list({id(item): item for item in items}.values())


class _Look(threading.local):
    def __init__(self) -> None:
        # By identity; with the owners themselves, so that no other one gets their identity.
        self.seen: dict[int, tuple[Any, dict[str, list[Any]]]] | None = None
        self.known: dict[tuple[int, str], tuple[Any, list[Any]]] = {}


_look = _Look()


def _held(owner: object) -> dict[str, list[Any]]:
    """What is in the attributes of `owner`, by kind."""
    held: dict[str, list[Any]] = {}
    for name, value in vars(owner).items():
        if type(value) not in _PLAIN and name not in _NOT_WALKED:
            _collect(value, held)
    return held


def _collect(value: object, held: dict[str, list[Any]]) -> None:
    """Add the value, or the objects in it, to those of their kind."""
    if isinstance(value, _CONTAINERS):
        for item in value.values() if isinstance(value, dict) else value:
            if type(item) not in _PLAIN:
                _collect(item, held)
    elif (kind := getattr(type(value), "tracked_as", None)) is not None:
        held.setdefault(kind, []).append(value)

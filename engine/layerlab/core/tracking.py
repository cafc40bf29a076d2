"""What an object holds: variables, layers, metrics and seeds among its attributes.

Found by walking the attributes in the order of their assignment, into lists, tuples and dicts as
well, so that `self.blocks.append(Dense(4))` needs no special container.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

__all__ = ["tracked", "unique"]

T = TypeVar("T")
# Bookkeeping of the graph and arguments as passed: not part of the object.
_NOT_WALKED = frozenset(
    ("_inbound_nodes", "_outbound_nodes", "_init_arguments", "_losses", "_compiled", "_functional")
)


def tracked(owner: Any, kind: str) -> list[Any]:
    """The objects in the attributes of `owner` whose `tracked_as` is `kind`, each once, outermost only."""
    found = (
        item
        for name, value in vars(owner).items()
        if name not in _NOT_WALKED
        for item in _walk(value)
        if item is not owner
    )
    return unique(item for item in found if item.tracked_as == kind)


def unique(items: Iterable[T]) -> list[T]:
    """The items without repetitions, compared by identity, in order."""
    return list({id(item): item for item in items}.values())


def _walk(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _walk(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _walk(item)
    elif isinstance(getattr(type(value), "tracked_as", None), str):
        yield value

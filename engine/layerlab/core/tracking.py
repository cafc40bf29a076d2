"""What an object holds: variables, layers, metrics and seeds among its attributes.

Found by walking the attributes in the order of their assignment, into lists, tuples and dicts as
well, so that `self.blocks.append(Dense(4))` needs no special container.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

__all__ = ["tracked", "unique"]

T = TypeVar("T")
# Bookkeeping of the graph and arguments as passed: not part of the object.
_NOT_WALKED = frozenset(
    ("_inbound_nodes", "_outbound_nodes", "_init_arguments", "_losses", "_compiled", "_functional")
)
# Most attributes are such values. They are passed over first: all layers are walked several times an epoch.
_PLAIN = frozenset((type(None), bool, int, float, complex, str, bytes))
_CONTAINERS = (list, tuple, dict)  # made once: a union of types written in place is made at each check


def tracked(owner: Any, kind: str) -> list[Any]:
    """The objects in the attributes of `owner` whose `tracked_as` is `kind`, each once, outermost only."""
    found: list[Any] = []
    for name, value in vars(owner).items():
        if type(value) not in _PLAIN and name not in _NOT_WALKED:
            _collect(value, kind, found)
    return unique(item for item in found if item is not owner)


def unique(items: Iterable[T]) -> list[T]:
    """The items without repetitions, compared by identity, in order."""
    return list({id(item): item for item in items}.values())


def _collect(value: Any, kind: str, found: list[Any]) -> None:
    """Append the objects of a kind that are in the value, or the value itself."""
    if isinstance(value, _CONTAINERS):
        for item in value.values() if isinstance(value, dict) else value:
            if type(item) not in _PLAIN:
                _collect(item, kind, found)
    elif getattr(type(value), "tracked_as", None) == kind:
        found.append(value)

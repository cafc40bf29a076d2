"""What an object holds: variables, layers, metrics and seeds among its attributes.

Found by walking the attributes in the order of their assignment, into lists, tuples and dicts as
well, so that `self.blocks.append(Dense(4))` needs no special container.
"""

from __future__ import annotations

import operator
import threading
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from layerlab.core.bookkeeping import bookkeeping

__all__ = ["Look", "remembered", "tracked", "unique"]

T = TypeVar("T")
# Most attributes are such values. They are passed over first: all layers are walked several times an epoch.
_PLAIN = frozenset((type(None), bool, int, float, complex, str, bytes))
_CONTAINERS = (list, tuple, dict)  # made once: a union of types written in place is made at each check


def tracked(owner: object, kind: str) -> list[Any]:
    """The objects in the attributes of `owner` whose `tracked_as` is `kind`, each once, outermost only."""
    look = _open.look
    held = _held(owner) if look is None else look.at(owner).held
    return list(held.get(kind, ()))


def remembered(owner: object, what: str, make: Callable[[], list[T]]) -> list[T]:
    """`make()`, and while a look is open what it gave for this owner before.

    It may depend on what objects hold, and on nothing else.
    """
    look = _open.look
    if look is None:
        return make()
    known = look.known.get((id(owner), what))
    if known is None:
        known = look.known[id(owner), what] = owner, make()
    return list(known[1])


class Look:
    """A walk over objects: while it is open in this thread each is walked once, for all kinds.

    What is attached while it is open is not seen. Opened again, a look knows what it found, unless something
    was attached, taken away or replaced: looking whether it was is much less than walking. Opened within
    another one it does nothing; while another thread has it open, it begins with nothing known.
    """

    def __init__(self) -> None:
        self._owners: dict[int, _Holder] = {}
        # By identity; with the owners themselves, so that no other one gets their identity.
        self.known: dict[tuple[int, str], tuple[Any, list[Any]]] = {}
        self._in_use = threading.Lock()

    def __enter__(self) -> None:
        if _open.look is None:
            look = self if self._in_use.acquire(blocking=False) else Look()
            for holder in look._owners.values():
                if not holder.is_current():
                    look._owners, look.known = {}, {}
                    break
            _open.look = look
        _open.depth += 1

    def __exit__(self, *exception: object) -> None:
        _open.depth -= 1
        if not _open.depth:
            look, _open.look = _open.look, None
            if look is self:
                self._in_use.release()

    def at(self, owner: object) -> _Holder:
        """What an object holds."""
        holder = self._owners.get(id(owner))
        if holder is None:
            holder = self._owners[id(owner)] = _Holder(owner)
        return holder


def unique(items: Iterable[T]) -> list[T]:
    """The items without repetitions, compared by identity, in order."""
    return list({id(item): item for item in items}.values())


class _Open(threading.local):
    look: Look | None = None
    depth = 0


_open = _Open()


class _Holder:
    """What an object holds, by kind, and whether it still does."""

    def __init__(self, owner: object) -> None:
        self._owner = owner
        self._attributes = vars(owner)
        # The values themselves too, so that no other object gets the identity of one that is gone.
        self._names, self._values = list(self._attributes), list(self._attributes.values())
        self._containers: list[tuple[Any, list[Any]]] = []
        self.held = _held(owner, self._containers)

    def is_current(self) -> bool:
        """False if an attribute that may hold something was replaced, or the content of a container was."""
        if not _are_same(self._attributes.values(), self._values) and not self._take_plain_changes():
            return False
        return all(_are_same(content, items) for content, items in self._containers)

    def _take_plain_changes(self) -> bool:
        """Whether only such attributes were replaced as hold nothing; what they are now is then kept."""
        names, values = list(self._attributes), list(self._attributes.values())
        if names != self._names:
            return False
        left_out = bookkeeping(type(self._owner))
        for name, before, now in zip(names, self._values, values, strict=True):
            if (
                before is not now
                and name not in left_out
                and not (_holds_nothing(before) and _holds_nothing(now))
            ):
                return False
        self._values = values
        return True


def _holds_nothing(value: Any) -> bool:
    return type(value) in _PLAIN or not getattr(type(value), "runs_in_steps", True)


def _held(owner: object, containers: list[tuple[Any, list[Any]]] | None = None) -> dict[str, list[Any]]:
    """What is in the attributes of `owner`, by kind.

    Args:
        containers: gets the content of the walked ones, which changes with them, and their items.
    """
    held: dict[str, list[Any]] = {}
    left_out = bookkeeping(type(owner))
    for name, value in vars(owner).items():
        if type(value) not in _PLAIN and name not in left_out:
            _collect(value, held, containers)
    return {kind: [item for item in unique(items) if item is not owner] for kind, items in held.items()}


def _collect(
    value: object, held: dict[str, list[Any]], containers: list[tuple[Any, list[Any]]] | None
) -> None:
    """Add the value, or the objects in it, to those of their kind."""
    if isinstance(value, _CONTAINERS):
        items = list(_items(value))
        if containers is not None and not isinstance(value, tuple):
            containers.append((_items(value), items))
        for item in items:
            if type(item) not in _PLAIN:
                _collect(item, held, containers)
    elif (kind := getattr(type(value), "tracked_as", None)) is not None:
        held.setdefault(kind, []).append(value)


def _are_same(content: Any, items: list[Any]) -> bool:
    """Whether these are the very items."""
    return len(content) == len(items) and all(map(operator.is_, content, items))


def _items(container: Any) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container

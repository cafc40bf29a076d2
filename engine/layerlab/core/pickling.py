"""What `pickle` and `copy` take of an object: its attributes, without those that belong to this process.

joblib, cloudpickle and process pools use the same two methods.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

__all__ = ["Portable", "Serials", "nothing"]


def nothing() -> None:
    """What a copy begins with in place of an attribute that may be None."""


class Serials:
    """Numbers that rise in the order in which things are made. Copies keep theirs."""

    def __init__(self) -> None:
        self._next = 0
        self._lock = threading.Lock()

    def new(self) -> int:
        """The number of what is made now."""
        with self._lock:
            self._next += 1
            return self._next - 1

    def keep(self, serial: int) -> None:
        """Give what is made from now on numbers above that of a copy, perhaps from another process."""
        with self._lock:
            self._next = max(self._next, serial + 1)


class Portable:
    """Mixed into what can be pickled and copied. Names of attributes in `_not_copied`, of a class and those
    above it, are mapped to what makes the first value of a copy."""

    _not_copied: ClassVar[Mapping[str, Callable[[], Any]]] = {}

    def __getstate__(self) -> dict[str, Any]:
        left_out = _left_out_of(type(self))
        return {name: value for name, value in vars(self).items() if name not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        mine = vars(self)  # past __setattr__: nothing is tracked or moved once more
        mine.update(state)
        for name, make in _left_out_of(type(self)).items():
            mine.setdefault(name, make())


def _left_out_of(cls: type) -> dict[str, Callable[[], Any]]:
    return _left_out(cls)  # mypy takes no class of ours for hashable, a plain `type` it does


@functools.cache
def _left_out(cls: type) -> dict[str, Callable[[], Any]]:
    names: dict[str, Callable[[], Any]] = {}
    for base in reversed(cls.__mro__):
        names |= vars(base).get("_not_copied", {})
    return names

"""Classes that stand in for those a file was saved with: what the file calls their objects.

`custom_objects={"Dense": MyDense}` puts a MyDense where the file has a Dense, whose weights are stored under
'dense'. It holds while the file is read only: saved again, the object has the name of its own class.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["class_name_in_file", "note_class_name", "noting_class_names"]


class _Noted(threading.local):
    names: dict[int, tuple[Any, str]] | None = None  # id -> (object, name); None: no file is being read


_noted = _Noted()


@contextmanager
def noting_class_names() -> Iterator[None]:
    """While open in this thread, objects that are made from a config are known by the names in it."""
    previous, _noted.names = _noted.names, {}
    try:
        yield
    finally:
        _noted.names = previous


def note_class_name(instance: object, class_name: str) -> None:
    """Remember what the config calls the class of an object that was made from it."""
    if _noted.names is not None and type(instance).__name__ != class_name:
        _noted.names[id(instance)] = instance, class_name  # with the object, so that no other gets its id


def class_name_in_file(instance: object) -> str:
    """The name of the object's class; in the file that is being read, if it has another one there."""
    _, name = (_noted.names or {}).get(id(instance), (None, type(instance).__name__))
    return name

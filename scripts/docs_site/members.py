"""The methods and properties that a class's entry shows: its own, and those of bases without an entry."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import Any


def members(cls: type, public: Collection[type]) -> list[tuple[str, Any]]:
    """Name and attribute of each documented method and property, by name.

    Args:
        cls: the class.
        public: the classes that have an entry of their own. What `cls` inherits from one of them is there.
    """
    found: dict[str, Any] = {}
    for owner in _up_to_public(cls, public):
        for name, value in vars(owner).items():
            if name[0] != "_" and name not in found and _is_shown(value):
                found[name] = value
    return sorted(found.items())


def public_bases(cls: type, public: Collection[type]) -> list[type]:
    """The nearest bases that have an entry: where to look for what is inherited."""
    above = [base for base in cls.__mro__[1:] if base in public]
    return [
        base for base in above if not any(issubclass(other, base) and other is not base for other in above)
    ]


def _up_to_public(cls: type, public: Collection[type]) -> list[type]:
    inherited = {owner for base in public_bases(cls, public) for owner in base.__mro__}
    return [
        owner for owner in cls.__mro__ if owner not in inherited and owner.__module__.startswith("layerlab")
    ]


def _is_shown(value: Any) -> bool:
    function = _function(value)
    return function is not None and bool(function.__doc__)


def _function(value: Any) -> Callable[..., Any] | None:
    """The function behind a method or property; None for anything else."""
    if isinstance(value, property):
        return value.fget
    function = inspect.unwrap(getattr(value, "__func__", value))
    return function if inspect.isfunction(function) else None


def method_doc(value: Any) -> str:
    """The docstring of a method or property, without its margin."""
    function = _function(value)
    return inspect.cleandoc(function.__doc__) if function and function.__doc__ else ""


def kind(value: Any) -> str:
    """The directive's name for an attribute: method, classmethod, staticmethod or property."""
    if isinstance(value, property):
        return "property"
    return type(value).__name__ if isinstance(value, classmethod | staticmethod) else "method"

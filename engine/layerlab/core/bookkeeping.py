"""Attributes that are not parts of their object, as its class says: arguments as passed, nodes of graphs ...

A class names those of its own in `_bookkeeping`, and what files keep in a place of its own, or not at all, in
`_not_saved`. Who walks over what an object is made of leaves them out.
"""

from __future__ import annotations

import functools

__all__ = ["bookkeeping", "not_saved"]


def bookkeeping(cls: type) -> frozenset[str]:
    """The names in `_bookkeeping` of a class and of those above it."""
    return _named(cls, "_bookkeeping")


def not_saved(cls: type) -> frozenset[str]:
    """The names in `_bookkeeping` and `_not_saved` of a class and of those above it."""
    return _named(cls, "_bookkeeping") | _named(cls, "_not_saved")


@functools.cache
def _named(cls: type, attribute: str) -> frozenset[str]:
    return frozenset(name for base in cls.__mro__ for name in vars(base).get(attribute, ()))

"""Elements that are kept in memory once they were loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.data.passes import Pass
from layerlab.data.recipes import Recipe, combined, constant

__all__ = ["cached"]


def cached(make: Callable[[Pass], Iterator[Recipe]]) -> Callable[[Pass], Iterator[Recipe]]:
    """The same elements in each pass, those of the first one; each is loaded once.

    Also elements of a pass that is broken off are kept.
    """
    return _Cache(make).recipes


class _Cache:
    """The elements by their place in the first pass."""

    def __init__(self, make: Callable[[Pass], Iterator[Recipe]]) -> None:
        self._make = make
        self._first: Pass | None = None
        self._count: int | None = None  # of elements, when they were all gone through
        self._kept: dict[int, Any] = {}

    def recipes(self, pass_: Pass) -> Iterator[Recipe]:
        """Of any pass."""
        if self._count is not None and len(self._kept) == self._count:
            yield from (constant(self._kept[place]) for place in range(self._count))
            return
        self._first = self._first or pass_  # whose order it keeps
        place = -1
        for place, recipe in enumerate(self._make(self._first)):
            if place in self._kept:
                yield constant(self._kept[place])
            else:
                yield self._keeping(place, recipe)
        self._count = place + 1

    def _keeping(self, place: int, recipe: Recipe) -> Recipe:
        def keep(elements: list[Any]) -> object:
            self._kept[place] = tree.map_structure(_read_only, elements[0])
            return self._kept[place]

        return combined([recipe], keep)


def _read_only(leaf: object) -> object:
    """Who gets an array must not change it: the next pass gets it too."""
    if isinstance(leaf, np.ndarray):
        leaf = leaf.view()
        leaf.flags.writeable = False
    return leaf

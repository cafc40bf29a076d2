"""Recipes: elements of a data set that are not loaded yet.

A recipe says how an element comes about, in two parts. `load` may run in any thread, beside others. `finish`
runs after it, in the order in which the elements are read, one at a time: code of a user's that was not
allowed to run in parallel. Until one of them runs, elements are put in another order, left out and grouped
for next to nothing, and a run that resumes skips those that it had without loading one.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.data.loading_threads import Ahead
from layerlab.errors import DataError, explain

__all__ = ["Execution", "Recipe", "Table", "combined", "constant", "execute", "stacked", "then", "together"]


class Table(Protocol):
    """Rows that can be taken out together, faster than one by one."""

    def rows(self, indices: np.ndarray) -> Any:
        """The rows of these numbers, as one structure of arrays with the rows as first axis."""
        ...


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one element comes about.

    Attributes:
        load: makes a value, in any thread.
        finish: makes the element of it, in the order of reading; None: the value is the element.
        table, row: where the element stands, if it is just a row of a table.
    """

    load: Callable[[], Any]
    finish: Callable[[Any], Any] | None = None
    table: Table | None = None
    row: int = -1

    def make(self) -> Any:
        """The element, here and now."""
        value = self.load()
        return value if self.finish is None else self.finish(value)


def constant(value: object) -> Recipe:
    """A recipe for what is there already."""
    return Recipe(lambda: value)


def then(recipe: Recipe, change: Callable[[Any], Any], in_parallel: bool) -> Recipe:
    """The recipe for what `change` makes of an element.

    Args:
        in_parallel: whether `change` may run in any thread; only for recipes that have nothing to finish.
    """
    if in_parallel:
        assert recipe.finish is None
        return Recipe(lambda: change(recipe.load()))
    before = recipe.finish
    return Recipe(recipe.load, change if before is None else lambda value: change(before(value)))


def combined(recipes: Sequence[Recipe], build: Callable[[list[Any]], Any]) -> Recipe:
    """The recipe for what `build` makes of several elements."""
    if all(recipe.finish is None for recipe in recipes):
        return Recipe(lambda: build([recipe.load() for recipe in recipes]))
    finishes = [recipe.finish or _same for recipe in recipes]
    return Recipe(
        lambda: [recipe.load() for recipe in recipes],
        lambda values: build([finish(value) for finish, value in zip(finishes, values)]),
    )


def together(recipes: Sequence[Recipe]) -> Recipe:
    """The recipe for a batch of elements; rows of one table are taken out at once."""
    table = recipes[0].table
    if table is not None and all(recipe.table is table for recipe in recipes):
        indices = np.array([recipe.row for recipe in recipes])
        return Recipe(lambda: table.rows(indices))
    return combined(recipes, stacked)


def stacked(elements: list[Any]) -> Any:
    """One structure whose arrays have the elements as first axis. Raises: DataError unless they are alike."""
    first = elements[0]
    if any(not tree.same_structure(first, other) for other in elements):
        raise DataError(explain("The elements of a batch differ in what they consist of."))
    return tree.map_structure(lambda *leaves: _stack(leaves), first, *elements[1:])


def _stack(leaves: tuple[Any, ...]) -> np.ndarray:
    first = leaves[0]
    if isinstance(first, str | bytes):
        texts = np.empty(len(leaves), dtype=object)
        texts[:] = leaves
        return texts
    arrays = [leaf if isinstance(leaf, np.ndarray) else _on_host(leaf) for leaf in leaves]
    shape = arrays[0].shape
    for number, array in enumerate(arrays):
        if array.shape != shape:
            raise DataError(
                explain(
                    "The elements of a batch have different shapes.",
                    expected=f"{shape}, as the first",
                    got=f"{array.shape}, the element {number}",
                    fix="resize or cut them in map(), or padded_batch() instead of batch()",
                )
            )
    return np.stack(arrays)


def _on_host(leaf: object) -> np.ndarray:
    return backend().to_numpy(leaf) if backend().is_array(leaf) else np.asarray(leaf)


def _same(value: object) -> Any:
    return value


# -- execution ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Execution:
    """How recipes are carried out.

    Attributes:
        threads: that load beside the reader; 0: the reader loads, when asked.
        depth: elements loaded ahead, at most.
    """

    threads: int = 0
    depth: int = 2


def execute(recipes: Iterable[Recipe], how: Execution) -> Iterator[Any]:
    """The elements, in order."""
    if not how.threads:
        for recipe in recipes:
            yield recipe.make()
        return
    turns = Turns()
    ahead = Ahead(turns.make, turns.numbered(recipes), how.threads, how.depth)
    weakref.finalize(ahead, turns.end)
    try:
        yield from ahead
    finally:
        turns.end()
        ahead.close()


class Turns:
    """Recipes of several threads: loaded beside one another, finished one after the other, in order."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._next = 0
        self._has_ended = False

    def numbered(self, recipes: Iterable[Recipe]) -> Iterator[tuple[int, Recipe]]:
        """The recipes with their turns; those that have nothing to finish need none (-1)."""
        number = 0
        for recipe in recipes:
            if recipe.finish is None:
                yield -1, recipe
            else:
                yield number, recipe
                number += 1

    def make(self, task: tuple[int, Recipe]) -> Any:
        """The element of a recipe."""
        number, recipe = task
        if recipe.finish is None:
            return recipe.load()
        try:
            value = recipe.load()
        except BaseException:
            with self._turn(number):
                raise
        with self._turn(number):
            return recipe.finish(value)

    def end(self) -> None:
        """Let go of all that wait: nobody reads any more."""
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    @contextmanager
    def _turn(self, number: int) -> Iterator[None]:
        with self._changed:
            self._changed.wait_for(lambda: self._has_ended or self._next == number)
            if self._has_ended:
                raise RuntimeError("Nobody reads the data any more.")
        try:
            yield
        finally:
            with self._changed:
                self._next = number + 1
                self._changed.notify_all()

"""Passes over a data set: which one it is, and the seeds of its shuffles, from which its order follows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from layerlab.data.recipes import Recipe

__all__ = ["Pass", "mixed"]

_BLOCK = 4096  # random numbers that are drawn at once


@dataclass(frozen=True)
class Pass:
    """One pass.

    Attributes:
        path: its number, and within `repeat` those of the inner passes.
        seeds: of the shuffles, in the order in which they were added. A run that resumes brings those
            of the run before.
    """

    path: tuple[int, ...]
    seeds: tuple[int, ...]

    def inner(self, number: int) -> Pass:
        """A pass within this one."""
        return replace(self, path=(*self.path, number))

    def part(self, start: int, count: int) -> Pass:
        """The same for one of several data sets that were put together: some of the seeds."""
        return replace(self, seeds=self.seeds[start : start + count])


def mixed(recipes: Iterator[Recipe], size: int, seed: int, path: tuple[int, ...]) -> Iterator[Recipe]:
    """The recipes in random order: each is drawn from the next `size` that have not come yet."""
    random = np.random.default_rng((seed, *path))
    buffer: list[Recipe] = []
    draws: Iterator[int] = iter(())
    for recipe in recipes:
        if len(buffer) < size:
            buffer.append(recipe)
            continue
        place = next(draws, None)
        if place is None:
            draws = iter(random.integers(size, size=_BLOCK).tolist())
            place = next(draws)
        chosen, buffer[place] = buffer[place], recipe
        yield chosen
    for place in random.permutation(len(buffer)).tolist():
        yield buffer[place]

"""Batches of arrays of different shapes, filled up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.errors import ShapeError, explain

__all__ = ["padded"]


def padded(shapes: object = None, values: object = None) -> Callable[[list[Any]], Any]:
    """A function that makes one batch of elements.

    Args:
        shapes: for each array of an element a shape, with None or -1 where the longest decides; None: it
            decides everywhere.
        values: what is filled in, for each array; None: 0, or empty texts.
    """

    def build(elements: list[Any]) -> Any:
        leaves = [tree.flatten(element) for element in elements]
        count = len(leaves[0])
        wanted = _for_each(shapes, count, is_shape=True)
        fillings = _for_each(values, count)
        columns = [
            _filled([np.asarray(row[i]) for row in leaves], wanted[i], fillings[i]) for i in range(count)
        ]
        return tree.pack(elements[0], columns)

    return build


def _for_each(given: Any, count: int, is_shape: bool = False) -> list[Any]:
    """What was given for each array; one for all is repeated."""
    is_one = given is None or not isinstance(given, tuple | list | dict)
    if is_shape and isinstance(given, tuple | list):
        is_one = all(length is None or isinstance(length, int) for length in given)
    if is_one:
        return [given] * count
    return list(given.values() if isinstance(given, dict) else given)


def _filled(arrays: list[np.ndarray], wanted: Any, filling: object) -> np.ndarray:
    first = arrays[0]
    longest = [max(lengths) for lengths in zip(*(array.shape for array in arrays))]
    shape = tuple(
        most if length in (None, -1) else int(length)
        for most, length in zip(longest, wanted if wanted is not None else [None] * first.ndim)
    )
    if any(most > length for most, length in zip(longest, shape)) or any(
        a.ndim != first.ndim for a in arrays
    ):
        raise ShapeError(
            explain(
                "padded_batch", expected=f"arrays up to the shape {shape}", got=f"one up to {tuple(longest)}"
            )
        )
    is_text = first.dtype.kind in "USO"
    fill = ("" if is_text else 0) if filling is None else filling
    batch = np.full((len(arrays), *shape), fill, dtype=object if is_text else first.dtype)
    for row, array in enumerate(arrays):
        place: Any = (row, *(slice(0, length) for length in array.shape))
        batch[place] = array
    return batch

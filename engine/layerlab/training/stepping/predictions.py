"""The outputs of several batches as the outputs of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.errors import ShapeError, explain
from layerlab.training.stepping.step_runner import Ran

__all__ = ["Predictions", "joined_on_device"]


class Predictions:
    """The outputs of all batches, as NumPy arrays.

    The last that were added are left on the device, which may still compute them.
    """

    def __init__(self) -> None:
        self._parts: list[Any] = []
        self._last: list[Ran] = []

    def add(self, ran: list[Ran]) -> None:
        """Add the outputs of further steps."""
        self._fetch()
        self._last = ran

    def joined(self) -> Any:
        """All of them. Raises: ShapeError if another axis than the first differs in size."""
        self._fetch()
        return tree.map_structure(lambda *arrays: _concatenated(arrays), *self._parts)

    def _fetch(self) -> None:
        if self._last:
            self._parts.append(_joined(self._last, backend().to_numpy, np.concatenate))
            self._last = []


def joined_on_device(ran: list[Ran]) -> Any:
    """The outputs of several steps, as arrays of the back end."""
    return _joined(ran, lambda leaf: leaf, backend().xp.concat)


def _joined(ran: list[Ran], taken: Callable[[Any], Any], concatenate: Callable[[Any], Any]) -> Any:
    """The outputs of all.

    Args:
        taken: what to make of each array before it is cut and joined.
        concatenate: joins a list of those along the first axis.
    """

    def of_all(each: Ran) -> Any:
        if each.series is None:
            return tree.map_structure(taken, each.last)
        return tree.map_structure(
            lambda leaf: taken(leaf)[: each.count].reshape(-1, *leaf.shape[2:]), each.series
        )

    parts = list(map(of_all, ran))
    if len(parts) == 1:
        return parts[0]
    return tree.map_structure(lambda *arrays: _concatenated(arrays, concatenate), *parts)


def _concatenated(arrays: Sequence[Any], concatenate: Callable[[Any], Any] = np.concatenate) -> Any:
    """One output of several batches. Raises: ShapeError if another axis than the first differs in size."""
    first = arrays[0]
    for array in arrays:
        if tuple(array.shape[1:]) != tuple(first.shape[1:]):
            raise ShapeError(
                explain(
                    "predict cannot join the outputs of its batches.",
                    expected=f"{(None, *first.shape[1:])}, as of the first batch",
                    got=str(tuple(array.shape)),
                    fix="pad the data to one length, or call predict_on_batch on each batch",
                )
            )
    return concatenate(arrays)

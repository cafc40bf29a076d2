"""What a loop over a data set gives: NumPy arrays that also answer to `.numpy()`.

Code that was written for tf.data asks its tensors for their arrays: `images[0].numpy()`, `labels.numpy()`.
NumPy alone would lack the method, and give bare numbers for single elements.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.backend.active import backend

__all__ = ["HostArray", "shown"]


class HostArray(np.ndarray):
    """A NumPy array with a method `numpy()`. A single element of it is one too, with no axis."""

    def numpy(self) -> Any:
        """The plain NumPy array; of a single element the number."""
        plain = self.view(np.ndarray)
        return plain if plain.ndim else plain[()]

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return np.asarray(found).view(HostArray) if isinstance(found, np.generic) else found

    def __iter__(self) -> Iterator[Any]:
        if not self.ndim:
            raise TypeError("a single element has no others to go through")
        return (self[i] for i in range(len(self)))

    def __hash__(self) -> int:  # type: ignore[override]
        if self.ndim:
            raise TypeError("an array cannot be a key; a single element of it can")
        return hash(self.item())


def shown(element: object) -> Any:
    """The element with HostArrays in the place of arrays and numbers; texts stay texts."""
    return tree.map_structure(_shown, element)


def _shown(leaf: object) -> Any:
    if leaf is None or isinstance(leaf, str | bytes):
        return leaf
    if backend().is_array(leaf) and not isinstance(leaf, np.ndarray):
        leaf = backend().to_numpy(leaf)
    return np.asarray(leaf).view(HostArray)

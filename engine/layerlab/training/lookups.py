"""Which inputs of a model are indices into the table of an Embedding, and whether data stay inside of it.

An index outside gives NaN in a compiled step, which cannot raise: the data are looked at before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerlab import layers, tree
from layerlab.backend.active import backend
from layerlab.core.context import context
from layerlab.core.symbolic import infer_spec
from layerlab.errors import DataError, explain

__all__ = ["Lookups", "lookups_of"]


@dataclass(frozen=True)
class Lookups:
    """Embeddings that are called on an input as it is, each with the place of the input among the leaves."""

    found: tuple[tuple[int, Any], ...] = ()

    def check(self, x: Any) -> None:
        """Raise DataError that names the first index outside of its table."""
        leaves = tree.flatten(x) if self.found else []
        for place, layer in self.found:
            indices = _on_host(leaves[place])
            if indices.size and not (indices.min() >= 0 and indices.max() < layer.input_dim):
                raise _outside(layer, indices)


def lookups_of(forward: Callable[[Any], Any], among: Sequence[Any], x: Any) -> Lookups:
    """Found by running `forward` once on shapes; indices that the model computes first are not among them.

    Args:
        forward: the model's pass without training.
        among: the model's layers.
        x: symbolic tensors like its inputs.
    """
    if not any(isinstance(layer, layers.Embedding | layers.ReversibleEmbedding) for layer in among):
        return Lookups()
    found: dict[tuple[int, int], Any] = {}

    def look(values: object) -> None:
        lookups: list[tuple[Any, Any]] = []
        casts: list[tuple[Any, Any]] = []
        context.lookups, context.casts = lookups, casts
        forward(values)
        for layer, array in lookups:
            for cast, given in reversed(casts):  # of an inner model after those of the model around it
                array = given if cast is array else array
            for place, leaf in enumerate(tree.flatten(values)):
                if leaf is array:
                    found[place, id(layer)] = layer

    try:
        infer_spec(look, x)
    except Exception:  # a pass that only runs on values; what is wrong with it shows when it does
        return Lookups()
    finally:
        context.lookups = context.casts = None
    return Lookups(tuple((place, layer) for (place, _), layer in found.items()))


def _on_host(leaf: object) -> np.ndarray:
    return backend().to_numpy(leaf) if backend().is_array(leaf) else np.asarray(leaf)


def _outside(layer: Any, indices: np.ndarray) -> DataError:
    place = tuple(np.argwhere(~((indices >= 0) & (indices < layer.input_dim)))[0])
    most = indices.max()
    return DataError(
        explain(
            f"Index {indices[place]} at row {place[0]}, but '{layer.path}' has {layer.input_dim} vectors.",
            expected=f"integers from 0 to {layer.input_dim - 1}",
            got=f"{indices.min()} to {most}",
            fix=f"{type(layer).__name__}({int(most) + 1}, {layer.output_dim}), or give rare values one index"
            if most >= layer.input_dim
            else "number them from 0",
        )
    )

"""Tensors without values that are like a batch, and the batch size that a model itself is made for."""

from __future__ import annotations

from typing import Any

from layerlab import dtypes, tree
from layerlab.core.symbolic import KerasTensor

__all__ = ["own_batch_size", "rows", "symbolic_like"]


def symbolic_like(data: object, batch_size: int | None = None) -> Any:
    """KerasTensors like arrays (or tensors) in a structure; their batch axis has this size, None: any."""

    def like(leaf: Any) -> KerasTensor | None:
        if leaf is None or not hasattr(leaf, "shape"):
            return leaf
        shape = (batch_size, *leaf.shape[1:]) if len(leaf.shape) else ()
        return KerasTensor(shape, dtypes.standardize_dtype(leaf.dtype), record_history=False)

    return tree.map_structure(like, data)


def rows(data: object) -> int | None:
    """The number of samples in a batch."""
    return next((leaf.shape[0] for leaf in tree.flatten(data) if leaf is not None and len(leaf.shape)), None)


def own_batch_size(model: Any) -> int | None:
    """The batch size that a model's inputs state, or that its stateful layers keep states for; None: any."""
    stated = [tensor.shape[0] for tensor in model.inputs or () if tensor.shape]
    kept = [variable.shape[0] for variable in model.state_updates if len(getattr(variable, "shape", ()))]
    return next((size for size in (*stated, *kept) if size is not None), None)

"""A short text that changes when what is shown of a model does, so that a page knows when to ask again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from layerlab.core.layer import Layer
from layerlab.core.model_protocol import ModelLike
from layerlab.inspect.layer_facts import inner_layers

__all__ = ["revision"]


def revision(model: ModelLike) -> str:
    """A digest of the layers, their weights, which of them are trained, and the optimizer's state.

    Much cheaper than a summary: no shape is inferred and no value is read. Values of weights do not matter.
    """
    optimizer = getattr(model, "optimizer", None)
    facts = [
        (type(optimizer).__name__, len(optimizer.variables) if optimizer is not None else 0),
        *((weight.path, weight.shape, weight.dtype, weight.trainable) for weight in model.weights),
        *_layers(model),
    ]
    return hashlib.sha1(repr(facts).encode("utf-8", "replace"), usedforsecurity=False).hexdigest()[:16]


def _layers(layer: Layer | ModelLike) -> Iterator[tuple[Any, ...]]:
    yield (layer.name, type(layer).__name__, layer.trainable)
    for inner in inner_layers(layer):
        yield from _layers(inner)

"""The kind of a layer, which gives its colour: by the file that its class, or a base of it, is written in."""

from __future__ import annotations

from typing import Any

from layerlab.core.layer import Layer

__all__ = ["family"]

_LAYERS = "layerlab.layers."
_FAMILY_OF_FILE = {
    "activation": "activation",
    "attention": "attention",
    "conv": "conv",
    "conv_transpose": "conv",
    "dense": "dense",
    "embed": "embed",
    "input": "input",
    "merge": "merge",
    "norm": "norm",
    "pool": "pool",
    "regularize": "regularize",
    "reshape": "reshape",
    "rnn": "rnn",
}


def family(operation: Any) -> str:
    """One of the families that `NodeInfo.family` names."""
    if not isinstance(operation, Layer):
        return "op"
    if hasattr(operation, "operations"):
        return "model"
    for cls in type(operation).__mro__:
        if cls.__module__.startswith(_LAYERS):
            file = cls.__module__.removeprefix(_LAYERS).split(".")[0]
            return _FAMILY_OF_FILE.get(file, "other")
    return "other"

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
    "multi_head": "attention",
    "norm": "norm",
    "pool": "pool",
    "regularize": "regularize",
    "reshape": "reshape",
    "rnn": "rnn",
    "rnn_cells": "rnn",
    "rnn_layers": "rnn",
    "rnn_stack": "rnn",
    "time_wrap": "rnn",
}


def family(operation: Any) -> str:
    """One of the families that `NodeInfo.family` names."""
    if not isinstance(operation, Layer):
        return "op"
    if hasattr(operation, "operations"):
        return "model"
    files = [
        cls.__module__.removeprefix(_LAYERS).split(".")[0]
        for cls in type(operation).__mro__
        if cls.__module__.startswith(_LAYERS)
    ]
    return next((_FAMILY_OF_FILE[file] for file in files if file in _FAMILY_OF_FILE), "other")

"""The kind of a layer, which gives its colour, by the name of its class or of the one that it extends."""

from __future__ import annotations

import functools
import re
from typing import Any

from layerlab.core.layer import Layer

__all__ = ["FAMILY_PATTERNS", "family"]

_LAYERS = "layerlab.layers."

FAMILY_PATTERNS = {
    r"^Input": "input",
    r"Attention$": "attention",
    r"Conv": "conv",
    r"Dense$": "dense",
    r"Pooling|^(Adaptive)?(Average|Max)Pool": "pool",
    r"^(?!Spectral).+Normalization$": "norm",  # Normalization prepares data, SpectralNormalization wraps
    r"LSTM|GRU|RNN|^Bidirectional$|^TimeDistributed$": "rnn",
    r"Embedding$": "embed",
    r"Dropout|^Gaussian|^ActivityRegularization$": "regularize",
    r"^(Activation|ReLU|LeakyReLU|PReLU|ELU|Softmax|.*Activation)$": "activation",
    r"^(Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate|Dot)$": "merge",
    r"^(Flatten|Reshape|Permute|RepeatVector|Cropping\dD|ZeroPadding\dD|UpSampling\dD)$": "reshape",
}
"""The first that is found in a name counts. The page, which reads files, gets these too (`tables.ts`)."""


def family(operation: Any) -> str:
    """One of the families of `FAMILY_COLOURS` (graph_picture.py)."""
    if not isinstance(operation, Layer):
        return "op"
    if hasattr(operation, "operations"):
        return "model"
    # What users call their own classes says nothing: what they extend does.
    names = [cls.__name__ for cls in type(operation).__mro__ if cls.__module__.startswith(_LAYERS)]
    return next(filter(None, map(_family_of, names)), "other")


@functools.cache  # of names of ours alone: few, however many layers a graph has
def _family_of(name: str) -> str | None:
    return next((family for pattern, family in FAMILY_PATTERNS.items() if re.search(pattern, name)), None)

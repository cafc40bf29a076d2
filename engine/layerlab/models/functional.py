"""Functional models: a graph with a trainer."""

from __future__ import annotations

from layerlab.layers.input import Input
from layerlab.models.model import Model

__all__ = ["Functional", "Input"]


class Functional(Model):
    """What `Model(inputs, outputs)` returns.

    Inputs that are tensors from the middle of a graph get an `Input` of their own; layers and
    weights are shared with the other models over that graph.
    """

    config_base = True

"""What inspection returns: frozen dataclasses of JSON scalars, lists and dicts.

They are drawn by the front end as well (`labextension/src/protocol.ts` is generated from them)
and by `plot_model`. Imports nothing of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = [
    "Edge",
    "LayerDetails",
    "ModelGraph",
    "NodeInfo",
    "SummaryRow",
    "SummaryTable",
    "WeightStatistics",
]


@dataclass(frozen=True, kw_only=True)
class NodeInfo:
    """One box of a graph: one call of a layer or op, or a group (a nested model)."""

    id: str
    """Unique in the graph, and short: names, joined with those of the groups around."""
    parent: str | None
    """The group's id, None at the top."""
    name: str
    class_name: str
    family: str
    """The kind of layer, which gives the colour: a key of `FAMILY_COLOURS` (graph_picture.py)."""
    path: str
    output_shape: str
    dtype: str
    parameters: int
    trainable: bool
    is_group: bool
    config: dict[str, Any]
    """Scalars and short strings of the layer's configuration, for the details pane."""
    weights: list[dict[str, Any]]
    """Per weight: path, shape (string), dtype, trainable."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A tensor flowing from one node to another; `label` is its shape."""

    source: str
    target: str
    label: str


@dataclass(frozen=True, kw_only=True)
class ModelGraph:
    """Nodes in topological order, groups before their members."""

    nodes: list[NodeInfo]
    edges: list[Edge]


@dataclass(frozen=True, kw_only=True)
class SummaryRow:
    """One layer of the summary table; `depth` counts nesting."""

    name: str
    class_name: str
    path: str
    depth: int
    output_shape: str
    parameters: int
    size_bytes: int
    trainable: bool
    connected_to: list[str]


@dataclass(frozen=True, kw_only=True)
class SummaryTable:
    """The rows and totals that `model.summary()` prints."""

    rows: list[SummaryRow]
    parameters: int
    trainable_parameters: int
    non_trainable_parameters: int
    optimizer_parameters: int
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class WeightStatistics:
    """One weight of a layer at one moment. The numbers are those of the `sampled` values."""

    path: str
    shape: str
    dtype: str
    trainable: bool
    elements: int
    sampled: int
    """As many as `elements`; fewer, drawn at random, of a very large weight."""
    mean: float | None
    """Of the finite values, as are the three below; None if there are none."""
    std: float | None
    minimum: float | None
    maximum: float | None
    zeros: float
    """The share of values that are exactly 0, from 0 to 1."""
    non_finite: int
    """How many values are infinite or not a number."""
    histogram: list[int]
    """Counts of finite values in equal bins from minimum to maximum; one bin if all are equal."""


@dataclass(frozen=True, kw_only=True)
class LayerDetails:
    """What is told of a layer on demand: nothing of it is in the graph."""

    node_id: str
    documentation: str
    """The first paragraph of the docstring of its class."""
    weights: list[WeightStatistics]
    """Empty for a group: its layers tell of theirs."""
    omitted_weights: int
    """Weights beyond those that are listed."""

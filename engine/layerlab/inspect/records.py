"""What inspection returns: frozen dataclasses of JSON scalars, lists and dicts.

They are drawn by the front end as well (`labextension/src/protocol.ts` is generated from them)
and by `plot_model`. Imports nothing of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Edge", "ModelGraph", "NodeInfo", "SummaryRow", "SummaryTable"]


@dataclass(frozen=True, kw_only=True)
class NodeInfo:
    """One box of a graph: one call of a layer or op, or a group (a nested model)."""

    id: str
    """Unique in the graph; a node inside a group has its parent's id as prefix."""
    parent: str | None
    """The group's id, None at the top."""
    name: str
    class_name: str
    family: str
    """input, dense, conv, pool, norm, rnn, attention, activation, merge, reshape, regularize, embed, model,
    op or other: the colour."""
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

"""What a picture of a graph consists of, whatever draws it: boxes with lines of text, frames and ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from layerlab.inspect.graph_layout import Box, Line, fold, lay_out
from layerlab.inspect.records import ModelGraph, NodeInfo
from layerlab.inspect.safe_text import clean

__all__ = ["FAMILY_COLOURS", "LINE_HEIGHT", "Labels", "Part", "Picture", "draw"]

FAMILY_COLOURS = {
    "input": "#7a8594",
    "dense": "#2f7fd1",
    "conv": "#7c4fd0",
    "pool": "#b34fc0",
    "norm": "#2a9d8f",
    "rnn": "#c2477f",
    "attention": "#d64545",
    "activation": "#e08a1e",
    "merge": "#5a9e3a",
    "reshape": "#9a7b4f",
    "regularize": "#a39413",
    "embed": "#2795b5",
    "model": "#5566c8",
    "op": "#7a8594",
    "other": "#7a8594",
}
"""The kinds of layers, with a colour each; the notebook's own view gets this table too (`tables.ts`)."""

LINE_HEIGHT = 15.0
CHARACTER_WIDTH = 6.4  # px, a generous mean width of 11 px sans-serif: text must stay inside its box


@dataclass(frozen=True)
class Labels:
    """Which lines a box has. The class is always told, with the name if it is not on a line of its own."""

    names: bool = True
    input_shapes: bool = False
    output_shapes: bool = True
    dtypes: bool = False
    activations: bool = False
    trainable: bool = False


@dataclass(frozen=True)
class Part:
    """One node: a box with its texts (the first one is the heading), or a frame around others."""

    node: NodeInfo
    box: Box
    texts: list[str]
    is_frame: bool

    @property
    def colour(self) -> str:
        """The colour of its family, readable as a border on light and dark."""
        return FAMILY_COLOURS.get(self.node.family, FAMILY_COLOURS["other"])

    @property
    def is_frozen(self) -> bool:
        """Has weights that training leaves alone."""
        return self.node.parameters > 0 and not self.node.trainable


@dataclass(frozen=True)
class Picture:
    """Frames before what is in them; `missing` nodes were left out at the end."""

    parts: list[Part]
    lines: list[Line]
    width: float
    height: float
    sideways: bool
    missing: int


def draw(
    graph: ModelGraph,
    direction: Literal["TB", "LR"] = "TB",
    labels: Labels | None = None,
    most_nodes: int | None = None,
) -> Picture:
    """Place `graph`; more than `most_nodes` get their groups closed, and then their end cut off."""
    labels = labels or Labels()
    shown = graph if most_nodes is None else fold(graph, most_nodes)
    missing = 0 if most_nodes is None else max(0, len(shown.nodes) - most_nodes)
    kept = shown.nodes[: len(shown.nodes) - missing]
    shown = ModelGraph(nodes=kept, edges=shown.edges)
    inputs: dict[str, list[str]] = {}
    for edge in shown.edges:
        inputs.setdefault(edge.target, []).append(edge.label)
    texts = {node.id: _texts(node, labels, inputs.get(node.id, [])) for node in kept}
    layout = lay_out(shown, {id: _size(lines) for id, lines in texts.items()}, direction)
    frames = {node.parent for node in kept}
    parts = [_part(node, layout.boxes, texts[node.id], is_frame=node.id in frames) for node in kept]
    return Picture(parts, layout.lines, layout.width, layout.height, direction == "LR", missing)


def _part(node: NodeInfo, boxes: Mapping[str, Box], texts: list[str], *, is_frame: bool) -> Part:
    if not is_frame:
        return Part(node, boxes[node.id], texts, is_frame)
    room = max(4, int((boxes[node.id].width - 16) / CHARACTER_WIDTH))
    heading = clean(f"{clean(node.name, 60)} ({clean(node.class_name, 60)})", room)
    return Part(node, boxes[node.id], [heading], is_frame)


def _texts(node: NodeInfo, labels: Labels, inputs: Sequence[str]) -> list[str]:
    lines = [clean(node.name, 34)] if labels.names else []
    lines.append(clean(node.class_name, 34))
    if labels.activations and isinstance(node.config.get("activation"), str):
        lines.append(f"activation: {clean(node.config['activation'], 28)}")
    if labels.input_shapes and inputs:
        lines.append(f"in: {clean(', '.join(inputs), 40)}")
    if labels.output_shapes and node.output_shape:
        before = "out: " if labels.input_shapes else ""
        lines.append(before + clean(node.output_shape, 40))
    if labels.dtypes and node.dtype:
        lines.append(clean(node.dtype, 34))
    if labels.trainable and node.parameters:
        lines.append("trainable" if node.trainable else "not trainable")
    return lines


def _size(lines: list[str]) -> tuple[float, float]:
    return max(90.0, 18 + CHARACTER_WIDTH * max(map(len, lines))), 8 + LINE_HEIGHT * len(lines)

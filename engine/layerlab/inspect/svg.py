"""A model's graph as an SVG picture that needs no other program and no script.

Text is escaped and shortened; colours are readable on light and dark; there are no ids, because a
page may hold many pictures. Imports the layout and the records.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from layerlab.inspect.layout import Box, Layout, Line, fold, lay_out
from layerlab.inspect.markup import clean, escape
from layerlab.inspect.records import ModelGraph, NodeInfo

__all__ = ["FAMILY_COLOURS", "graph_svg"]

FAMILY_COLOURS = {
    "input": "#8a8f98",
    "dense": "#3b82c4",
    "conv": "#c2703a",
    "pool": "#b0894a",
    "norm": "#7a9a3e",
    "rnn": "#9a63b8",
    "attention": "#c25b8a",
    "activation": "#d0a21e",
    "merge": "#4a9a8c",
    "reshape": "#6f8fa8",
    "regularize": "#a07a6a",
    "embed": "#5a7fd0",
    "model": "#7d8590",
    "op": "#90959d",
    "other": "#7d8590",
}

_MARGIN = 10.0
_CHARACTER = 6.4  # px, a generous mean width of 11 px sans-serif: text must stay inside its box
_LINE = 15.0
_MOST_NODES = 300


def graph_svg(
    graph: ModelGraph,
    *,
    direction: Literal["TB", "LR"] = "TB",
    show_shapes: bool = True,
    most_nodes: int = _MOST_NODES,
) -> str:
    """`graph` as an `<svg>` element.

    Args:
        direction: top down ('TB') or left to right ('LR').
        most_nodes: larger graphs get their groups closed, and then their end cut off with a note.
    """
    shown = fold(graph, most_nodes)
    missing = max(0, len(shown.nodes) - most_nodes)
    shown = ModelGraph(nodes=shown.nodes[:most_nodes], edges=shown.edges)
    texts = {node.id: _texts(node, show_shapes) for node in shown.nodes}
    layout = lay_out(shown, {id: _size(lines) for id, lines in texts.items()}, direction)
    groups = {node.parent for node in shown.nodes}
    parts = [_group(node, layout.boxes[node.id]) for node in shown.nodes if node.id in groups]
    sideways = direction == "LR"
    paths = "".join(_path(line, sideways) for line in layout.lines)
    arrows = "".join(_arrow(line, sideways) for line in layout.lines)
    parts.append(
        f'<g fill="none" stroke="#888d94" stroke-width="1.2">{paths}</g><g fill="#888d94">{arrows}</g>'
    )
    leaves = [node for node in shown.nodes if node.id not in groups]
    parts += [_node(node, layout.boxes[node.id], texts[node.id]) for node in leaves]
    if missing:
        note = f"… and {missing:,} more nodes"
        parts.append(f'<text x="0" y="{_number(layout.height + 18)}" fill="currentColor">{note}</text>')
    return _frame(parts, layout, f"Graph of {len(graph.nodes)} nodes", note_height=24.0 if missing else 0.0)


def _frame(parts: Iterable[str], layout: Layout, label: str, note_height: float) -> str:
    width, height = layout.width + 2 * _MARGIN, layout.height + 2 * _MARGIN + note_height
    view = f"{-_MARGIN:g} {-_MARGIN:g} {_number(width)} {_number(height)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}" viewBox="{view}"'
        f' width="{_number(width)}" height="{_number(height)}"'
        ' font-family="system-ui,sans-serif" font-size="11">' + "".join(parts) + "</svg>"
    )


def _texts(node: NodeInfo, show_shapes: bool) -> list[str]:
    lines = [clean(node.name, 34), clean(node.class_name, 34)]
    if show_shapes and node.output_shape:
        lines.append(clean(node.output_shape, 40))
    return lines


def _size(lines: list[str]) -> tuple[float, float]:
    return max(90.0, 18 + _CHARACTER * max(map(len, lines))), 8 + _LINE * len(lines)


def _node(node: NodeInfo, box: Box, lines: list[str]) -> str:
    colour = FAMILY_COLOURS.get(node.family, FAMILY_COLOURS["other"])
    dash = ' stroke-dasharray="4 3"' if node.parameters and not node.trainable else ""
    middle = _number(box.x + box.width / 2)
    text = "".join(
        f'<tspan x="{middle}" dy="{_LINE:g}"{weight}>{escape(line)}</tspan>'
        for line, weight in zip(lines, [' font-weight="600"', "", ' opacity=".75"'], strict=False)
    )
    return (
        f"<g>{_title(node)}{_rectangle(box, colour, '.2', '4', dash)}"
        f'<text y="{_number(box.y)}" text-anchor="middle" fill="currentColor">{text}</text></g>'
    )


def _group(node: NodeInfo, box: Box) -> str:
    colour = FAMILY_COLOURS.get(node.family, FAMILY_COLOURS["other"])
    room = max(4, int((box.width - 16) / _CHARACTER))
    heading = escape(f"{clean(node.name, 60)} ({clean(node.class_name, 60)})", room)
    return (
        f"<g>{_title(node)}{_rectangle(box, colour, '.07', '7', '')}"
        f'<text x="{_number(box.x + 8)}" y="{_number(box.y + 15)}" font-weight="600" fill="currentColor">'
        f"{heading}</text></g>"
    )


def _title(node: NodeInfo) -> str:
    return f"<title>{escape(node.path or node.name, 200)}: {node.parameters:,} parameters</title>"


def _rectangle(box: Box, colour: str, opacity: str, radius: str, dash: str) -> str:
    return (
        f'<rect x="{_number(box.x)}" y="{_number(box.y)}"'
        f' width="{_number(box.width)}" height="{_number(box.height)}"'
        f' rx="{radius}" fill="{colour}" fill-opacity="{opacity}" stroke="{colour}"{dash}/>'
    )


def _path(line: Line, sideways: bool) -> str:
    (x, y), *rest = line.points
    steps = [f"M{_point(x, y)}"]
    for next_x, next_y in rest:
        if min(abs(next_x - x), abs(next_y - y)) < 0.5:
            steps.append(f"L{_point(next_x, next_y)}")
        else:  # an S that leaves and arrives along the layout's direction
            middle_x, middle_y = (x + next_x) / 2, (y + next_y) / 2
            leave = (middle_x, y) if sideways else (x, middle_y)
            arrive = (middle_x, next_y) if sideways else (next_x, middle_y)
            steps.append(f"C{_point(*leave)} {_point(*arrive)} {_point(next_x, next_y)}")
        x, y = next_x, next_y
    return f'<path d="{"".join(steps)}"/>'


def _arrow(line: Line, sideways: bool) -> str:
    x, y = line.points[-1]
    shape = "l-6-3v6z" if sideways else "l-3-6h6z"
    return f'<path d="M{_number(x)} {_number(y)}{shape}"/>'


def _point(x: float, y: float) -> str:
    return f"{_number(x)} {_number(y)}"


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")

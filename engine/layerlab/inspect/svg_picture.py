"""A model's graph as an SVG picture that needs no other program and no script.

Text is escaped and shortened; colours are readable on light and dark; there are no ids, because a
page may hold many pictures.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from layerlab.inspect.graph_layout import Box, Line
from layerlab.inspect.graph_picture import LINE_HEIGHT, Labels, Part, Picture, draw
from layerlab.inspect.records import ModelGraph, NodeInfo
from layerlab.inspect.safe_text import escape

__all__ = ["graph_svg", "picture_svg"]

_MARGIN = 10.0
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
    picture = draw(graph, direction, Labels(output_shapes=show_shapes), most_nodes)
    return picture_svg(picture, f"Graph of {len(graph.nodes)} nodes")


def picture_svg(picture: Picture, label: str, background: str = "", text_colour: str = "") -> str:
    """A placed graph as an `<svg>` element; it has the page's colours unless others are given."""
    paths = "".join(_path(line, picture.sideways) for line in picture.lines)
    arrows = "".join(_arrow(line, picture.sideways) for line in picture.lines)
    content = [_group(part) for part in picture.parts if part.is_frame]
    content.append(
        f'<g fill="none" stroke="#888d94" stroke-width="1.2">{paths}</g><g fill="#888d94">{arrows}</g>'
    )
    content += [_node(part) for part in picture.parts if not part.is_frame]
    if picture.missing:
        note = f"… and {picture.missing:,} more nodes"
        content.append(f'<text x="0" y="{_number(picture.height + 18)}" fill="currentColor">{note}</text>')
    return _frame(content, picture, label, background, text_colour)


def _frame(parts: Iterable[str], picture: Picture, label: str, background: str, text_colour: str) -> str:
    width = picture.width + 2 * _MARGIN
    height = picture.height + 2 * _MARGIN + (24.0 if picture.missing else 0.0)
    view = f"{-_MARGIN:g} {-_MARGIN:g} {_number(width)} {_number(height)}"
    colour = f' color="{text_colour}"' if text_colour else ""
    behind = f'<rect x="{-_MARGIN:g}" y="{-_MARGIN:g}" width="100%" height="100%" fill="{background}"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(label)}" viewBox="{view}"'
        f' width="{_number(width)}" height="{_number(height)}"{colour}'
        ' font-family="system-ui,sans-serif" font-size="11">'
        + (behind if background else "")
        + "".join(parts)
        + "</svg>"
    )


def _node(part: Part) -> str:
    box = part.box
    dash = ' stroke-dasharray="4 3"' if part.is_frozen else ""
    middle = _number(box.x + box.width / 2)
    styles = [' font-weight="600"', "", *[' opacity=".75"'] * len(part.texts)]
    text = "".join(
        f'<tspan x="{middle}" dy="{LINE_HEIGHT:g}"{style}>{escape(line)}</tspan>'
        for line, style in zip(part.texts, styles, strict=False)
    )
    return (
        f"<g>{_title(part.node)}{_rectangle(box, part.colour, '.2', '4', dash)}"
        f'<text y="{_number(box.y)}" text-anchor="middle" fill="currentColor">{text}</text></g>'
    )


def _group(part: Part) -> str:
    box = part.box
    return (
        f"<g>{_title(part.node)}{_rectangle(box, part.colour, '.07', '7', '')}"
        f'<text x="{_number(box.x + 8)}" y="{_number(box.y + 15)}" font-weight="600" fill="currentColor">'
        f"{escape(part.texts[0], 200)}</text></g>"
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

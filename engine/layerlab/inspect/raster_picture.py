"""A placed graph as pixels or PDF: matplotlib draws it, if it is installed."""

from __future__ import annotations

import io
from typing import Any, Literal

from layerlab.errors import UnsupportedError, explain
from layerlab.inspect.graph_layout import Line
from layerlab.inspect.graph_picture import LINE_HEIGHT, Part, Picture

__all__ = ["picture_file"]

_MARGIN = 10.0
_PX_PER_INCH = 96.0
_POINTS_PER_PX = 72 / _PX_PER_INCH
_MOST_PIXELS = 400_000_000
_LONGEST_SIDE = 2**16 - 1  # of Agg
_LINE = "#888d94"


def picture_file(picture: Picture, form: Literal["png", "pdf"], dpi: float) -> bytes:
    """The content of a PNG or PDF file.

    Raises: UnsupportedError without matplotlib, or if the image would be too large for it.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UnsupportedError(
            explain(
                f"plot_model needs matplotlib to make a {form.upper()} file, and it is not installed.",
                fix="pip install matplotlib, or write to_file='model.svg', which needs nothing",
            )
        ) from error
    width, height = picture.width + 2 * _MARGIN, picture.height + 2 * _MARGIN
    pixels = (width * dpi / _PX_PER_INCH, height * dpi / _PX_PER_INCH)
    if form == "png" and (max(pixels) > _LONGEST_SIDE or pixels[0] * pixels[1] > _MOST_PIXELS):
        raise UnsupportedError(
            explain(
                f"The image would have {pixels[0]:,.0f} by {pixels[1]:,.0f} pixels.",
                expected=f"at most {_LONGEST_SIDE:,} on a side, and {_MOST_PIXELS:,} in all",
                fix="a smaller dpi, expand_nested=False, or to_file='model.svg'",
            )
        )
    # Not pyplot: that has state that is the person's own.
    figure = Figure(figsize=(width / _PX_PER_INCH, height / _PX_PER_INCH), dpi=dpi, facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(-_MARGIN, width - _MARGIN)
    axes.set_ylim(height - _MARGIN, -_MARGIN)
    axes.axis("off")
    for part in [part for part in picture.parts if part.is_frame]:
        _draw_frame(axes, part)
    for line in picture.lines:
        _draw_line(axes, line, picture.sideways)
    for part in [part for part in picture.parts if not part.is_frame]:
        _draw_box(axes, part)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=form, dpi=dpi, facecolor="white")
    return buffer.getvalue()


def _draw_frame(axes: object, part: Part) -> None:
    _rectangle(axes, part, radius=7, alpha=0.07)
    _write(axes, part.box.x + 8, part.box.y + 15, part.texts[0], weight="bold")


def _draw_box(axes: object, part: Part) -> None:
    _rectangle(axes, part, radius=4, alpha=0.2)
    middle = part.box.x + part.box.width / 2
    for number, text in enumerate(part.texts):
        weight = "bold" if number == 0 else "normal"
        _write(axes, middle, part.box.y + LINE_HEIGHT * (number + 1), text, weight=weight, align="center")


def _write(axes: Any, x: float, y: float, text: str, *, weight: str, align: str = "left") -> None:
    # What is between dollar signs is a formula to matplotlib, and a name to us.
    axes.text(
        x, y, text, size=11 * _POINTS_PER_PX * 0.92, weight=weight, ha=align, va="baseline", color="#111827",
        parse_math=False, clip_on=False,
    )  # fmt: skip


def _rectangle(axes: Any, part: Part, *, radius: float, alpha: float) -> None:
    from matplotlib.colors import to_rgba
    from matplotlib.patches import FancyBboxPatch

    style = f"round,pad=0,rounding_size={radius}"
    for face in ["white", to_rgba(part.colour, alpha)]:
        axes.add_patch(
            FancyBboxPatch(
                (part.box.x, part.box.y), part.box.width, part.box.height, boxstyle=style, facecolor=face,
                edgecolor=part.colour, linewidth=_POINTS_PER_PX, linestyle="--" if part.is_frozen else "-",
            )
        )  # fmt: skip


def _draw_line(axes: Any, line: Line, sideways: bool) -> None:
    from matplotlib.patches import PathPatch, Polygon
    from matplotlib.path import Path

    (x, y), *rest = line.points
    points, codes = [(x, y)], [Path.MOVETO]
    for next_x, next_y in rest:  # the same curves as in SVG
        middle_x, middle_y = (x + next_x) / 2, (y + next_y) / 2
        leave = (middle_x, y) if sideways else (x, middle_y)
        arrive = (middle_x, next_y) if sideways else (next_x, middle_y)
        points += [leave, arrive, (next_x, next_y)]
        codes += [Path.CURVE4] * 3
        x, y = next_x, next_y
    axes.add_patch(
        PathPatch(Path(points, codes), fill=False, edgecolor=_LINE, linewidth=1.2 * _POINTS_PER_PX)
    )
    tip = [(x, y), (x - 6, y - 3), (x - 6, y + 3)] if sideways else [(x, y), (x - 3, y - 6), (x + 3, y - 6)]
    axes.add_patch(Polygon(tip, facecolor=_LINE, edgecolor="none"))

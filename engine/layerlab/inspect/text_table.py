"""A table in text, drawn with box characters as the tables of the library `rich` are, which Keras uses.

Texts that are too wide wrap between words; a single word that is too wide is cut with '…'. Imports nothing
of ours.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Literal

__all__ = ["Alignment", "text_table"]

Alignment = Literal["left", "right", "center"]

_HEAVY = "┃"  # the border of the header
_PADDING = 2  # a space on each side of a cell


def text_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    alignments: Sequence[Alignment],
    line_length: int,
) -> list[str]:
    """The lines of a table that is exactly `line_length` characters wide.

    Args:
        widths: wanted width per column, without borders; they grow or shrink to fit `line_length`.
    """
    fitted = _fit([width + _PADDING for width in widths], line_length - len(widths) - 1)
    lines = [_rule("┏━┳┓", fitted), *_row(header, fitted, alignments, _HEAVY), _rule("┡━╇┩", fitted)]
    for index, row in enumerate(rows):
        if index:
            lines.append(_rule("├─┼┤", fitted))
        lines += _row(row, fitted, alignments, "│")
    return [*lines, _rule("└─┴┘", fitted)]


def _fit(widths: list[int], available: int) -> list[int]:
    """Widths with the sum `available`: growing goes by width, shrinking takes the same from each column."""
    widths = [min(width, available) for width in widths]
    missing = available - sum(widths)
    fitted = []
    total, columns = sum(widths), len(widths)
    for width in widths:
        if missing > 0:
            change = math.ceil(width * missing / total)
        else:
            change = -min(width, round(-missing / columns))
        fitted.append(width + change)
        missing, total, columns = missing - change, total - width, columns - 1
    return fitted


def _rule(ends: str, widths: Sequence[int]) -> str:
    left, line, crossing, right = tuple(ends)
    return left + crossing.join(line * width for width in widths) + right


def _row(
    texts: Sequence[str], widths: Sequence[int], alignments: Sequence[Alignment], border: str
) -> list[str]:
    inner = [width - _PADDING for width in widths]
    columns = [
        [_align(line, width, alignment) for line in _wrap(text, width)]
        for text, width, alignment in zip(texts, inner, alignments, strict=True)
    ]
    height = max(map(len, columns))
    for column, width in zip(columns, inner, strict=True):
        missing = [" " * width] * (height - len(column))
        column[:] = missing + column if border == _HEAVY else column + missing  # headings stand at the bottom
    lines = zip(*columns, strict=True)
    return [border + border.join(f" {cell} " for cell in line) + border for line in lines]


def _wrap(text: str, width: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in re.findall(r"\s*\S+\s*", text):
        if line and len(line) + len(word.rstrip()) > width:
            lines.append(line)
            line = ""
        line += word
    return [*lines, line]


def _align(line: str, width: int, alignment: Alignment) -> str:
    line = line.rstrip() if alignment != "left" or len(line) > width else line
    if len(line) > width:
        line = line[: width - 1] + "…"
    if alignment == "center":
        left = (width - len(line)) // 2
        return " " * left + line + " " * (width - len(line) - left)
    return line.rjust(width) if alignment == "right" else line.ljust(width)

"""Text to standard output, whatever that is and can show."""

from __future__ import annotations

import sys

from layerlab import frontends

__all__ = ["is_drawn_over", "write"]

# Output that knows only ASCII (a Windows pipe, LANG=C) gets lines drawn with what it has.
_IN_ASCII = str.maketrans(
    {"━": "=", "─": "-", "┃": "|", "│": "|", "…": "~"} | dict.fromkeys("┏┳┓┡╇┩├┼┤└┴┘", "+")
)


def is_drawn_over() -> bool:
    """True if a line of standard output can be drawn over: in a terminal, and where a front end shows it."""
    isatty = getattr(sys.stdout, "isatty", None)
    return bool(isatty and isatty()) or frontends.draws_over(sys.stdout)


def write(text: str) -> None:
    """Write `text` to standard output at once; characters it cannot encode are replaced, never an error."""
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        sys.stdout.write(text.translate(_IN_ASCII).encode("ascii", errors="replace").decode("ascii"))
    sys.stdout.flush()

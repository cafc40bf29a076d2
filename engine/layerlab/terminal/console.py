"""Text to standard output, whatever that is and can show. Imports nothing of ours."""

from __future__ import annotations

import sys

__all__ = ["is_terminal", "write"]

# Output that knows only ASCII (a Windows pipe, LANG=C) gets lines drawn with what it has.
_IN_ASCII = str.maketrans(
    {"━": "=", "─": "-", "┃": "|", "│": "|", "…": "~"} | dict.fromkeys("┏┳┓┡╇┩├┼┤└┴┘", "+")
)


def is_terminal() -> bool:
    """True if standard output is a terminal, in which a line can be drawn over."""
    isatty = getattr(sys.stdout, "isatty", None)
    return bool(isatty and isatty())


def write(text: str) -> None:
    """Write `text` to standard output at once; characters it cannot encode are replaced, never an error."""
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        sys.stdout.write(text.translate(_IN_ASCII).encode("ascii", errors="replace").decode("ascii"))
    sys.stdout.flush()

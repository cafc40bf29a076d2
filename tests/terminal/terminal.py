"""Standard output that says it is a terminal."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

__all__ = ["terminal"]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@contextlib.contextmanager
def terminal() -> Iterator[io.StringIO]:
    """What is written inside goes to the text that is given.

    A context, no fixture: pytest sets its own standard output between the fixtures and the test.
    """
    out = _Terminal()
    with contextlib.redirect_stdout(out):
        yield out

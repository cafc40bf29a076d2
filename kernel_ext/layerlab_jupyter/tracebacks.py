"""Errors in a notebook as a reader needs them: the reader's own lines and the message; `%tb` for the rest.

An error that is raised inside the engine has passed 5 to 40 frames of it and of the back end. They tell a
learner nothing, and push the line that is wrong out of sight. The exception itself is as it was afterwards.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import layerlab
from layerlab.errors import LayerlabError

__all__ = ["install_short_tracebacks", "shortened"]

_ENGINE = (str(Path(layerlab.__file__).parent),)
_LIBRARIES = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_INSTALLED = (*_ENGINE, *_LIBRARIES, "<frozen")
# Their message says all. Of others, such as a KeyError by a mistake of ours, the line that raised helps.
_EXPLAINED = (LayerlabError, OSError, MemoryError)
_HINT = "(%tb shows the lines inside layerlab.)"


def install_short_tracebacks(shell: Any) -> None:
    """Let an IPython shell show errors so, unless somebody else has a say in how it shows them."""
    if not shell.custom_exceptions:
        shell.set_custom_exc((Exception,), _show)


def _show(shell: Any, kind: Any, error: Exception, traceback: Any, tb_offset: int | None = None) -> None:
    with shortened(error) as short:
        shell.showtraceback((kind, error, short), tb_offset=tb_offset, running_compiled_code=True)
    sys.last_traceback = traceback  # for %tb and %debug


@contextmanager
def shortened(error: BaseException) -> Iterator[TracebackType | None]:
    """The error's short traceback.

    Until the end of the block, the errors that came before it are short too, or left out if they add nothing.
    """
    states = [_State(one) for one in _chain(error)]
    try:
        _leave_out_causes(error)
        parts = [(one, *_shorten(one)) for one in _chain(error)]
        for one, short, _ in parts[1:]:
            one.__traceback__ = short
        if any(is_shorter for *_, is_shorter in parts):
            error.__notes__ = [*_telling_notes(error), _HINT]
        yield parts[0][1]
    finally:
        for state in states:
            state.restore()


def _telling_notes(error: BaseException) -> list[str]:
    """Not what JAX notes about frames that it has hidden itself."""
    return [note for note in getattr(error, "__notes__", ()) if "JAX_TRACEBACK_FILTERING" not in note]


class _State:
    """What of an exception is changed while it is shown."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.traceback = error.__traceback__
        self.before = (error.__cause__, error.__context__, error.__suppress_context__)
        self.notes = list(error.__notes__) if hasattr(error, "__notes__") else None

    def restore(self) -> None:
        error = self.error
        error.__traceback__ = self.traceback
        error.__cause__, error.__context__, error.__suppress_context__ = self.before
        if self.notes is not None:
            error.__notes__ = self.notes
        elif hasattr(error, "__notes__"):
            del error.__notes__


def _chain(error: BaseException) -> list[BaseException]:
    """The error and all that came before it, as Python shows them."""
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and all(current is not one for one in found):
        found.append(current)
        hidden = None if current.__suppress_context__ else current.__context__
        current = current.__cause__ or hidden
    return found


def _leave_out_causes(error: BaseException) -> None:
    """What the engine caught and raised anew says nothing more, unless it came from the reader's code."""
    for one, before in zip(_chain(error), _chain(error)[1:], strict=False):
        if _first_engine_frame(_items(one)) is not None and not _has_own_line_inside(before):
            one.__cause__, one.__suppress_context__ = None, True
            return


def _shorten(error: BaseException) -> tuple[TracebackType | None, bool]:
    """The traceback without frames of the engine and of what it calls, and whether there were any."""
    items = _items(error)
    first = _first_engine_frame(items)
    if first is None:
        return error.__traceback__, False
    kept = items[:first] + [item for item in items[first:] if not _is_in(_INSTALLED, item.tb_frame)]
    if len(kept) == first and not isinstance(error, _EXPLAINED):
        kept.append(items[-1])
    short: TracebackType | None = None
    for item in reversed(kept):
        short = TracebackType(short, item.tb_frame, item.tb_lasti, item.tb_lineno)
    return short, True


def _has_own_line_inside(error: BaseException) -> bool:
    """Whether the engine had called code of the reader: a layer, a loss, a callback."""
    items = _items(error)
    first = _first_engine_frame(items)
    return first is not None and any(not _is_in(_INSTALLED, item.tb_frame) for item in items[first:])


def _items(error: BaseException) -> list[TracebackType]:
    items, current = [], error.__traceback__
    while current is not None:
        items.append(current)
        current = current.tb_next
    return items


def _first_engine_frame(items: list[TracebackType]) -> int | None:
    return next((i for i, item in enumerate(items) if _is_in(_ENGINE, item.tb_frame)), None)


def _is_in(places: tuple[str, ...], frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(places)

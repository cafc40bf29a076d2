"""One output of a cell that stays in the notebook when the cell's own code clears what is shown."""

from __future__ import annotations

import logging
import sys
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, Literal

from layerlab_jupyter.cells import Cell, shown_in
from layerlab_jupyter.kernels import running_shell
from layerlab_jupyter.protocol import RUN_MIME

__all__ = ["CellOutput"]

_log = logging.getLogger(__name__)

_FULL_PAUSE = 0.25  # seconds between two bundles with a picture, where a cell is cleared again and again
_PICTURES = ("text/html",)

_State = Literal["new", "shown", "doomed", "gone"]  # doomed: the next output of the cell clears it


class CellOutput:
    """An output that is shown, renewed, and shown again before whatever follows a `clear_output`.

    A callback that draws its own chart clears the cell first, mostly with `wait=True`: then the front end
    clears when the next output comes, and this one is sent just before that, so that it is never missed.
    Made, shown and closed by the thread whose outputs it looks at.

    Args:
        cell: where it is shown; None: in the one that ipykernel finds.
    """

    def __init__(self, cell: Cell | None = None) -> None:
        self._display_id = uuid.uuid4().hex
        self._thread = threading.get_ident()
        self._publisher = _publisher()
        self._cell = cell
        self._asked = cell["msg_id"] if cell else None  # the message that asked for that cell
        self._bundle: dict[str, Any] = {}
        self._state: _State = "new"
        self._is_publishing = False
        self._watched: list[tuple[Any, Any]] = []  # streams whose next text makes the front end clear
        self._full_at = 0.0
        if hasattr(self._publisher, "register_hook"):
            self._publisher.register_hook(self._passes)

    def show(self, bundle: dict[str, Any]) -> None:
        """Show the bundle in the cell, in the place of what was shown before."""
        self._bundle = bundle
        self._publish(bundle, is_update=self._state in ("shown", "doomed"))

    def keep(self) -> None:
        """Show it again if the cell was cleared and nothing came after."""
        if self._state == "gone":
            self._show_again()

    def close(self, bundle: dict[str, Any]) -> None:
        """Show the last bundle, and leave it to the notebook."""
        try:
            self._publish(bundle, is_update=self._state == "shown")
        finally:
            self._watch_no_text()
            if hasattr(self._publisher, "unregister_hook"):
                self._publisher.unregister_hook(self._passes)

    def _publish(self, bundle: dict[str, Any], *, is_update: bool) -> None:
        # The publisher finds the cell to write to by the thread. An update finds its output by its id alone.
        from IPython.display import display

        if not is_update:
            self._state = "shown"
            self._watch_no_text()
        self._is_publishing = True
        try:
            with shown_in(self._cell):
                display(bundle, raw=True, display_id=self._display_id, update=is_update)
        finally:
            self._is_publishing = False

    def _show_again(self) -> None:
        now = time.monotonic()
        bundle = self._bundle
        if now < self._full_at:
            bundle = {kind: data for kind, data in bundle.items() if kind not in _PICTURES}
            bundle[RUN_MIME] = {**bundle[RUN_MIME], "events": []}
        else:
            self._full_at = now + _FULL_PAUSE
        try:
            self._publish(bundle, is_update=False)
        except Exception as error:  # what the cell itself shows must come nevertheless
            _log.warning(
                "The live monitor was not shown again: %s: %s", type(error).__name__, str(error)[:300]
            )

    # -- what else the cell shows -----------------------------------------------------------------------

    def _passes(self, message: dict[str, Any]) -> dict[str, Any]:
        """A hook of the publisher: each message of this thread, before it is sent."""
        asked, kind = message["parent_header"].get("msg_id"), message["msg_type"]
        if self._is_publishing:
            self._asked = self._asked or asked
        elif asked == self._asked and kind == "clear_output" and not _goes_into_a_widget(asked):
            # Not the text of a background thread: IPython wraps the streams as cells begin and end.
            waits = message["content"].get("wait") and self._cell is None
            self._state = "doomed" if waits else "gone"
            if waits:
                self._watch_text()
        elif asked == self._asked and kind == "display_data" and self._state != "shown":
            self._show_again()
        return message

    def _watch_text(self) -> None:
        self._watch_no_text()
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "set_parent"):  # ipykernel's
                self._watched.append((stream, vars(stream).get("write")))
                vars(stream)["write"] = self._before_text(stream.write)

    def _watch_no_text(self) -> None:
        for stream, own in self._watched:
            if own is None:
                vars(stream).pop("write", None)
            else:
                vars(stream)["write"] = own  # IPython's, which keeps a copy of what a cell writes
        self._watched = []

    def _before_text(self, write: Callable[[str], int]) -> Callable[[str], int]:
        def show_and_write(text: str) -> int:
            if threading.get_ident() == self._thread and text and self._state != "shown":
                self._show_again()
            return write(text)

        return show_and_write


def _publisher() -> Any:
    return getattr(running_shell(), "display_pub", None)


def _goes_into_a_widget(asked: str | None) -> bool:
    """Whether an Output widget of ipywidgets takes what the cell shows now, and is what is cleared."""
    known = getattr(sys.modules.get("ipywidgets.widgets.widget"), "_instances", {})
    return any(type(each).__name__ == "Output" and each.msg_id == asked for each in list(known.values()))

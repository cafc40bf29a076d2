"""A run pushed to a widget for as long as it lasts, and the commands that come back from it."""

from __future__ import annotations

import dataclasses
import functools
import logging
import threading
import time
from pathlib import Path
from typing import Any

from layerlab.errors import UnsupportedError
from layerlab_jupyter.commands.control_channel import answer
from layerlab_jupyter.protocol import ChartOptions
from layerlab_jupyter.registry import Registry, Run

__all__ = ["LiveWidget", "open_widget"]

_log = logging.getLogger(__name__)

_PAUSE = 0.125  # seconds between two messages
_SNAPSHOT_BYTES = 12_000
_SNAPSHOT_PAUSE = 0.5  # at least; more as soon as making one takes long
_SNAPSHOT_SHARE = 0.005  # of the time
_STATIC = Path(__file__).parent / "static"


def open_widget(run: Run, known: Registry) -> LiveWidget | None:
    """The live view of a run that begins; None, with a warning, where there can be none."""
    try:
        return LiveWidget(run, known)
    except Exception as error:
        _log.warning("The widget cannot be shown: %s: %s", type(error).__name__, str(error)[:300])
        return None


class LiveWidget:
    """The view of a live run. `close` ends its thread and its comms.

    New events are sent as messages. A snapshot of the whole run is a value of the widget: who comes later, or
    missed a message, begins with it.
    """

    def __init__(self, run: Run, known: Registry) -> None:
        self._run = run
        self._known = known
        self._next = 0
        self._snapshot_at = 0.0
        self._is_over = threading.Event()
        self._widget = _widget_class()()
        self._widget.charts = dataclasses.asdict(run.charts or ChartOptions())
        self._widget.on_msg(self._command)
        _leave_subshell_to_the_front_end(self._widget.comm)
        self._thread = threading.Thread(target=self._push, name="layerlab-widget", daemon=True)
        self._thread.start()

    def bundle(self) -> dict[str, Any]:
        """What a cell's output needs to show the view."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self._widget.model_id}
        return {"application/vnd.jupyter.widget-view+json": view}

    def close(self) -> None:
        """End the view; the output should have been replaced before."""
        self._is_over.set()
        if self._thread is not threading.current_thread():
            self._thread.join(5)
        self._widget.layout.close()
        self._widget.close()

    def _push(self) -> None:
        try:
            while not self._is_over.wait(_PAUSE):
                self._send()
        except Exception as error:  # a view that cannot be reached must not disturb the training
            _log.warning("The widget's view ended: %s: %s", type(error).__name__, str(error)[:300])

    def _send(self) -> None:
        fetched = self._run.recorder.fetch(self._next)
        if fetched.next > self._next:
            content = {
                "since": self._next,
                "next": fetched.next,
                "live": fetched.live,
                "events": fetched.events,
            }
            self._widget.send({"kind": "events", **content})
            self._next = fetched.next
        now = time.monotonic()
        if now >= self._snapshot_at and fetched.events:
            events = self._run.recorder.static_events(_SNAPSHOT_BYTES)
            self._widget.snapshot = {"next": self._next, "live": fetched.live, "events": events}
            took = time.monotonic() - now
            self._snapshot_at = now + max(_SNAPSHOT_PAUSE, took / _SNAPSHOT_SHARE)

    def _command(self, widget: Any, content: Any, buffers: object) -> None:
        widget.send(answer(content, self._known, _log))


@functools.cache
def _widget_class() -> type[Any]:
    """Made when the first one is needed: importing anywidget takes longer than all of this package."""
    import anywidget
    import traitlets

    script = _STATIC / "run.js"
    if not script.exists():
        raise UnsupportedError(f"{script} was not built. Fix: run `npm run build:widget` in the checkout.")

    class RunWidget(anywidget.AnyWidget):
        _esm = script.read_text(encoding="utf-8")
        _css = (_STATIC / "run.css").read_text(encoding="utf-8")
        charts = traitlets.Dict().tag(sync=True)
        snapshot = traitlets.Dict().tag(sync=True)

    return RunWidget


def _leave_subshell_to_the_front_end(comm: object) -> None:
    """Let ipykernel 7.4 handle commands on the subshell that they were sent to.

    It would hand them to the shell that last published through the comm, which is the busy one. The name is
    private: where it is gone, commands wait for the cell's end, and the view says so.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default

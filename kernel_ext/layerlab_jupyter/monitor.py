"""The live monitor of one call of fit: records its events, and shows the run in the cell's output."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from layerlab.events import Event, FitFailed, FitFinished, FitStarted, StepsFinished
from layerlab_jupyter.mime import final_bundle, live_bundle
from layerlab_jupyter.runs import Registry, Run

__all__ = ["Monitor"]

_log = logging.getLogger(__name__)


class Monitor:
    """A listener of the training loop. It never raises: showing a run must not end it.

    The output is written twice, whatever the length of the run: a small live bundle at the start,
    which the page draws from what it fetches, and the static picture at the end.
    """

    def __init__(self, run: Run, known: Registry) -> None:
        self._run = run
        self._known = known
        self._display_id = uuid.uuid4().hex
        self._has_failed = False

    def __call__(self, event: Event) -> None:
        try:
            self._run.recorder.record(event)
            if isinstance(event, StepsFinished):
                return
            if isinstance(event, FitStarted):
                self._known.add_run(self._run)
                self._show(live_bundle(self._run), is_update=False)
            elif isinstance(event, FitFinished | FitFailed):
                self._show(final_bundle(self._run), is_update=True)
        except Exception as error:
            if not self._has_failed:  # once: a run of a million steps must not tell it a million times
                self._has_failed = True
                _log.warning("The live monitor failed: %s: %s", type(error).__name__, str(error)[:300])

    def _show(self, bundle: dict[str, Any], is_update: bool) -> None:
        # Asked for each time: fit may run in another thread than the one that called watch, and the publisher
        # finds the cell to write to by the thread. An update finds its output by the display id alone.
        from IPython.display import display

        display(bundle, raw=True, display_id=self._display_id, update=is_update)

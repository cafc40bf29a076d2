"""The live monitor of one call of fit: records its events, and shows the run in the cell's output."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

from layerlab.events import Event, FitFailed, FitFinished, FitStarted, StepsFinished
from layerlab_jupyter.cell_output import CellOutput
from layerlab_jupyter.cells import Cell
from layerlab_jupyter.registry import Registry, Run
from layerlab_jupyter.run_log.log_writer import RunLog
from layerlab_jupyter.static_outputs.mime_bundles import final_bundle, live_bundle
from layerlab_jupyter.widgets.live import LiveWidget, open_widget

__all__ = ["Monitor"]

_log = logging.getLogger(__name__)


_LEAST_PAUSE, _MOST_PAUSE = 1.0, 30.0  # seconds
_SHARE = 0.005  # of the training's time, at most, that making pictures takes


class Monitor:
    """A listener of the training loop. It never raises: showing a run must not end it.

    The page draws a live run from what it fetches. For the notebook that is saved in mid-run, the output
    also holds a static picture: renewed every second at first, every half minute in a long run, and
    less often where making it takes long. At the end the final picture takes its place.

    Args:
        log_folder: where the run's log is written; None for no log.
        shows: False where nobody would see it: the run is only recorded.
        name: what the run is called, if not as its model.
        with_widget: for a front end that does not have the lab extension: the live output is a widget, which
            the final picture replaces.
        cell: where it is shown; None: in the one that ipykernel finds.
    """

    def __init__(
        self,
        run: Run,
        known: Registry,
        log_folder: Path | None = None,
        *,
        shows: bool = True,
        name: str | None = None,
        with_widget: bool = False,
        cell: Cell | None = None,
    ) -> None:
        self._run = run
        self._known = known
        self._log_folder = log_folder
        self.shows = shows
        self._name = name
        self._run_log: RunLog | None = None
        self._with_widget = with_widget
        self._widget: LiveWidget | None = None
        self._cell = cell
        self._output: CellOutput | None = None
        self._has_failed = False
        self._started = 0.0
        self._renew_at = 0.0

    def __call__(self, event: Event) -> None:
        try:
            if isinstance(event, FitStarted):
                event = replace(event, model_name=self._name or event.model_name)
            self._run.recorder.record(event)
            try:
                self._draw(event)
            finally:
                self._write(event)
        except Exception as error:
            if not self._has_failed:  # once: a run of a million steps must not tell it a million times
                self._has_failed = True
                _log.warning("The live monitor failed: %s: %s", type(error).__name__, str(error)[:300])

    def _draw(self, event: Event) -> None:
        if isinstance(event, FitStarted):
            self._known.add_run(self._run)
            self._started = event.time
            self._output = CellOutput(self._cell) if self.shows else None
        if self._output is None:
            return
        if isinstance(event, FitStarted):
            self._widget = open_widget(self._run, self._known) if self._with_widget else None
            if self._widget is None:
                self._show_live(self._output, event.time)
            else:
                self._output.show(live_bundle(self._run) | self._widget.bundle())
        elif isinstance(event, FitFinished | FitFailed):
            self._output.close(final_bundle(self._run))
            if self._widget is not None:
                self._widget.close()
        elif self._widget is None and event.time >= self._renew_at:
            self._show_live(self._output, event.time)
        else:
            self._output.keep()

    def _write(self, event: Event) -> None:
        if isinstance(event, FitStarted) and self._log_folder is not None:
            self._run_log = RunLog(self._run.recorder, self._log_folder)
        elif isinstance(event, FitFinished | FitFailed):
            self._end()
        elif self._run_log is not None and not isinstance(event, StepsFinished):
            self._run_log.wake()  # the log takes steps by the clock

    def _end(self) -> None:
        log = self._run_log
        if log is not None:
            log.close()
        self._run.recorder.end(log.path if log is not None and log.is_complete else None)

    def _show_live(self, output: CellOutput, now: float) -> None:
        before = time.perf_counter()
        self._renew_at = now + _MOST_PAUSE  # should it fail, not again at the next step
        output.show(live_bundle(self._run))
        pause = min(_MOST_PAUSE, max(_LEAST_PAUSE, (now - self._started) / 4))
        self._renew_at = now + max(pause, (time.perf_counter() - before) / _SHARE)

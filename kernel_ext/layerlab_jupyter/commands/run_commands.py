"""What there is to know of one run, of this process or of one before."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

from layerlab_jupyter.commands.command import Command
from layerlab_jupyter.commands.known_objects import known_run
from layerlab_jupyter.protocol import FetchEventsResult
from layerlab_jupyter.registry import Registry, Run
from layerlab_jupyter.run_log.log_folder import log_folder
from layerlab_jupyter.run_log.logged_run import logged_run
from layerlab_jupyter.static_outputs.mime_bundles import final_bundle, live_bundle

__all__ = ["DescribeRun", "DescribeRunResult", "FetchEvents"]


@dataclass(frozen=True, kw_only=True)
class FetchEvents(Command):
    """Events of a run from number `since` on (0: the whole history, thinned out if it is long)."""

    method: ClassVar[str] = "fetch_events"
    run_id: str
    since: int = 0

    def answer(self, known: Registry) -> FetchEventsResult:
        run, logged = _recorded_run(known, self.run_id)
        fetched = run.recorder.fetch(self.since)  # a log is read once, whole
        return dataclasses.replace(
            fetched, live=fetched.live and not logged, logged=logged, charts=run.charts
        )


@dataclass(frozen=True, kw_only=True)
class DescribeRunResult:
    """`data` by MIME type."""

    data: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class DescribeRun(Command):
    """The run as a cell's output that needs no kernel: what a page puts in the place of a live output."""

    method: ClassVar[str] = "describe_run"
    run_id: str

    def answer(self, known: Registry) -> DescribeRunResult:
        run, logged = _recorded_run(known, self.run_id)
        is_over = logged or run.recorder.has_ended
        return DescribeRunResult(data=final_bundle(run) if is_over else live_bundle(run))


def _recorded_run(known: Registry, run_id: str) -> tuple[Run, bool]:
    """The run of this process or of a log, and whether it is of a log. Raises: Refusal."""
    logged = logged_run(log_folder(), run_id) if known.run(run_id) is None else None
    return (known_run(known, run_id), False) if logged is None else (logged, True)

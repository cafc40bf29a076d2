"""From the engine's events to a recorded run that a front end can ask for at any time.

The recorder is a listener of the training loop. It keeps every batch, as columns of numbers, and
sends nothing: the page fetches what it has not seen. So nothing is lost when nobody looks, a second
tab gets the same history, and training pays one short append a step.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_right
from typing import Any, Literal

from layerlab.events import Event, StepsFinished, to_dict
from layerlab_jupyter.json_safe import json_key, json_safe, number
from layerlab_jupyter.progress import Progress, progress_of
from layerlab_jupyter.protocol import FetchEventsResult
from layerlab_jupyter.static_events import fitted_events, names_in
from layerlab_jupyter.thinning import Part, StepBlock, thin

__all__ = ["RunRecorder", "RunStatus"]

RunStatus = Literal["running", "paused", "stopped", "failed", "finished", "lost"]
"""'lost': it was read from a log whose process ended before the run did."""

_BLOCK_SECONDS = 1.0  # a block carries one time, and a time axis should be right to about a second
_FETCH_STEPS = 10_000  # a few points a pixel, and a reply of about a megabyte
_FETCH_EPOCHS = 5_000
_FETCH_MARKS = 1_000
_STATUS_AFTER: dict[str, RunStatus] = {
    "fit_started": "running",
    "fit_paused": "paused",
    "fit_resumed": "running",
    "fit_stopped": "stopped",
    "fit_failed": "failed",
    "fit_finished": "finished",
}


class RunRecorder:
    """The whole history of one run; every method may be called from any thread.

    Items are numbered from 0: each training step is one, each other event is one.
    """

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.status: RunStatus = "running"
        self.model_name = ""
        self.started = 0.0
        self._lock = threading.Lock()
        self._parts: list[Part] = []
        self._starts: list[int] = []  # the number of each part's first item
        self._count = 0
        self._block_until = 0.0

    @property
    def has_ended(self) -> bool:
        """True when no more events will come."""
        last = self._parts[-1] if self._parts else None
        return isinstance(last, dict) and last["type"] in ("fit_failed", "fit_finished")

    def record(self, event: Event) -> None:
        """Append one event."""
        if isinstance(event, StepsFinished):
            self._record_steps(event)
        else:
            self._record_other(json_safe(to_dict(event)))

    def fetch(self, since: int = 0) -> FetchEventsResult:
        """The items from number `since` on: steps merged into few events, very many of them thinned out."""
        with self._lock:
            count, live = self._count, not self.has_ended
            parts = self._copy(since)
        thinned = thin(parts, steps=_FETCH_STEPS, epochs=_FETCH_EPOCHS, marks=_FETCH_MARKS)
        return FetchEventsResult(events=[self._as_event(part) for part in thinned], next=count, live=live)

    def progress(self) -> Progress:
        """How far the run is."""
        with self._lock:
            return progress_of(self._parts)

    def parts(self, since: int = 0) -> tuple[list[Part], int]:
        """All items from number `since` on, and the number of the next one."""
        with self._lock:
            return self._copy(since), self._count

    def outline(self) -> list[dict[str, Any]]:
        """All events but the steps, of which there is only the last."""
        with self._lock:
            events = [part for part in self._parts if isinstance(part, dict)]
            blocks = (part for part in reversed(self._parts) if isinstance(part, StepBlock))
            last = next(blocks, None)
            row = None if last is None else last.select([len(last.steps) - 1])
        return events if row is None else [*events, self._as_event(row)]

    def static_events(self, size_bytes: int) -> list[dict[str, Any]]:
        """The run in at most `size_bytes` of JSON: the detail that fits, and always its start and end."""
        parts, _ = self.parts()
        return fitted_events(parts, self._as_event, size_bytes)

    def metric_names(self) -> list[str]:
        """All metrics of the run, without 'val_', in the order in which they are shown."""
        with self._lock:
            return names_in(self._parts)

    # -- recording ----------------------------------------------------------------------------

    def _record_steps(self, event: StepsFinished) -> None:
        # All conversions first: an event that cannot be read must not leave half a row behind.
        steps = array("q", event.steps)
        columns = {json_key(label): array("d", values) for label, values in event.logs.items()}
        if any(len(column) != len(steps) for column in columns.values()):
            raise ValueError("steps and logs of an event differ in length")
        with self._lock:
            block = self._open_block(event)
            if block is None or block.columns.keys() != columns.keys():
                self._block_until = event.time + _BLOCK_SECONDS
                self._append(StepBlock(event.epoch, event.epoch_step, event.time, steps, columns), len(steps))
                return
            block.epoch_step, block.time = event.epoch_step, event.time
            for label, column in columns.items():
                block.columns[label].extend(column)
            block.steps.extend(steps)  # last: readers and `_copy` go by the length of `steps`
            self._count += len(steps)

    def _open_block(self, event: StepsFinished) -> StepBlock | None:
        last = self._parts[-1] if self._parts else None
        if isinstance(last, StepBlock) and last.epoch == event.epoch and event.time < self._block_until:
            return last
        return None

    def _record_other(self, event: dict[str, Any]) -> None:
        with self._lock:
            self._append(event, 1)
            status = _STATUS_AFTER.get(event["type"])
            if status and not (status == "finished" and self.status in ("stopped", "failed")):
                self.status = status
            if event["type"] == "fit_started":
                self.model_name, self.started = event["model_name"], event["time"]

    def _append(self, part: Part, items: int) -> None:
        self._parts.append(part)
        self._starts.append(self._count)
        self._count += items

    # -- reading ------------------------------------------------------------------------------

    def _copy(self, since: int) -> list[Part]:
        """The parts from item `since` on; blocks are copied, because the training thread extends them."""
        if since >= self._count:
            return []
        first = max(0, bisect_right(self._starts, since) - 1)
        copies: list[Part] = []
        for start, part in zip(self._starts[first:], self._parts[first:], strict=True):
            if isinstance(part, StepBlock):
                rows = slice(max(0, since - start), len(part.steps))
                columns = {label: column[rows] for label, column in part.columns.items()}
                copies.append(StepBlock(part.epoch, part.epoch_step, part.time, part.steps[rows], columns))
            else:
                copies.append(part)  # never changed once recorded
        return copies

    def _as_event(self, part: Part) -> dict[str, Any]:
        if not isinstance(part, StepBlock):
            return part
        logs = {label: [number(value) for value in column] for label, column in part.columns.items()}
        return {
            "type": StepsFinished.type,
            "run_id": self.run_id,
            "time": part.time,
            "epoch": part.epoch,
            "epoch_step": part.epoch_step,
            "steps": part.steps.tolist(),
            "logs": json_safe(logs),
        }

"""From the engine's events to a recorded run that a front end can ask for at any time.

The recorder is a listener of the training loop. It keeps every batch, as columns of numbers, and
sends nothing: the page fetches what it has not seen. So nothing is lost when nobody looks, a second
tab gets the same history, and training pays one short append a step. Memory is bounded: past it, and when
a run has ended that its log has whole, only what draws the same charts is kept.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_right
from pathlib import Path
from typing import Any

from layerlab.events import Event, StepsFinished, to_dict
from layerlab_jupyter.json_safe import json_key, json_safe, number
from layerlab_jupyter.protocol import FetchEventsResult
from layerlab_jupyter.recording.memory_limits import (
    ENDED,
    LIVE,
    LOGGED,
    MOST_NUMBERS,
    MOST_PARTS,
    SHOWN,
    Room,
    numbers_in,
)
from layerlab_jupyter.recording.metric_goals import metric_names
from layerlab_jupyter.recording.run_progress import Progress, RunStatus, Summary, Tally
from layerlab_jupyter.recording.static_events import fitted_events
from layerlab_jupyter.recording.thinning import Part, StepBlock

__all__ = ["RunRecorder", "RunStatus"]


_BLOCK_SECONDS = 1.0  # a block carries one time, and a time axis should be right to about a second,
_BLOCK_SHARE = 1 / 2000  # or, in a long run, to less than a pixel


class RunRecorder:
    """The whole history of one run; every method may be called from any thread.

    Items are numbered from 0: each training step is one, each other event is one.
    """

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id
        self.log: Path | None = None
        """Where steps and events are that are no longer kept here, once the run has ended."""
        self._lock = threading.Lock()
        self._parts: list[Part] = []
        self._starts: list[int] = []  # the number of each part's first item
        self._count = 0
        self._numbers = 0  # in all blocks
        self._most_numbers, self._most_parts = MOST_NUMBERS, MOST_PARTS
        self._block_until = 0.0
        self._tally = Tally()

    @property
    def status(self) -> RunStatus:
        """What the run does, or how it ended."""
        return self._tally.status

    @status.setter
    def status(self, status: RunStatus) -> None:
        self._tally.status = status

    @property
    def model_name(self) -> str:
        """What the run is called."""
        return str(self._tally.start.get("model_name", ""))

    @property
    def started(self) -> float:
        """When the run began, in seconds since the Unix epoch; 0 if it has not."""
        return self._tally.started

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

    def end(self, log: Path | None) -> None:
        """Keep less of a run that has ended, so that many of them can be kept.

        Args:
            log: the file that has the whole run; None if there is none.
        """
        with self._lock:
            before = self._count_kept()
            self._keep(ENDED if log is None else LOGGED)
            self.log = log if self._count_kept() < before else None

    def fetch(self, since: int = 0) -> FetchEventsResult:
        """The items from number `since` on: steps merged into few events, very many of them thinned out."""
        with self._lock:
            count, live = self._count, not self.has_ended
            parts = self._copy(since)
        shown = SHOWN.keep(parts).values()
        return FetchEventsResult(events=[self._as_event(part) for part in shown], next=count, live=live)

    def progress(self) -> Progress:
        """How far the run is."""
        with self._lock:
            return self._tally.progress()

    def summary(self, path: str = "") -> Summary | None:
        """The run in a line; None if it has not begun. `path` is that of its log."""
        with self._lock:
            return self._tally.summary(path=path)

    def parts(self, since: int = 0) -> tuple[list[Part], int]:
        """All items from number `since` on, and the number of the next one."""
        with self._lock:
            return self._copy(since), self._count

    def static_events(self, size_bytes: int) -> list[dict[str, Any]]:
        """The run in at most `size_bytes` of JSON: the detail that fits, and always its start and end."""
        parts, _ = self.parts()
        return fitted_events(parts, self._as_event, size_bytes)

    def metric_names(self) -> list[str]:
        """All metrics of the run, without 'val_', in the order in which they are shown."""
        with self._lock:
            return metric_names(self._tally.labels)

    # -- recording ----------------------------------------------------------------------------

    def _record_steps(self, event: StepsFinished) -> None:
        # All conversions first: an event that cannot be read must not leave half a row behind.
        steps = array("q", event.steps)
        columns = {json_key(label): array("d", values) for label, values in event.logs.items()}
        if any(len(column) != len(steps) for column in columns.values()):
            raise ValueError("steps and logs of an event differ in length")
        if not steps:
            return
        with self._lock:
            self._append_steps(event, steps, columns)
            last = {label: column[-1] for label, column in columns.items()}
            self._tally.add_steps(event.time, event.epoch, event.epoch_step, steps[-1], last)
            self._numbers += len(steps) * (1 + len(columns))
            self._stay_in_room()

    def _append_steps(
        self, event: StepsFinished, steps: array[int], columns: dict[str, array[float]]
    ) -> None:
        block = self._open_block(event)
        if block is None or block.columns.keys() != columns.keys():
            age = event.time - (self._tally.started or event.time)
            self._block_until = event.time + max(_BLOCK_SECONDS, age * _BLOCK_SHARE)
            self._append(StepBlock(event.epoch, event.epoch_step, event.time, steps, columns), len(steps))
            return
        block.epoch_step, block.time = event.epoch_step, event.time
        for label, column in columns.items():
            block.columns[label].extend(column)
        block.steps.extend(steps)
        self._count += len(steps)

    def _open_block(self, event: StepsFinished) -> StepBlock | None:
        last = self._parts[-1] if self._parts else None
        if isinstance(last, StepBlock) and last.epoch == event.epoch and event.time < self._block_until:
            return last
        return None

    def _record_other(self, event: dict[str, Any]) -> None:
        with self._lock:
            self._append(event, 1)
            self._tally.add(event)
            self._stay_in_room()

    def _append(self, part: Part, items: int) -> None:
        self._parts.append(part)
        self._starts.append(self._count)
        self._count += items

    def _stay_in_room(self) -> None:
        if self._numbers <= self._most_numbers and len(self._parts) <= self._most_parts:
            return
        self._keep(LIVE, spared=self._count_newest())
        # What cannot be made smaller must not be thinned again at the next step.
        self._most_numbers = max(MOST_NUMBERS, self._numbers + MOST_NUMBERS // 4)
        self._most_parts = max(MOST_PARTS, len(self._parts) + MOST_PARTS // 4)

    def _count_newest(self) -> int:
        """How many of the last parts nobody may have seen yet, the log included."""
        count = numbers = 0
        for part in reversed(self._parts[-MOST_PARTS // 8 :]):
            numbers += numbers_in([part])
            if count and numbers > MOST_NUMBERS // 8:
                break
            count += 1
        return count

    def _keep(self, room: Room, spared: int = 0) -> None:
        old = len(self._parts) - spared
        kept = room.keep(self._parts[:old])
        self._starts = [*(self._starts[place] for place in kept), *self._starts[old:]]
        self._parts = [*kept.values(), *self._parts[old:]]
        self._numbers = numbers_in(self._parts)
        self._block_until = 0.0  # what is now the last block may be in the hands of a reader

    # -- reading ------------------------------------------------------------------------------

    def _count_kept(self) -> int:
        return sum(len(part.steps) if isinstance(part, StepBlock) else 1 for part in self._parts)

    def _copy(self, since: int) -> list[Part]:
        """The parts from item `since` on; the last block is copied: the training thread extends it."""
        first = max(0, bisect_right(self._starts, since) - 1)
        parts = self._parts[first:]
        if not parts or since >= self._count:
            return []
        begun, seen = parts[0], since - self._starts[first]
        if seen > 0:
            is_new = isinstance(begun, StepBlock) and seen < len(begun.steps)
            parts[:1] = [begun.rest(seen)] if isinstance(begun, StepBlock) and is_new else []
        if parts and isinstance(parts[-1], StepBlock):
            parts[-1] = parts[-1].rest(0)
        return parts

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

"""Reads the logs of runs: whole, as a recorder that answers as that of a live run does, or as a summary.

Nothing in a file is trusted. Lines that are no events of the run are left out, with one message for the file.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any

from layerlab.events import Event, FitStarted
from layerlab_jupyter.bridge import RunRecorder, RunStatus
from layerlab_jupyter.log_folder import is_safe_id, logs, open_log
from layerlab_jupyter.log_lines import MOST_LINE_BYTES, STEPS_PREFIX, decode_line
from layerlab_jupyter.log_lock import is_held

__all__ = ["Summary", "find_log", "read_log", "summaries", "summarize"]

_log = logging.getLogger(__name__)
_MOST_BYTES = 128 * 2**20  # our own logs are smaller
_MOST_BAD_LINES = 10_000
_ENDED = ("stopped", "failed", "finished")


@dataclass(frozen=True)
class Summary:
    """One run in short. `epochs` of `all_epochs` are finished; `logs` are those of the last of them."""

    run_id: str
    model: str
    model_class: str
    backend: str
    optimizer: str
    learning_rate: float | None
    batch_size: int | None
    parameters: int
    status: RunStatus
    started: float
    seconds: float
    epochs: int
    all_epochs: int
    steps: int
    logs: dict[str, float] = field(default_factory=dict)
    kernel_id: str = ""
    path: str = ""


def find_log(folder: Path | None, run_id: str) -> Path | None:
    """The log of a run, or None. Only ids of a safe form are looked for."""
    if folder is None or not is_safe_id(run_id):
        return None
    for path in logs(folder, run_id):
        with _opened(path) as file:
            if file is not None and _started(file, run_id) is not None:
                return path
    return None


def read_log(path: Path, run_id: str) -> RunRecorder:
    """The whole run, as far as it is written. Raises OSError where there is no such file."""
    recorder = RunRecorder(run_id)
    with _opened(path) as file:
        if file is None:
            raise FileNotFoundError(str(path))
        live = is_held(file.fileno())
        for event in _events(file, path, run_id):
            recorder.record(event)
    recorder.status = _status(recorder.status, recorder.has_ended, live)
    return recorder


def summaries(folder: Path, most: int | None = None) -> list[Summary]:
    """A summary of each log in the folder, newest first; files that are no logs are left out."""
    found = (_summary(path) for path in logs(folder)[:most])
    return [summary for summary in found if summary is not None]


def summarize(outline: Iterable[dict[str, Any]], status: RunStatus, **more: Any) -> Summary | None:
    """What the events of a run come to; None if it has not begun."""
    start: dict[str, Any] = {}
    last: dict[str, Any] = {}
    epochs = steps = 0
    logs: dict[str, float] = {}
    seconds: float | None = None
    for event in outline:
        kind = event["type"]
        if kind == "fit_started":
            start, epochs = event, event["initial_epoch"]
        elif kind == "epoch_finished":
            epochs, logs = event["epoch"] + 1, {label: float(value) for label, value in event["logs"].items()}
        elif kind == "steps_finished":
            steps = max([steps, *event["steps"][-1:]])
        steps = max(steps, event.get("step", 0))
        seconds = event["seconds"] if kind == "fit_finished" else seconds
        last = event if event["time"] >= last.get("time", 0) else last
    if not start:
        return None
    taken = ("run_id", "model_class", "backend", "optimizer", "learning_rate", "batch_size", "parameters")
    return Summary(
        **{name: start[name] for name in taken},
        model=start["model_name"],
        status=status,
        started=start["time"],
        seconds=seconds if seconds is not None else last["time"] - start["time"],
        epochs=epochs,
        all_epochs=start["epochs"],
        steps=steps,
        logs=logs,
        **more,
    )


_known: dict[tuple[str, int, int], tuple[Summary | None, bool]] = {}
"""Summaries, and whether they are final, by path, size and time of change: a page asks again and again."""


def _summary(path: Path) -> Summary | None:
    with _opened(path) as file:
        if file is None:
            return None
        status = os.fstat(file.fileno())
        key = (str(path), status.st_size, status.st_mtime_ns)
        if key not in _known:
            while len(_known) >= 2000:
                _known.pop(next(iter(_known)), None)
            _known[key] = _read_summary(file, path)
        summary, has_ended = _known[key]
        if summary is None or has_ended:
            return summary
        live = is_held(file.fileno())
        return dataclasses.replace(summary, status=_status(summary.status, False, live))


def _read_summary(file: BufferedReader, path: Path) -> tuple[Summary | None, bool]:
    run_id = path.stem.rpartition("-")[2]
    recorder = RunRecorder(run_id)
    first = file.readline(MOST_LINE_BYTES + 1)
    file.seek(0)
    run_id = str(_field(first, "run_id"))
    recorder = RunRecorder(run_id)
    for event in _events(file, path, run_id, has_steps=False):
        recorder.record(event)
    kernel_id = _field(first, "kernel_id")
    more = {"kernel_id": kernel_id if isinstance(kernel_id, str) else "", "path": str(path)}
    return summarize(recorder.outline(), recorder.status, **more), recorder.has_ended


def _status(recorded: RunStatus, has_ended: bool, live: bool) -> RunStatus:
    """What was recorded last, unless the process went away before the run was over."""
    if has_ended or live:
        return recorded
    return recorded if recorded in _ENDED else "lost"


def _events(file: BufferedReader, path: Path, run_id: str, has_steps: bool = True) -> Iterator[Event]:
    """The run's events in order; of steps only the last ones where they are not wanted."""
    bad, read = 0, 0
    why = ""
    last_steps = b""
    while read < _MOST_BYTES and bad < _MOST_BAD_LINES:
        line = file.readline(MOST_LINE_BYTES + 1)
        if not line:
            break
        is_first, read = read == 0, read + len(line)
        if not line.endswith(b"\n"):  # cut off by a kill, or still being written; or far too long
            if len(line) > MOST_LINE_BYTES:
                bad, why = bad + 1, "a line is too long"
                read += _skip_line(file, _MOST_BYTES - read)
            continue
        if not has_steps and line.startswith(STEPS_PREFIX):
            last_steps = line
            continue
        try:
            event = decode_line(line)
            if event.run_id != run_id:
                raise ValueError("of another run")
            if isinstance(event, FitStarted) is not is_first:
                raise ValueError("a run begins once")
        except (ValueError, TypeError) as error:
            bad, why = bad + 1, str(error)
            if is_first:
                break  # no log of ours
            continue
        yield event
    if last_steps:
        try:
            yield decode_line(last_steps)
        except (ValueError, TypeError) as error:
            bad, why = bad + 1, str(error)
    if bad or read >= _MOST_BYTES:
        _log.warning(
            "The run log %s is damaged: %d lines were left out (%s).", ascii(path.name), bad, ascii(why)[:200]
        )


def _skip_line(file: BufferedReader, most: int) -> int:
    skipped = 0
    while skipped < most:
        piece = file.readline(2**20)
        skipped += len(piece)
        if not piece or piece.endswith(b"\n"):
            break
    return skipped


def _started(file: BufferedReader, run_id: str) -> FitStarted | None:
    try:
        event = decode_line(file.readline(MOST_LINE_BYTES + 1))
    except (ValueError, TypeError):
        return None
    return event if isinstance(event, FitStarted) and event.run_id == run_id else None


def _field(line: bytes, name: str) -> Any:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record.get(name) if isinstance(record, dict) else None


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader | None]:
    """The file, or None if it cannot be read: it was removed, is a link, a pipe ..."""
    try:
        descriptor = open_log(path)
    except OSError:
        yield None
        return
    with os.fdopen(descriptor, "rb") as file:
        yield file

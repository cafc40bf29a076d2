"""Reads the logs of runs: whole, as a recorder that answers as that of a live run does, or as a summary.

A page asks for a list again and again: of a log that grows only what is new is read.

Nothing in a file is trusted. Lines that are no events of the run are left out, with one message for the file.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from layerlab.events import Event, FitFailed, FitFinished, FitStarted, StepsFinished, event_types, to_dict
from layerlab_jupyter.json_safe import json_safe
from layerlab_jupyter.recording.run_progress import RunStatus, Summary, Tally
from layerlab_jupyter.recording.run_recorder import RunRecorder
from layerlab_jupyter.run_log.log_folder import is_safe_id, logs, open_log
from layerlab_jupyter.run_log.log_lines import MOST_LINE_BYTES, decode_line
from layerlab_jupyter.run_log.log_lock import is_held

__all__ = ["find_log", "read_log", "summaries"]

_log = logging.getLogger(__name__)
_MOST_BYTES = 128 * 2**20  # our own logs are smaller
_MOST_BAD_LINES = 10_000
_BEGINS = {f'{{"type": "{event.type}"'.encode() for event in event_types()}  # of each line of ours
_KIND_BYTES = max(map(len, _BEGINS)) + 1
_ENDED = ("stopped", "failed", "finished")


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


def summaries(
    folder: Path, most: int | None = None, *, kernel_id: str | None = None, without: Collection[str] = ()
) -> list[Summary]:
    """A summary of each log in the folder, newest first; files that are no logs are left out.

    Args:
        most: so many of the newest ones.
        kernel_id: only those that this kernel wrote; None for all.
        without: the ids of runs whose logs are not read.
    """
    paths = (path for path in logs(folder, without=without) if kernel_id in (None, _writer(path)))
    found = (_summary(path) for path in itertools.islice(paths, most))
    return [summary for summary in found if summary is not None]


_writers: dict[Path, str] = {}  # who wrote a log never changes
_readings: dict[Path, _Reading] = {}
_MOST_KNOWN = 2000


@dataclass(frozen=True)
class _Reading:
    """A log as far as it was read: up to `end`, when it had `size` bytes."""

    file: tuple[int, int]  # device and number: a log that was written anew is another file
    size: int
    end: int
    run_id: str
    kernel_id: str
    tally: Tally
    has_ended: bool = False


def _writer(path: Path) -> str:
    """The id of the kernel that wrote a log, '' if it cannot be told."""
    if path not in _writers:
        with _opened(path) as file:
            first = b"" if file is None else file.readline(MOST_LINE_BYTES + 1)
        if not first.endswith(b"\n"):  # its writer has just begun
            return ""
        _remember(_writers, path, _text(first, "kernel_id"))
    return _writers[path]


def _summary(path: Path) -> Summary | None:
    with _opened(path) as file:
        if file is None:
            return None
        reading = _read_on(file, path, _readings.get(path))
        _remember(_readings, path, reading)
        summary = reading.tally.summary(reading.kernel_id, str(path))
        if summary is None or reading.has_ended:
            return summary
        live = is_held(file.fileno())
        return dataclasses.replace(summary, status=_status(summary.status, False, live))


def _read_on(file: BufferedReader, path: Path, known: _Reading | None) -> _Reading:
    """The reading of a log as it is now, from where the last one ended."""
    status = os.fstat(file.fileno())
    place = (status.st_dev, status.st_ino)
    if known is None or known.end == 0 or known.file != place or known.size > status.st_size:
        first = file.readline(MOST_LINE_BYTES + 1)
        known = _Reading(place, 0, 0, _text(first, "run_id"), _text(first, "kernel_id"), Tally())
    if known.size == status.st_size:
        return known
    file.seek(known.end)
    tally, has_ended = known.tally.copy(), known.has_ended  # another thread may read the old one
    for event in _events(file, path, known.run_id, newest_only=True):
        if isinstance(event, StepsFinished):
            last = {label: values[-1] for label, values in event.logs.items() if values}
            tally.add_steps(event.time, event.epoch, event.epoch_step, max(event.steps, default=0), last)
        else:
            tally.add(json_safe(to_dict(event)))
            has_ended = isinstance(event, FitFinished | FitFailed)
    return dataclasses.replace(known, size=status.st_size, end=file.tell(), tally=tally, has_ended=has_ended)


def _remember(known: dict[Path, Any], path: Path, what: object) -> None:
    while len(known) >= _MOST_KNOWN and path not in known:
        known.pop(next(iter(known)), None)
    known[path] = what


def _status(recorded: RunStatus, has_ended: bool, live: bool) -> RunStatus:
    """What was recorded last, unless the process went away before the run was over."""
    if has_ended or live:
        return recorded
    return recorded if recorded in _ENDED else "lost"


def _events(file: BufferedReader, path: Path, run_id: str, newest_only: bool = False) -> Iterator[Event]:
    """The run's events in order, from where the file is on, which then is at the end of the last whole line.

    Args:
        newest_only: the start, and of each kind of event the last one: the other lines are not parsed.
    """
    start = file.tell()
    bad, read = 0, 0
    why = ""
    newest: dict[bytes, bytes] = {}
    while read < _MOST_BYTES and bad < _MOST_BAD_LINES:
        line = file.readline(MOST_LINE_BYTES + 1)
        if not line:
            break
        is_first, read = start + read == 0, read + len(line)
        if len(line) > MOST_LINE_BYTES:
            bad, why = bad + 1, "a line is too long"
            read += _skip_line(file, _MOST_BYTES - read)
            continue
        if not line.endswith(b"\n"):  # cut off by a kill, or still being written
            file.seek(-len(line), os.SEEK_CUR)
            break
        if newest_only and not is_first:
            begin = line[:_KIND_BYTES].partition(b",")[0]
            kind = begin if begin in _BEGINS else b""
            newest.pop(kind, None)  # so that they stay in the order of the file
            newest[kind] = line
            continue
        try:
            yield _decoded(line, run_id, is_first)
        except (ValueError, TypeError) as error:
            bad, why = bad + 1, str(error)
            if is_first:
                break  # no log of ours
    for line in newest.values():
        try:
            yield _decoded(line, run_id, is_first=False)
        except (ValueError, TypeError) as error:
            bad, why = bad + 1, str(error)
    if bad or read >= _MOST_BYTES:
        _log.warning(
            "The run log %s is damaged: %d lines were left out (%s).", ascii(path.name), bad, ascii(why)[:200]
        )


def _decoded(line: bytes, run_id: str, is_first: bool) -> Event:
    event = decode_line(line)
    if event.run_id != run_id:
        raise ValueError("of another run")
    if isinstance(event, FitStarted) is not is_first:
        raise ValueError("a run begins once")
    return event


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


def _text(line: bytes, name: str) -> str:
    """What a line says under a name; '' if that is no text."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    value = record.get(name) if isinstance(record, dict) else None
    return value if isinstance(value, str) else ""


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

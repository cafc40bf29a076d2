"""Writes one run to disk while it trains: one more reader of the recorder, in a thread of its own.

Training only wakes the thread at events that are no steps, and those that come within a quarter of a second
are written together; steps are taken once a second. So a disk that is slow, full, read-only or hangs costs a
warning, never a step. Each line goes to the system at once: after a kill the log lacks at most the last
second of steps.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

from layerlab_jupyter.kernels import kernel_id
from layerlab_jupyter.recording.run_recorder import RunRecorder
from layerlab_jupyter.recording.thinning import thin
from layerlab_jupyter.run_log.log_folder import log_name, make_folder, tidy
from layerlab_jupyter.run_log.log_lines import FORMAT_VERSION, lines
from layerlab_jupyter.run_log.log_lock import hold

__all__ = ["MOST_RUN_BYTES", "RunLog"]

MOST_RUN_BYTES = 32 * 2**20

_log = logging.getLogger(__name__)
_SECONDS_BETWEEN = 1.0
_LEAST_SECONDS = 0.25  # an epoch may take a millisecond: its events must not wake the thread each time
_SECONDS_TO_END = 10.0  # so long does fit wait for a disk that hangs
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
_warned_of: set[Path] = set()


class RunLog:
    """The log of one run, from the first event that was recorded to the last.

    Args:
        folder: made if it is missing.
        most_bytes: past this the file is written anew with fewer steps; start, end, epochs and extremes stay.
    """

    def __init__(self, recorder: RunRecorder, folder: Path, most_bytes: int = MOST_RUN_BYTES) -> None:
        self._recorder = recorder
        self._folder = folder
        self._most_bytes = most_bytes
        self._path = folder / log_name(recorder.started or time.time(), recorder.model_name, recorder.run_id)
        self._descriptor = -1
        self._next = 0
        self._size = 0
        self._first = {
            "version": FORMAT_VERSION,
            "kernel_id": kernel_id(),
            "host": socket.gethostname(),
            "process": os.getpid(),
        }
        self._is_due = threading.Event()
        self._is_ending = threading.Event()
        self._is_complete = False
        self._thread = threading.Thread(target=self._write_on, name="layerlab-run-log", daemon=True)
        self._thread.start()

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    @property
    def is_complete(self) -> bool:
        """True once the file has the run to its end."""
        return self._is_complete

    def wake(self) -> None:
        """Write soon what was recorded; returns at once."""
        self._is_due.set()

    def close(self) -> None:
        """Write the rest and end the thread; waits for it, but not for a disk that hangs."""
        self._is_ending.set()
        self._is_due.set()
        self._thread.join(_SECONDS_TO_END)

    # -- in the thread ------------------------------------------------------------------------------------

    def _write_on(self) -> None:
        try:
            make_folder(self._folder)
            self._descriptor = os.open(self._path, _FLAGS, 0o644)
            hold(self._descriptor)
            tidy(self._folder)
            self._write_until_end()
        except OSError as error:
            self._warn(error)
        finally:
            if self._descriptor >= 0:
                os.close(self._descriptor)

    def _write_until_end(self) -> None:
        while True:
            # Asked before reading: what came before the end must be in the file.
            is_last = self._is_ending.is_set()
            self._append()
            if is_last:
                self._is_complete = True
                return
            self._is_ending.wait(_LEAST_SECONDS)
            self._is_due.wait(_SECONDS_BETWEEN - _LEAST_SECONDS)
            self._is_due.clear()

    def _append(self) -> None:
        parts, self._next = self._recorder.parts(self._next)
        text = "".join(lines(self._recorder.run_id, parts, self._first, self._last())).encode("ascii")
        if not text:
            return
        if self._size + len(text) > self._most_bytes:
            self._write_anew()
            return
        _write(self._descriptor, text, self._size)
        self._size += len(text)

    def _write_anew(self) -> None:
        """The whole run in about half of the room, put in the place of the old file in one moment."""
        parts, self._next = self._recorder.parts(0)
        columns = max((len(part.columns) for part in parts if not isinstance(part, dict)), default=1)
        steps = max(100, self._most_bytes // (4 * 13 * (columns + 1)))  # a number takes up to 13 characters
        thinned = thin(parts, steps=steps, epochs=max(100, steps // 10), marks=1000)
        text = "".join(lines(self._recorder.run_id, thinned, self._first, self._last())).encode("ascii")
        beside = self._path.with_suffix(".new")
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
        descriptor = os.open(beside, _FLAGS, 0o644)
        try:
            hold(descriptor)
            _write(descriptor, text, 0)
            os.replace(beside, self._path)
        except OSError:
            os.close(descriptor)
            raise
        os.close(self._descriptor)
        self._descriptor, self._size = descriptor, len(text)
        # What cannot be made smaller must not be written again at once.
        self._most_bytes = max(self._most_bytes, 2 * len(text))

    def _last(self) -> dict[str, Any]:
        return {"status": self._recorder.status}

    def _warn(self, error: OSError) -> None:
        if self._folder in _warned_of:
            return
        _warned_of.add(self._folder)
        _log.warning(
            "This run is kept in memory only: its log cannot be written to %s (%s). "
            "To choose another folder set LAYERLAB_RUNS to it; 'off' for no logs.",
            ascii(str(self._folder)),
            error.strerror or type(error).__name__,
        )


def _write(descriptor: int, text: bytes, size_before: int) -> None:
    """All of `text`, or nothing of it: half a line would swallow the next one."""
    rest = memoryview(text)
    try:
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, size_before)
        raise

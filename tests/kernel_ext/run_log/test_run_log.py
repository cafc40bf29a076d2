"""The log of a run on disk: complete, readable, bounded, and never in the way of training."""

from __future__ import annotations

import json
import logging
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from layerlab.events import Event, FitFinished, FitPaused, FitStopped, StepsFinished
from layerlab_jupyter.protocol import FetchEventsResult
from layerlab_jupyter.recording.run_recorder import RunRecorder
from layerlab_jupyter.run_log import log_writer
from layerlab_jupyter.run_log.log_folder import log_folder, log_name, logs, tidy
from layerlab_jupyter.run_log.log_reader import find_log, read_log, summaries
from layerlab_jupyter.run_log.log_writer import RunLog
from tests.kernel_ext.kernel import environment
from tests.kernel_ext.long_runs import short_epochs
from tests.kernel_ext.runs import RUN, events_of_run, fit_started, step_finished


def write_log(folder: Path, events: Iterable[Event], run_id: str = RUN, **limits: int) -> Path:
    """The log that a run of these events leaves."""
    recorder = RunRecorder(run_id)
    log = None
    for event in events:
        recorder.record(event)
        log = log or RunLog(recorder, folder, **limits)
        if not isinstance(event, StepsFinished):
            log.wake()
    assert log is not None
    log.close()
    return log.path


def steps_of(result: FetchEventsResult) -> list[int]:
    return [step for e in result.events if e["type"] == "steps_finished" for step in e["steps"]]


def test_a_log_gives_back_every_event_and_every_step(tmp_path: Path) -> None:
    events = list(events_of_run(epochs=3, steps=700))
    path = write_log(tmp_path, events)
    recorder = RunRecorder(RUN)
    for event in events:
        recorder.record(event)
    logged = read_log(path, RUN)
    assert logged.status == "finished"
    read, lived = logged.fetch(), recorder.fetch()
    assert read.next == lived.next
    assert steps_of(read) == list(range(1, 2101))
    others = [e for e in lived.events if e["type"] != "steps_finished"]
    assert [e for e in read.events if e["type"] != "steps_finished"] == others
    losses = [v for e in read.events if e["type"] == "steps_finished" for v in e["logs"]["loss"]]
    assert losses == pytest.approx([1 / math.sqrt(n) for n in range(1, 2101)], rel=1e-8)


def test_each_line_is_an_event_and_the_first_says_who_wrote_it(tmp_path: Path) -> None:
    path = write_log(tmp_path, events_of_run(epochs=1, steps=5))
    records = [json.loads(line) for line in path.read_text().splitlines()]
    kinds = [record["type"] for record in records]
    assert kinds[0] == "fit_started" and kinds[-1] == "fit_finished"
    assert records[0]["version"] == 1 and records[0]["process"] == os.getpid()
    assert records[-1]["status"] == "finished"
    assert [s for r in records if r["type"] == "steps_finished" for s in r["steps"]] == [1, 2, 3, 4, 5]


def test_numbers_that_json_lacks_are_read_back(tmp_path: Path) -> None:
    values = [math.nan, math.inf, -math.inf, 0.1]
    path = write_log(tmp_path, [fit_started(), *(step_finished(i + 1, v) for i, v in enumerate(values))])
    (block,) = [e for e in read_log(path, RUN).fetch().events if e["type"] == "steps_finished"]
    assert block["logs"]["loss"] == ["nan", "inf", "-inf", 0.1]


def test_what_the_person_did_is_in_the_log_at_once(tmp_path: Path) -> None:
    recorder = RunRecorder(RUN)
    recorder.record(fit_started())
    log = RunLog(recorder, tmp_path)
    recorder.record(FitPaused(run_id=RUN, time=1001.0, step=3))
    log.wake()
    limit = time.monotonic() + 10
    while not (log.path.exists() and "fit_paused" in log.path.read_text()):
        assert time.monotonic() < limit
        time.sleep(0.01)
    assert summaries(tmp_path)[0].status == "paused"  # its writer lives
    log.close()
    assert summaries(tmp_path)[0].status == "lost"


KILLED = """
import sys, time
from pathlib import Path
from layerlab_jupyter.recording.run_recorder import RunRecorder
from layerlab_jupyter.run_log.log_writer import RunLog
from tests.kernel_ext.runs import fit_started, step_finished
recorder = RunRecorder("run-1")
recorder.record(fit_started())
log = RunLog(recorder, Path(sys.argv[1]))
for step in range(1, 100_000_000):
    recorder.record(step_finished(step, 1 / step))
    time.sleep(0.001)
"""


@pytest.mark.slow
def test_a_killed_process_leaves_a_readable_log_and_a_run_that_is_lost(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], env=environment())
    try:
        limit = time.monotonic() + 60
        while not (found := summaries(tmp_path)) or found[0].steps == 0:
            assert time.monotonic() < limit and process.poll() is None
            time.sleep(0.05)
        assert found[0].status == "running"
        tidy(
            tmp_path, most_bytes=0, most_logs=0
        )  # from here: the log of another living process is not removed
        assert len(logs(tmp_path)) == 1
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    (path,) = logs(tmp_path)
    logged = read_log(path, RUN)
    assert logged.status == "lost"
    steps = steps_of(logged.fetch())
    assert steps and steps == list(range(1, len(steps) + 1))
    tidy(tmp_path, most_bytes=0, most_logs=0)
    assert logs(tmp_path) == []


def test_a_run_past_its_limit_keeps_start_end_and_extremes(tmp_path: Path) -> None:
    events = list(events_of_run(epochs=4, steps=5000))
    place = next(
        i for i, event in enumerate(events) if isinstance(event, StepsFinished) and event.steps == [9000]
    )
    events[place] = step_finished(9000, 99.0, epoch=1, time=events[place].time)
    path = write_log(tmp_path, events, most_bytes=100_000)
    assert path.stat().st_size < 200_000
    logged = read_log(path, RUN)
    assert logged.status == "finished"
    kept = steps_of(logged.fetch())
    assert kept[0] == 1 and kept[-1] == 20_000 and 100 < len(kept) < 20_000
    losses = [v for e in logged.fetch().events if e["type"] == "steps_finished" for v in e["logs"]["loss"]]
    assert max(losses) == 99.0
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_oldest_logs_go_first(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / log_name(1000.0 + number, "m", f"run{number}")).write_bytes(b"x" * 100)
    (tmp_path / "mine.jsonl").write_bytes(b"x" * 1000)
    tidy(tmp_path, most_bytes=250)
    assert [path.name[-10:] for path in logs(tmp_path)] == ["run4.jsonl", "run3.jsonl"]
    assert (tmp_path / "mine.jsonl").exists()


def test_two_runs_with_one_name_in_one_second_have_two_logs(tmp_path: Path) -> None:
    recorders = [RunRecorder("run-1"), RunRecorder("run-2")]
    for recorder in recorders:
        recorder.record(fit_started())
    written = [RunLog(recorder, tmp_path) for recorder in recorders]
    for log in written:
        log.close()
    assert len(logs(tmp_path)) == 2


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b\\c\0d", "", "." * 300, "\u202e<script>", "x" * 10_000]
)
def test_a_hostile_model_name_stays_out_of_the_path(tmp_path: Path, name: str) -> None:
    path = write_log(tmp_path / "runs", [fit_started(model_name=name)])
    assert path.parent == tmp_path / "runs" and path.exists() and len(path.name) < 100
    assert path.name.isascii()
    assert find_log(tmp_path / "runs", RUN) == path


@pytest.mark.parametrize("run_id", ["../secret", "*", "", "a" * 65, "run-1\0", "ü", ".", "run-1\n"])
def test_only_ids_of_a_safe_form_are_looked_for(tmp_path: Path, run_id: str) -> None:
    write_log(tmp_path, [fit_started()])
    assert find_log(tmp_path, run_id) is None


def test_an_id_that_is_the_end_of_another_is_not_that_run(tmp_path: Path) -> None:
    write_log(tmp_path, [fit_started()])
    assert find_log(tmp_path, "1") is None


def test_malformed_lines_are_left_out_with_one_message(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_log(tmp_path, events_of_run(epochs=1, steps=3))
    lines = path.read_bytes().splitlines(keepends=True)
    bad = [
        b"\xff\xfe not json\n",
        b'{"type": "explode"}\n',
        b'{"type": "fit_paused", "run_id": "run-1", "time": "soon", "step": 1}\n',
        b'{"type": "fit_paused", "run_id": "other", "time": 1, "step": 1}\n',
        b'{"type": "steps_finished", "run_id": "run-1", "time": 1, "epoch": 0, "epoch_step": 1, '
        b'"steps": [1, 2], "logs": {"loss": [1]}}\n',
        b"[" * 100_000 + b"\n",
        b'{"type": "fit_paused", "x": "' + b"x" * 5_000_000 + b'"}\n',
        lines[0],
    ]
    path.write_bytes(b"".join([lines[0], *bad, *lines[1:], b'{"type": "fit_pau']))
    with caplog.at_level(logging.WARNING):
        logged = read_log(path, RUN)
    assert steps_of(logged.fetch()) == [1, 2, 3]
    assert logged.status == "finished"
    (message,) = caplog.messages
    assert "8 lines were left out" in message


def test_links_pipes_and_folders_are_no_logs(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    outside = write_log(tmp_path / "elsewhere", [fit_started()])
    folder.mkdir()
    (folder / log_name(1.0, "m", "run-1")).symlink_to(outside)
    os.mkfifo(folder / log_name(2.0, "m", "run-1"))
    (folder / log_name(3.0, "m", "run-1")).mkdir()
    assert find_log(folder, RUN) is None
    assert summaries(folder) == []
    tidy(folder, most_bytes=0, most_logs=0)
    assert outside.exists()


def test_a_folder_that_cannot_be_written_costs_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    for _ in range(2):
        write_log(tmp_path / "file" / "runs", events_of_run(epochs=1, steps=3))
    (message,) = caplog.messages
    assert "memory only" in message and "LAYERLAB_RUNS" in message


def test_a_full_disk_costs_one_warning_and_leaves_whole_lines(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    room = 1000

    def write_a_little(descriptor: int, data: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(28, "No space left on device")
        written = write(descriptor, data[:room])
        room -= written
        return written

    monkeypatch.setattr(log_writer.os, "write", write_a_little)
    path = write_log(tmp_path, events_of_run(epochs=3, steps=1000))
    monkeypatch.undo()
    assert len(caplog.messages) == 1 and "No space left" in caplog.messages[0]
    assert path.read_bytes()[-1:] in (b"\n", b"")


def test_writing_leaves_no_thread_and_no_open_file(tmp_path: Path) -> None:
    threads, files = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        write_log(tmp_path, [fit_started(), FitFinished(run_id=RUN, time=1.0, epoch=0, step=0, seconds=0.0)])
        for path in logs(tmp_path):
            path.unlink()
    assert threading.active_count() == threads
    assert len(os.listdir("/proc/self/fd")) == files


def test_a_stopped_run_is_listed_as_stopped(tmp_path: Path) -> None:
    stopped = FitStopped(run_id=RUN, time=1001.0, epoch=0, step=3, reason="user")
    end = FitFinished(run_id=RUN, time=1002.0, epoch=0, step=3, seconds=2.0)
    write_log(tmp_path, [fit_started(), step_finished(1, 1.0), stopped, end])
    (summary,) = summaries(tmp_path)
    assert (summary.status, summary.steps, summary.seconds) == ("stopped", 3, 2.0)


def test_the_environment_chooses_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LAYERLAB_RUNS", raising=False)
    default = log_folder()
    assert default is not None and default.parts[-2:] == (".layerlab", "runs")
    monkeypatch.setenv("LAYERLAB_RUNS", str(tmp_path))
    assert log_folder() == tmp_path
    monkeypatch.setenv("LAYERLAB_RUNS", "off")
    assert log_folder() is None


def test_the_events_of_thousands_of_epochs_are_written_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = 0
    write = log_writer._write

    def counted(*arguments: Any) -> None:
        nonlocal writes
        writes += 1
        write(*arguments)

    monkeypatch.setattr(log_writer, "_write", counted)
    recorder, began = RunRecorder(RUN), time.monotonic()
    first, *events = short_epochs(1000, ends=True)
    recorder.record(first)
    log = RunLog(recorder, tmp_path)
    for event in events:
        recorder.record(event)
        log.wake()
        time.sleep(0.0005)  # the writer has every chance
    log.close()
    # Four a second, the first and the last. A machine that is slow takes longer, and may write more.
    assert writes <= 4 * (time.monotonic() - began) + 2
    assert log.is_complete
    assert read_log(log.path, RUN).fetch().next == 3 * 1000 + 2


def test_a_summary_tells_what_the_last_events_say(tmp_path: Path) -> None:
    path = write_log(tmp_path, short_epochs(300))
    (summary,) = summaries(tmp_path)
    assert (summary.model, summary.status, summary.path) == ("digits", "lost", str(path))
    assert (summary.epochs, summary.all_epochs, summary.steps) == (300, 300, 300)
    assert summary.logs == {"loss": 1 / 300} and summary.seconds == pytest.approx(299 / 200)
    assert summaries(tmp_path, kernel_id="another") == []
    assert summaries(tmp_path, without={RUN}) == []


def test_git_leaves_the_folder_alone(tmp_path: Path) -> None:
    write_log(tmp_path / ".layerlab" / "runs", [fit_started()])
    assert (tmp_path / ".layerlab" / ".gitignore").read_text() == "*\n"

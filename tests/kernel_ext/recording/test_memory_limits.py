"""A run takes a bounded amount of memory, and its charts stay the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import layerlab_jupyter
from layerlab.training.control import RunControl
from layerlab_jupyter import monitor, run_history
from layerlab_jupyter.monitor import Monitor
from layerlab_jupyter.recording import run_recorder
from layerlab_jupyter.recording.memory_limits import MOST_NUMBERS, Room, numbers_in
from layerlab_jupyter.recording.run_recorder import RunRecorder
from layerlab_jupyter.recording.thinning import StepBlock
from layerlab_jupyter.registry import Registry, Run
from tests.kernel_ext.long_runs import long_run, short_epochs
from tests.kernel_ext.runs import RUN, recorded, step_finished

LITTLE = Room(steps=5_000, numbers=20_000, epochs=300, marks=50)


def steps_in(recorder: RunRecorder) -> list[int]:
    return [step for part in recorder.parts()[0] if isinstance(part, StepBlock) for step in part.steps]


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Live runs may have 40,000 numbers and 1,800 parts."""
    for name, value in (("MOST_NUMBERS", 40_000), ("MOST_PARTS", 1_800), ("LIVE", LITTLE)):
        monkeypatch.setattr(run_recorder, name, value)


def test_a_live_run_has_room_for_64_megabytes() -> None:
    assert 8 * MOST_NUMBERS == 64_000_000


def test_a_long_live_run_stays_within_its_room(little_room: None) -> None:
    recorder = RunRecorder(RUN)
    for event in long_run(400, 500, spike_at=12_345):
        recorder.record(event)
        assert numbers_in(recorder.parts()[0]) <= 40_000
    steps = steps_in(recorder)
    assert {1, 12_345, 200_000} <= set(steps) and steps == sorted(set(steps))
    # Of each quarter there is about as much, however old it is: each is worth as many pixels.
    quarters = np.histogram(steps, bins=[0, 50_000, 100_000, 150_000])[0]
    assert quarters.min() > 0.5 * quarters.max() > 50
    assert recorder.fetch().next == 200_000 + 2 * 100 + 1
    assert recorder.progress().done == 1.0 and recorder.summary().steps == 200_000  # type: ignore[union-attr]


def test_a_live_run_of_many_epochs_stays_within_its_room(little_room: None) -> None:
    recorder = RunRecorder(RUN)
    for event in short_epochs(3_000):
        recorder.record(event)
        assert len(recorder.parts()[0]) <= 1_800
    finished = [e["epoch"] for e in recorder.fetch().events if e["type"] == "epoch_finished"]
    assert finished[0] == 0 and finished[-1] == 2_999 and finished == sorted(set(finished))
    summary = recorder.summary()
    assert summary is not None and (summary.epochs, summary.steps) == (3_000, 3_000)


def test_a_reader_at_the_end_of_a_run_gets_each_new_step_once(little_room: None) -> None:
    recorder, since, seen = RunRecorder(RUN), 0, []
    for event in long_run(2_000, 50):
        recorder.record(event)
        fetched = recorder.fetch(since)
        since = fetched.next
        seen += [step for e in fetched.events if e["type"] == "steps_finished" for step in e["steps"]]
    assert seen == list(range(1, 100_001))


def test_a_reader_that_is_behind_gets_no_step_twice_and_the_newest(little_room: None) -> None:
    recorder, since, seen = RunRecorder(RUN), 0, []
    for count, event in enumerate(long_run(2_000, 50)):
        recorder.record(event)
        if count % 173 == 0:
            fetched = recorder.fetch(since)
            since = fetched.next
            seen += [step for e in fetched.events if e["type"] == "steps_finished" for step in e["steps"]]
    assert seen == sorted(set(seen)) and seen[-1] > 90_000 and len(seen) > 20_000


def test_steps_of_a_thinned_block_are_extended_by_nobody(little_room: None) -> None:
    recorder = recorded(long_run(300, 50, epochs=1))
    held, _ = recorder.parts()
    before = [len(part.steps) for part in held if isinstance(part, StepBlock)]
    buffers = [memoryview(part.steps) for part in held if isinstance(part, StepBlock)]  # as NumPy holds them
    for step in range(15_001, 40_001):
        recorder.record(step_finished(step, 0.5, time=1300.0 + step / 1e6))
    assert [len(buffer) for buffer in buffers] == before


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of logs, and a process that has trained nothing."""
    monkeypatch.setenv("LAYERLAB_RUNS", str(tmp_path))
    monkeypatch.setattr(run_history, "registry", Registry())
    return tmp_path


def monitored(log_folder: Path | None) -> Run:
    """An ended run of 40,000 steps and 100 epochs."""
    run = Run(RUN, RunRecorder(RUN), RunControl(), "model-1")
    watch = Monitor(run, run_history.registry, log_folder, shows=False)
    for event in long_run(800, 50, spike_at=12_345, ends=True):
        watch(event)
    return run


def test_of_an_ended_run_memory_has_what_its_charts_show_and_the_log_the_rest(folder: Path) -> None:
    whole = recorded(long_run(800, 50, spike_at=12_345, ends=True))
    run = monitored(folder)
    assert numbers_in(run.recorder.parts()[0]) <= 40_000
    assert run.recorder.fetch() == whole.fetch()
    assert (run.recorder.progress(), run.recorder.summary()) == (whole.progress(), whole.summary())
    assert run.recorder.metric_names() == whole.metric_names()
    read = layerlab_jupyter.run(RUN)
    assert list(read.steps.index) == list(range(1, 40_001))
    assert read.steps.loss[12_345] == 99.0 and list(read.steps.epoch[[400, 401]]) == [0, 1]
    assert list(read.epochs.index) == list(range(100))


def test_a_history_taken_while_the_run_was_live_is_whole_after_its_end(folder: Path) -> None:
    run = Run(RUN, RunRecorder(RUN), RunControl(), "model-1")
    watch = Monitor(run, run_history.registry, folder, shows=False)
    *events, end = long_run(800, 50, ends=True)
    for event in events:
        watch(event)
    taken = layerlab_jupyter.run(RUN)
    assert len(taken.steps) == 40_000
    watch(end)
    assert len(taken.steps) == 40_000 and taken.events[-1]["type"] == "fit_finished"


def test_a_log_that_is_gone_leaves_what_the_charts_show_and_says_so(folder: Path) -> None:
    monitored(folder)
    (path,) = folder.iterdir()
    path.unlink()
    with pytest.warns(UserWarning, match=f"log of run {RUN} cannot be read"):
        steps = layerlab_jupyter.run(RUN).steps
    assert 1_000 < len(steps) <= 10_000 and steps.loss[12_345] == 99.0


def test_an_ended_run_without_a_log_is_kept_up_to_a_limit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(monitored(None).recorder.parts()[0]) > 0
    assert len(layerlab_jupyter.run(RUN).steps) == 40_000
    monkeypatch.setattr(run_recorder, "ENDED", LITTLE)
    recorder = monitored(None).recorder
    assert recorder.log is None and numbers_in(recorder.parts()[0]) <= 20_000
    assert 12_345 in steps_in(recorder)


def test_a_run_whose_log_failed_keeps_its_steps(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("layerlab_jupyter.run_log.log_writer._write", fail)
    recorder = monitored(folder).recorder
    assert recorder.log is None and len(steps_in(recorder)) == 40_000


def test_a_short_run_is_kept_whole(folder: Path) -> None:
    run = Run(RUN, RunRecorder(RUN), RunControl(), "model-1")
    watch = Monitor(run, run_history.registry, folder, shows=False)
    for event in short_epochs(50, ends=True):
        watch(event)
    assert run.recorder.log is None and steps_in(run.recorder) == list(range(1, 51))
    assert monitor.RunLog  # the log is there all the same
    assert len(list(folder.iterdir())) == 1

"""How far a run is, read from what was recorded of it."""

from __future__ import annotations

import dataclasses

import pytest

from layerlab.events import EpochFinished, FitStopped
from layerlab_jupyter.recording.run_progress import Progress
from layerlab_jupyter.recording.run_recorder import RunRecorder
from tests.kernel_ext.runs import RUN, events_of_run, fit_started, recorded, step_finished

EPOCH_FINISHED = EpochFinished(run_id=RUN, time=1001.0, epoch=0, step=4, logs={"loss": 0.5}, seconds=1.0)


def test_a_run_of_which_nothing_came_has_no_progress() -> None:
    assert RunRecorder(RUN).progress() == Progress()


def test_before_the_first_step_there_is_neither_loss_nor_epoch() -> None:
    assert recorded([fit_started()]).progress() == Progress(0, 2, None, None, 1000.0)


def test_in_an_epoch_the_finished_steps_count() -> None:
    recorder = recorded([fit_started(), *(step_finished(i, 1 / i) for i in range(1, 6))])
    assert recorder.progress() == Progress(1, 2, 0.25, 0.2, 1000.005)


def test_an_ended_run_is_done() -> None:
    progress = recorded(events_of_run(2, 10)).progress()
    assert (progress.epoch, progress.epochs, progress.done) == (2, 2, 1.0)
    assert progress.loss == pytest.approx(20**-0.5)


def test_the_first_epoch_tells_the_length_of_the_next_ones() -> None:
    begun = dataclasses.replace(fit_started(4), steps_per_epoch=None)
    recorder = recorded([begun, *(step_finished(i, 1.0) for i in range(1, 5))])
    assert recorder.progress().done is None
    recorder.record(EPOCH_FINISHED)
    assert recorder.progress().done == 0.25
    recorder.record(step_finished(2, 1.0, epoch=1, time=1002.0))
    assert recorder.progress().done == 0.375


def test_a_resumed_run_counts_from_its_first_epoch() -> None:
    begun = dataclasses.replace(fit_started(4), initial_epoch=2)
    assert recorded([begun, step_finished(5, 1.0, epoch=2)]).progress().done == 0.25


def test_a_stopped_run_is_not_done() -> None:
    stopped = FitStopped(run_id=RUN, time=1003.0, epoch=0, step=5, reason="user")
    assert recorded([fit_started(), step_finished(5, 1.0), stopped]).progress().done == 0.25

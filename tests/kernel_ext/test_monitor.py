"""What the output of a cell holds while a run goes on, and how often it is renewed."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from layerlab.events import Event, FitFinished, FitStarted, StepsFinished
from layerlab.training.control import RunControl
from layerlab_jupyter.monitor import Monitor
from layerlab_jupyter.protocol import RUN_MIME
from layerlab_jupyter.recording.run_recorder import RunRecorder
from layerlab_jupyter.registry import Registry, Run
from tests.kernel_ext.runs import RUN, events_of_run, fit_started

Shown = list[tuple[float, bool, dict[str, Any]]]


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """What was displayed: when (by the events' clock), whether as an update, and the bundle."""
    return []


def follow(events: Iterator[Event] | list[Event], shown: Shown, monkeypatch: pytest.MonkeyPatch) -> Monitor:
    now = 0.0

    def display(bundle: dict[str, Any], *, raw: bool, display_id: str, update: bool) -> None:
        assert raw and display_id
        shown.append((now, update, bundle))

    monkeypatch.setattr("IPython.display.display", display)
    monitor = Monitor(Run(RUN, RunRecorder(RUN), RunControl(), "model-1"), Registry())
    for event in events:
        now = event.time
        monitor(event)
    return monitor


def slow_run(seconds: int, per_second: int = 10) -> Iterator[Event]:
    """A run of one long epoch, by a clock of its own: nothing waits."""
    yield fit_started(1)
    for step in range(1, seconds * per_second + 1):
        yield StepsFinished(
            run_id=RUN, time=1000 + step / per_second, epoch=0, epoch_step=step, steps=[step],
            logs={"loss": [1 / step]},
        )  # fmt: skip
    yield FitFinished(run_id=RUN, time=1000.0 + seconds, epoch=1, step=step, seconds=seconds, logs={})


def test_the_picture_is_renewed_each_second_at_first_and_seldom_in_a_long_run(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Making a picture takes no time by this clock: how often is a matter of the run's age alone.
    monkeypatch.setattr("layerlab_jupyter.monitor.time.perf_counter", lambda: 0.0)
    follow(slow_run(seconds=600), shown, monkeypatch)
    times = [time - 1000 for time, _, _ in shown]
    assert times[:5] == pytest.approx([0, 1, 2, 3, 4])
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert max(pauses) == pytest.approx(30, abs=0.2) and len(shown) < 40
    assert [update for _, update, _ in shown] == [False] + [True] * (len(shown) - 1)
    assert all(bundle[RUN_MIME]["live"] for _, _, bundle in shown[:-1])
    assert not shown[-1][2][RUN_MIME]["live"]
    assert all("<svg" in bundle["text/html"] for _, _, bundle in shown[1:])


def test_a_picture_that_takes_long_to_make_is_made_less_often(
    shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(1000))
    monkeypatch.setattr("layerlab_jupyter.monitor.time.perf_counter", lambda: next(clock))
    follow(slow_run(seconds=600), shown, monkeypatch)
    # Each picture takes one second, so the next may come after 200; the last is the final one.
    assert [round(time - 1000) for time, _, _ in shown] == [0, 200, 400, 600, 600]


def test_a_monitor_that_cannot_show_does_not_end_the_run_and_says_so_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def display(*arguments: Any, **options: Any) -> None:
        raise RuntimeError("no front end")

    monkeypatch.setattr("IPython.display.display", display)
    run = Run(RUN, RunRecorder(RUN), RunControl(), "model-1")
    monitor = Monitor(run, Registry())
    with caplog.at_level(logging.WARNING):
        for event in events_of_run(epochs=3, steps=100):
            monitor(event)
    assert len(caplog.records) == 1 and "no front end" in caplog.text
    assert run.recorder.status == "finished"


def test_a_run_that_begins_is_known_at_once() -> None:
    known = Registry()
    run = Run(RUN, RunRecorder(RUN), RunControl(), "model-1")
    first = next(event for event in events_of_run() if isinstance(event, FitStarted))
    Monitor(run, known)(first)
    assert known.run(RUN) is run

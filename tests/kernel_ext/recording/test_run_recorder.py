"""The recorder keeps everything, sends little, and speaks JSON that a browser can parse."""

from __future__ import annotations

import json
import math
import threading

import pytest

from layerlab.events import Diagnostic, FitFailed, FitPaused, FitResumed, FitStopped, LearningRateChanged
from tests.kernel_ext.runs import RUN, events_of_run, fit_started, recorded, step_finished


def steps_of(events: list[dict]) -> list[int]:
    return [step for event in events if event["type"] == "steps_finished" for step in event["steps"]]


def types_of(events: list[dict]) -> list[str]:
    return [event["type"] for event in events]


def test_a_short_run_comes_back_whole_and_in_order() -> None:
    events = recorded(events_of_run(epochs=2, steps=10)).fetch().events
    of_an_epoch = ["epoch_started", "steps_finished", "validation_finished", "epoch_finished"]
    assert types_of(events) == ["fit_started", *of_an_epoch, *of_an_epoch, "fit_finished"]
    assert steps_of(events) == list(range(1, 21))


def test_merged_steps_carry_every_value_and_the_last_epoch_step() -> None:
    recorder = recorded([step_finished(1, 0.5), step_finished(2, 0.25), step_finished(3, 0.125)])
    (event,) = recorder.fetch().events
    assert event["logs"]["batch_loss"] == [0.5, 0.25, 0.125]
    assert (event["epoch_step"], event["time"], event["run_id"]) == (3, 1000.003, RUN)


def test_steps_more_than_a_second_apart_keep_their_own_times() -> None:
    recorder = recorded([step_finished(step, 0.5, time=1000.0 + 2 * step) for step in (1, 2, 3)])
    assert [event["time"] for event in recorder.fetch().events] == [1002.0, 1004.0, 1006.0]


def test_steps_with_other_labels_are_not_merged() -> None:
    other = step_finished(2, 0.5)
    del other.logs["accuracy"]
    events = recorded([step_finished(1, 0.5), other]).fetch().events
    assert [sorted(event["logs"]) for event in events] == [
        ["accuracy", "batch_loss", "loss"],
        ["batch_loss", "loss"],
    ]


def test_fetching_from_next_gives_only_what_is_new_even_within_merged_steps() -> None:
    recorder = recorded([fit_started(), step_finished(1, 0.5), step_finished(2, 0.25)])
    first = recorder.fetch()
    recorder.record(step_finished(3, 0.125))
    second = recorder.fetch(first.next)
    assert steps_of(first.events) == [1, 2]
    assert [event["logs"]["loss"] for event in second.events] == [[0.125]]
    assert recorder.fetch(second.next).events == []


def test_a_number_that_lies_in_the_future_gets_nothing_and_the_true_next() -> None:
    fetched = recorded([fit_started()]).fetch(10**9)
    assert (fetched.events, fetched.next, fetched.live) == ([], 1, True)


def test_a_fetched_event_does_not_change_when_training_goes_on() -> None:
    recorder = recorded([step_finished(1, 0.5)])
    (event,) = recorder.fetch().events
    recorder.record(step_finished(2, 0.25))
    assert event["steps"] == [1]


def test_non_finite_numbers_travel_as_words() -> None:
    recorder = recorded([step_finished(1, math.nan), step_finished(2, math.inf), step_finished(3, -math.inf)])
    recorder.record(
        LearningRateChanged(
            run_id=RUN, time=1.0, step=3, learning_rate=math.inf, previous=1.0, source="callback"
        )
    )
    text = json.dumps(recorder.fetch().events, allow_nan=False)
    steps, change = json.loads(text)
    assert steps["logs"]["loss"] == ["nan", "inf", "-inf"]
    assert change["learning_rate"] == "inf"


def test_endless_text_and_lone_surrogates_do_not_travel() -> None:
    failed = FitFailed(run_id=RUN, time=1.0, step=0, error="ValueError", message="\ud800" + "x" * 10_000_000)
    (event,) = recorded([failed]).fetch().events
    assert len(event["message"].encode("utf-8")) <= 2002


def test_a_long_history_is_thinned_but_keeps_ends_epochs_and_extremes() -> None:
    steps_per_epoch = 10_000
    recorder = recorded(events_of_run(epochs=10, steps=steps_per_epoch))
    fetched = recorder.fetch()
    steps = steps_of(fetched.events)
    assert fetched.next == 100_000 + 10 * 3 + 2
    assert len(steps) <= 10_000 and steps == sorted(steps)
    assert steps[0] == 1 and steps[-1] == 100_000
    assert types_of(fetched.events).count("epoch_finished") == 10
    assert max(v for e in fetched.events if e["type"] == "steps_finished" for v in e["logs"]["loss"]) == 1.0
    assert len(json.dumps(fetched.events)) < 1_500_000


@pytest.mark.slow
def test_one_nan_and_one_spike_among_many_steps_survive_thinning() -> None:
    losses = [0.5] * 50_000
    losses[31_416], losses[27_182] = math.nan, 1e6
    recorder = recorded([step_finished(i + 1, loss) for i, loss in enumerate(losses)])
    steps = steps_of(recorder.fetch().events)
    assert {31_417, 27_183} <= set(steps)


def test_failures_and_stops_survive_thinning() -> None:
    events = list(events_of_run(epochs=1, steps=20_000))[:-1]
    events.append(
        Diagnostic(run_id=RUN, time=2.0, step=5, code="nan_loss", path="", message="NaN", fix="lower")
    )
    events.append(FitStopped(run_id=RUN, time=2.0, epoch=0, step=20_000, reason="user"))
    events.append(FitFailed(run_id=RUN, time=2.0, step=20_000, error="ValueError", message="no"))
    assert types_of(recorded(events).fetch().events)[-3:] == ["diagnostic", "fit_stopped", "fit_failed"]


@pytest.mark.slow
def test_static_events_of_any_run_fit_their_budget() -> None:
    many_metrics = [step_finished(i, 0.5) for i in range(1, 300)]
    for event in many_metrics:
        event.logs.update({f"metric_{i}_" + "x" * 500: [0.123456789] for i in range(100)})
    for events in (events_of_run(20, 5_000), events_of_run(2_000, 5), [fit_started(), *many_metrics]):
        assert len(json.dumps(recorded(list(events)).static_events(24_000))) <= 24_000


def test_static_events_keep_the_start_the_best_epoch_and_the_end() -> None:
    events = recorded(events_of_run(2_000, 5)).static_events(24_000)
    epochs = [event["epoch"] for event in events if event["type"] == "epoch_finished"]
    assert (events[0]["type"], events[-1]["type"]) == ("fit_started", "fit_finished")
    assert epochs[0] == 0 and epochs[-1] == 1999 and len(epochs) <= 200


def test_the_status_follows_the_events() -> None:
    recorder = recorded([fit_started()])
    seen = [recorder.status]
    for event in (
        FitPaused(run_id=RUN, time=1.0, step=1),
        FitResumed(run_id=RUN, time=1.0, step=1),
        FitStopped(run_id=RUN, time=1.0, epoch=0, step=1, reason="user"),
    ):
        recorder.record(event)
        seen.append(recorder.status)
    recorder.record(list(events_of_run())[-1])
    assert [*seen, recorder.status] == ["running", "paused", "running", "stopped", "stopped"]
    assert recorder.fetch().live is False


def test_readers_lose_nothing_while_training_writes() -> None:
    recorder = recorded([])
    steps = 20_000
    writer = threading.Thread(
        target=lambda: [recorder.record(step_finished(i, float(i))) for i in range(1, steps + 1)]
    )
    seen: list[int] = []
    since = 0
    writer.start()
    while len(seen) < steps:
        fetched = recorder.fetch(since)
        for event in fetched.events:
            assert event["logs"]["loss"] == [float(step) for step in event["steps"]]
        seen += steps_of(fetched.events)
        since = fetched.next
        if not writer.is_alive() and since == steps:
            break
    writer.join()
    assert seen == list(range(1, steps + 1))

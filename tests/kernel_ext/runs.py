"""Hand-made runs, so that these tests need no training."""

from __future__ import annotations

import math
from collections.abc import Iterator

from layerlab.events import (
    EpochFinished,
    EpochStarted,
    Event,
    FitFinished,
    FitStarted,
    StepsFinished,
    ValidationFinished,
)
from layerlab_jupyter.recording.run_recorder import RunRecorder

RUN = "run-1"


def fit_started(epochs: int = 2, *, model_name: str = "digits", steps_per_epoch: int = 10) -> FitStarted:
    return FitStarted(
        run_id=RUN,
        time=1000.0,
        model_name=model_name,
        model_class="Functional",
        backend="jax",
        optimizer="adam",
        learning_rate=0.001,
        parameters=10,
        epochs=epochs,
        initial_epoch=0,
        steps_per_epoch=steps_per_epoch,
        batch_size=32,
        validation=True,
    )


def step_finished(step: int, loss: float, *, epoch: int = 0, time: float | None = None) -> StepsFinished:
    return StepsFinished(
        run_id=RUN,
        time=1000 + step / 1000 if time is None else time,
        epoch=epoch,
        epoch_step=step,
        steps=[step],
        logs={"loss": [loss], "accuracy": [0.5], "batch_loss": [loss]},
    )


def events_of_run(
    epochs: int = 2, steps: int = 10, *, model_name: str = "digits", metric: str = "accuracy"
) -> Iterator[Event]:
    """A whole run at 1,000 steps/s whose loss falls as 1/sqrt(step)."""
    yield fit_started(epochs, model_name=model_name, steps_per_epoch=steps)
    step, logs = 0, {}
    for epoch in range(epochs):
        yield EpochStarted(run_id=RUN, time=1000 + step / 1000, epoch=epoch, step=step)
        for epoch_step in range(1, steps + 1):
            step += 1
            loss = 1 / math.sqrt(step)
            yield StepsFinished(
                run_id=RUN,
                time=1000 + step / 1000,
                epoch=epoch,
                epoch_step=epoch_step,
                steps=[step],
                logs={"loss": [loss], metric: [1 - loss], "batch_loss": [loss * (1 + 0.3 * math.sin(step))]},
            )
        logs = {"loss": loss, metric: 1 - loss, "val_loss": loss * 1.1, f"val_{metric}": 1 - loss * 1.1}
        now = 1000 + step / 1000
        validation = {"loss": logs["val_loss"], metric: logs[f"val_{metric}"]}
        yield ValidationFinished(run_id=RUN, time=now, epoch=epoch, step=step, logs=validation, seconds=0.1)
        yield EpochFinished(run_id=RUN, time=now, epoch=epoch, step=step, logs=logs, seconds=1.0)
    yield FitFinished(
        run_id=RUN, time=1000 + step / 1000, epoch=epochs, step=step, seconds=step / 1000, logs=logs
    )


def recorded(events: Iterator[Event] | list[Event]) -> RunRecorder:
    recorder = RunRecorder(RUN)
    for event in events:
        recorder.record(event)
    return recorder

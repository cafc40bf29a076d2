"""Runs of many hours, by a clock of their own: nothing waits, and no machine is too slow for them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layerlab.events import EpochFinished, EpochStarted, Event, FitFinished, StepsFinished
from tests.kernel_ext.runs import RUN, fit_started


def long_run(
    seconds: int, per_second: int, *, epochs: int = 100, spike_at: int | None = None, ends: bool = False
) -> Iterator[Event]:
    """`per_second` steps each second, told once a second; a whole number of seconds is an epoch."""
    yield fit_started(epochs, steps_per_epoch=seconds * per_second // epochs)
    values = (np.arange(per_second) % 7 / 7 + 1).tolist()
    for second in range(seconds):
        epoch, now = second * epochs // seconds, 1000.0 + second
        step = second * per_second
        if second == 0 or epoch != (second - 1) * epochs // seconds:
            yield EpochStarted(run_id=RUN, time=now, epoch=epoch, step=step)
        steps = list(range(step + 1, step + per_second + 1))
        loss = values
        if spike_at is not None and step < spike_at <= step + per_second:
            loss = [
                99.0 if number == spike_at else value for number, value in zip(steps, values, strict=True)
            ]
        yield StepsFinished(
            run_id=RUN,
            time=now + 1,
            epoch=epoch,
            epoch_step=steps[-1] - epoch * seconds * per_second // epochs,
            steps=steps,
            logs={"loss": loss, "accuracy": values, "batch_loss": values},
        )
        if (second + 1) * epochs // seconds != epoch:
            logs = {"loss": 1.0, "val_loss": 2.0}
            yield EpochFinished(run_id=RUN, time=now + 1, epoch=epoch, step=steps[-1], logs=logs, seconds=1.0)
    if ends:
        yield FitFinished(
            run_id=RUN, time=1000.0 + seconds, epoch=epochs, step=seconds * per_second, seconds=seconds
        )


def short_epochs(epochs: int, *, ends: bool = False) -> Iterator[Event]:
    """One step an epoch, 200 of them a second."""
    yield fit_started(epochs, steps_per_epoch=1)
    for epoch in range(epochs):
        now, step, logs = 1000.0 + epoch / 200, epoch + 1, {"loss": 1 / (epoch + 1)}
        yield EpochStarted(run_id=RUN, time=now, epoch=epoch, step=epoch)
        columns = {label: [logs["loss"]] for label in ("loss", "batch_loss")}
        yield StepsFinished(run_id=RUN, time=now, epoch=epoch, epoch_step=1, steps=[step], logs=columns)
        yield EpochFinished(run_id=RUN, time=now, epoch=epoch, step=step, logs=logs, seconds=0.005)
    if ends:
        yield FitFinished(run_id=RUN, time=now, epoch=epochs, step=epochs, seconds=now - 1000)

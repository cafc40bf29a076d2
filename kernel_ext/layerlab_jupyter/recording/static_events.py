"""The events of a run that a saved notebook holds: the detail that fits into a number of bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from layerlab_jupyter.json_safe import json_safe
from layerlab_jupyter.recording.metric_goals import BATCH_LOSS, metric_names
from layerlab_jupyter.recording.thinning import Part, StepBlock, thin

__all__ = ["fitted_events", "names_in"]

# Steps, epochs, marks and metrics (None: all), tried in turn until the events fit.
_STATIC_DETAILS = (
    *((360, 180, 36, None), (180, 120, 18, None), (90, 90, 9, None), (40, 60, 6, None)),
    *((40, 60, 6, 30), (24, 40, 6, 30), (40, 60, 6, 8), (24, 40, 6, 8), (12, 20, 4, 8)),
    *((24, 40, 4, 3), (12, 20, 4, 3), (12, 20, 4, 1), (2, 2, 2, 1)),
)


def fitted_events(
    parts: list[Part], as_event: Callable[[Part], dict[str, Any]], size_bytes: int
) -> list[dict[str, Any]]:
    """The run in at most `size_bytes` of JSON, always with its start and end.

    Args:
        as_event: the event that says what a part holds.
    """
    parts = _without_repetition(parts)
    for steps, epochs, marks, most_metrics in _STATIC_DETAILS:
        thinned = thin(parts, steps=steps, epochs=epochs, marks=marks)
        kept = None if most_metrics is None else set(names_in(thinned)[:most_metrics])
        events = [_rounded(_with_metrics(as_event(part), kept)) for part in thinned]
        if len(json.dumps(events)) <= size_bytes:
            return events
        if most_metrics is None:
            parts = thinned  # what is left of a long run is quicker to thin again
    ends = [part for part in parts if isinstance(part, dict) and part["type"].startswith("fit_")]
    return [_shortened(event) for event in [*ends[:1], *ends[1:][-2:]]]


def names_in(parts: Iterable[Part]) -> list[str]:
    """All metrics in `parts`, without 'val_', in the order in which they are shown."""
    labels: dict[str, None] = {}
    for part in parts:
        if isinstance(part, StepBlock):
            labels.update(dict.fromkeys(part.columns))
        elif part["type"] == "epoch_finished":
            labels.update(dict.fromkeys(part["logs"]))
    return metric_names(labels)


def _without_repetition(parts: list[Part]) -> list[Part]:
    """Leave out what the event at an epoch's end says too."""
    ended = {part["epoch"] for part in parts if isinstance(part, dict) and part["type"] == "epoch_finished"}
    return [
        part
        for part in parts
        if isinstance(part, StepBlock)
        or part["type"] not in ("epoch_started", "validation_finished")
        or (part["type"] == "validation_finished" and part["epoch"] not in ended)
    ]


def _with_metrics(event: dict[str, Any], names: set[str] | None) -> dict[str, Any]:
    """The event with the logs of these metrics alone; None keeps all."""
    if names is None or "logs" not in event:
        return event
    kept = {
        key: log for key, log in event["logs"].items() if key.removeprefix("val_") in {*names, BATCH_LOSS}
    }
    return {**event, "logs": kept}


def _rounded(event: dict[str, Any]) -> dict[str, Any]:
    """Six digits of each log, as many as a chart or a table can show."""
    if "logs" not in event:
        return event
    return {**event, "logs": {label: _six_digits(value) for label, value in event["logs"].items()}}


def _six_digits(value: object) -> Any:
    if isinstance(value, list):
        return [_six_digits(entry) for entry in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _shortened(event: dict[str, Any]) -> dict[str, Any]:
    short = json_safe(event, longest_text=300)
    if "logs" in short:
        short["logs"] = dict(list(short["logs"].items())[:20])
    return _rounded(short)

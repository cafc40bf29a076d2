"""What a cell shows: MIME bundles with our own data for JupyterLab, HTML and text for every other reader."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib
from typing import Any

from layerlab.core.model_protocol import ModelLike
from layerlab.inspect import describe_graph, revision, summarize
from layerlab_jupyter.json_safe import json_safe
from layerlab_jupyter.kernels import kernel_id
from layerlab_jupyter.protocol import MODEL_MIME, RUN_MIME, VERSION, ModelBundle, PackedBundle, RunBundle
from layerlab_jupyter.registry import Run
from layerlab_jupyter.static_outputs.html import model_html, run_html, run_text

__all__ = ["describe", "final_bundle", "live_bundle", "model_bundle"]

_EVENTS_BYTES = 24_000  # with the picture and the table an output stays under 60 KB
_LIVE_EVENTS_BYTES = 12_000  # sent again and again, and only looked at when the kernel is gone
_PLAIN_BYTES = 20_000  # a small model is left as people and tools can read it
_PACKED_BYTES = 60_000
_MOST_LINES = 120


def live_bundle(run: Run) -> dict[str, Any]:
    """A running fit: where to fetch its events, and its state of now for readers that cannot."""
    return _run_bundle(run, live=True, events=run.recorder.static_events(_LIVE_EVENTS_BYTES))


def final_bundle(run: Run) -> dict[str, Any]:
    """An ended fit: its thinned events and a picture, readable with no kernel."""
    return _run_bundle(run, live=False, events=run.recorder.static_events(_EVENTS_BYTES))


def _run_bundle(run: Run, *, live: bool, events: list[dict[str, Any]]) -> dict[str, Any]:
    record = RunBundle(
        version=VERSION, kernel_id=kernel_id(), run_id=run.run_id, live=live, events=events, charts=run.charts
    )
    metrics = len(run.recorder.metric_names())
    return {
        RUN_MIME: dataclasses.asdict(record),
        "text/html": run_html(events, run.recorder.status, metrics),
        "text/plain": run_text(events, run.recorder.status, metrics),
    }


def describe(model: ModelLike, model_id: str) -> ModelBundle:
    """Graph and summary of `model` as they are now."""
    return ModelBundle(
        version=VERSION,
        kernel_id=kernel_id(),
        model_id=model_id,
        name=model.name,
        class_name=type(model).__name__,
        graph=describe_graph(model),
        summary=summarize(model),
        revision=revision(model),
    )


def model_bundle(model: ModelLike, model_id: str) -> dict[str, Any]:
    """A model as the output of a cell: data, picture, and the text that `model.summary()` prints."""
    described = describe(model, model_id)
    printed: list[str] = []
    model.summary(print_fn=printed.append)
    lines = "\n".join(printed).split("\n")
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"… and {len(lines) - _MOST_LINES:,} more lines; model.summary() prints all"]
    return {
        MODEL_MIME: _packed(json_safe(dataclasses.asdict(described))),
        "text/html": model_html(described.name, described.class_name, described.graph, described.summary),
        "text/plain": "\n".join(lines),
    }


def _packed(record: dict[str, Any]) -> dict[str, Any]:
    """The record, deflated where it is long: layers resemble each other, and about a tenth is left.

    Of a very large model the details of each node are left to the live kernel: a notebook must stay small.
    """
    if len(json.dumps(record)) <= _PLAIN_BYTES:
        return record
    packed = _deflated(record)
    if len(packed) > _PACKED_BYTES:
        for node in record["graph"]["nodes"]:
            node["config"], node["weights"] = {}, []
        packed = _deflated(record)
    return dataclasses.asdict(PackedBundle(version=VERSION, deflated=packed))


def _deflated(record: dict[str, Any]) -> str:
    return base64.b64encode(zlib.compress(json.dumps(record).encode(), 9)).decode()

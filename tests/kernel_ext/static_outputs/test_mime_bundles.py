"""Saved outputs are small, readable without a kernel, and show hostile text as text."""

from __future__ import annotations

import base64
import html.parser
import json
import math
import xml.etree.ElementTree as ElementTree
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

import layerlab as keras
from layerlab.events import Diagnostic, EpochFinished, Event, FitFailed, StepsFinished
from layerlab.inspect import Edge, ModelGraph, NodeInfo, SummaryRow, SummaryTable
from layerlab.training.control import RunControl
from layerlab_jupyter.protocol import MODEL_MIME, RUN_MIME
from layerlab_jupyter.registry import Run
from layerlab_jupyter.static_outputs.html import model_html, run_html, run_text
from layerlab_jupyter.static_outputs.mime_bundles import final_bundle, live_bundle, model_bundle
from layerlab_jupyter.static_outputs.svg_chart import charts_svg
from tests.kernel_ext.runs import RUN, events_of_run, fit_started, recorded, step_finished

HOSTILE = "<script>alert('1')</script>\"><img src=x onerror=alert(1)>\n\u202e&amp;]]>" + "x" * 10_000


class Reader(html.parser.HTMLParser):
    """Collects tags and attributes, as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.words += data


ALLOWED_TAGS = {
    *("div", "p", "b", "ul", "li", "table", "tr", "th", "td"),
    *("svg", "g", "path", "rect", "circle", "text", "tspan", "title"),
}


def run_of(events: Any) -> Run:
    return Run(RUN, recorded(events), RunControl(), "model-1")


def node(id: str, name: str = "dense", **changes: Any) -> NodeInfo:
    fields = {
        "id": id, "parent": None, "name": name, "class_name": "Dense", "family": "dense", "path": id,
        "output_shape": "(None, 3)", "dtype": "float32", "parameters": 12, "trainable": True,
        "is_group": False, "config": {}, "weights": [],
    }  # fmt: skip
    return NodeInfo(**{**fields, **changes})


def table(name: str = "dense", rows: int = 1) -> SummaryTable:
    row = SummaryRow(
        name=name, class_name="Dense", path="dense", depth=0, output_shape="(None, 3)", parameters=12,
        size_bytes=48, trainable=True, connected_to=["pixels"],
    )  # fmt: skip
    return SummaryTable(
        rows=[row] * rows, parameters=12, trainable_parameters=12, non_trainable_parameters=0,
        optimizer_parameters=0, size_bytes=48,
    )  # fmt: skip


def test_a_live_bundle_tells_where_to_ask_and_holds_the_run_so_far() -> None:
    first = live_bundle(run_of([fit_started()]))
    assert {**first[RUN_MIME], "events": []} == {
        "version": 1, "kernel_id": "", "run_id": RUN, "live": True, "events": [], "charts": None,
    }  # fmt: skip
    assert first["text/plain"] == "Functional 'digits': running, 0 steps, 0.0 s, adam, jax"

    # Of two epochs of 10 steps, the first and three steps of the second are done.
    events = list(events_of_run(epochs=2, steps=10))[:18]
    later = live_bundle(run_of(events))
    assert "running, epoch 2 of 2, 13 steps" in later["text/plain"]
    assert "running, epoch 2 of 2, 13 steps" in Reader(later["text/html"]).words
    assert (
        "loss  0.277" in later["text/plain"] and "validation 0.3479" in later["text/plain"]
    )  # 1 / sqrt(13), 1.1 / sqrt(10)
    assert later["text/html"].count("<svg") == 2 and len(later[RUN_MIME]["events"]) > 3


@pytest.mark.slow
def test_the_live_output_of_100_000_steps_is_under_30_kilobytes() -> None:
    bundle = live_bundle(run_of(list(events_of_run(epochs=20, steps=5_000))[:-1]))
    assert len(json.dumps(bundle, allow_nan=False)) < 30_000


def test_the_final_output_of_100_000_steps_is_under_60_kilobytes() -> None:
    bundle = final_bundle(run_of(events_of_run(epochs=20, steps=5_000)))
    assert len(json.dumps(bundle, allow_nan=False)) < 60_000


def many_metrics(count: int, name_length: int, epochs: int, steps: int) -> Iterator[Event]:
    names = [f"output_{i}_accuracy_".ljust(name_length, "x") for i in range(count)]
    for event in events_of_run(epochs=epochs, steps=steps):
        if isinstance(event, StepsFinished):
            event.logs.update({name: [0.123456789] for name in names})
        elif isinstance(event, EpochFinished):
            event.logs.update(
                {f"{side}{name}": 0.1 / (1 + event.epoch) for name in names for side in ("", "val_")}
            )
        yield event


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "name_length", "epochs", "steps", "panels"),
    [
        (5, 20, 30, 500, 7),
        (40, 20, 300, 5, 8),
        (40, 200, 50, 5, 3),
        (500, 60, 10, 20, 3),
        (2, 10_000, 20, 20, 1),
        (8, 20, 360, 1, 8),
    ],
)
def test_the_output_of_many_metrics_and_epochs_is_under_60_kilobytes_and_still_shows_curves(
    count: int, name_length: int, epochs: int, steps: int, panels: int
) -> None:
    run = run_of(many_metrics(count, name_length, epochs, steps))
    final, live = final_bundle(run), live_bundle(run)
    assert len(json.dumps(final, allow_nan=False)) < 60_000
    assert len(json.dumps(live, allow_nan=False)) < 40_000
    for bundle in (final, live):
        kept = [event["epoch"] for event in bundle[RUN_MIME]["events"] if event["type"] == "epoch_finished"]
        assert (kept[0], kept[-1]) == (0, epochs - 1) and len(kept) >= min(epochs, 10)
        assert bundle["text/html"].count("<svg") >= panels


@pytest.mark.slow
def test_metrics_that_are_left_out_are_counted() -> None:
    bundle = final_bundle(run_of(many_metrics(500, 60, 10, 20)))
    shown = sum(line.startswith("  output_") for line in bundle["text/plain"].split("\n"))
    assert shown >= 1
    for text in (Reader(bundle["text/html"]).words, bundle["text/plain"]):
        assert f"… and {500 - shown} more metrics" in text


def test_the_loss_comes_first_and_its_best_epoch_is_marked() -> None:
    events = [fit_started(3)]
    for epoch, loss in enumerate([0.5, 0.2, 0.4]):
        logs = {"accuracy": 0.5 + loss, "loss": 0.1, "val_loss": loss, "val_accuracy": 1 - loss}
        events.append(
            EpochFinished(run_id=RUN, time=1000.0, epoch=epoch, step=10 * epoch + 10, logs=logs, seconds=1.0)
        )
    bundle = final_bundle(run_of(events))
    first, second = bundle["text/html"].split("<svg ")[1:]
    assert "Chart of loss" in first and "<title>best: 0.2 (epoch 2)</title>" in first
    assert "Chart of accuracy" in second and "<title>best: 0.8 (epoch 2)</title>" in second
    assert "loss  0.1  validation 0.4  best 0.2 (epoch 2)" in bundle["text/plain"]


def test_the_final_output_says_the_numbers_in_html_and_in_text() -> None:
    bundle = final_bundle(run_of(events_of_run(epochs=4, steps=25)))
    for text in (Reader(bundle["text/html"]).words, bundle["text/plain"]):
        # After 100 steps the loss is 1 / sqrt(100), and validation is a tenth more.
        assert "digits" in text and "finished" in text and "0.11 (epoch 4)" in text and "0.1" in text


def test_charts_have_a_line_per_series_and_an_alternative_in_words() -> None:
    svg = charts_svg(recorded(events_of_run(epochs=4, steps=25)).static_events(24_000))
    assert svg.count("<svg") == 2
    assert "Chart of loss, training from 0.2 to 0.1, validation from 0.22 to 0.11" in svg
    assert "training" in Reader(svg).words and "validation" in Reader(svg).words


def test_a_nan_is_a_gap_in_the_line_and_never_a_coordinate() -> None:
    losses = [0.5, 0.4, math.nan, 0.3, math.inf, 0.2, 0.1]
    events = recorded([step_finished(i + 1, loss) for i, loss in enumerate(losses)]).static_events(24_000)
    loss_chart = charts_svg(events).split("</svg>")[0]
    assert "nan" not in loss_chart and "inf" not in loss_chart
    line = next(part for part in loss_chart.split("<path ") if 'stroke-opacity=".4"' in part)
    assert line.count("M") == 3


@pytest.mark.parametrize("losses", [[], [math.nan], [0.0], [5.0, 5.0], [1e-300, 1e300], [-1e30, 1e30]])
def test_degenerate_values_draw_a_chart_or_none(losses: list[float]) -> None:
    events = recorded(
        [fit_started(), *(step_finished(i + 1, x) for i, x in enumerate(losses))]
    ).static_events(9_000)
    run_text(events, "running")
    assert "nan" not in charts_svg(events)


def test_a_run_without_any_event_is_still_readable() -> None:
    assert "failed" in run_html([], "failed") and "failed" in run_text([], "failed")


def test_hostile_names_in_a_run_are_shown_as_text() -> None:
    events = list(events_of_run(2, 10, model_name=HOSTILE, metric=HOSTILE))[:-1]
    events.append(Diagnostic(run_id=RUN, time=1.0, step=3, code="x", path="", message=HOSTILE, fix=HOSTILE))
    events.append(FitFailed(run_id=RUN, time=1.0, step=20, error=HOSTILE, message=HOSTILE))
    bundle = final_bundle(run_of(events))
    reader = Reader(bundle["text/html"])
    assert reader.tags <= ALLOWED_TAGS
    assert not any(
        name.startswith("on") or name in ("src", "href", "id", "class") for name in reader.attributes
    )
    assert "<script>alert('1')</script>" in reader.words
    assert "\u202e" not in bundle["text/html"] + bundle["text/plain"]
    assert len(json.dumps(bundle)) < 60_000


def test_hostile_names_in_a_model_are_shown_as_text() -> None:
    nodes = [
        node("in", HOSTILE, family=HOSTILE, class_name=HOSTILE, output_shape=HOSTILE),
        node("group", HOSTILE, is_group=True, class_name=HOSTILE),
        node("group/a", HOSTILE, parent="group", path=HOSTILE),
    ]
    graph = ModelGraph(nodes=nodes, edges=[Edge(source="in", target="group/a", label=HOSTILE)])
    text = model_html(HOSTILE, HOSTILE, graph, table(HOSTILE))
    reader = Reader(text)
    assert reader.tags <= ALLOWED_TAGS
    assert not any(name.startswith("on") or name in ("src", "href", "id") for name in reader.attributes)
    ElementTree.fromstring(text)  # well-formed, so nothing broke out of its place
    assert len(text) < 10_000


def test_a_very_large_model_is_cut_with_a_note() -> None:
    nodes = [node(f"dense_{i}") for i in range(5_000)]
    edges = [Edge(source=f"dense_{i}", target=f"dense_{i + 1}", label="") for i in range(4_999)]
    text = model_html("deep", "Sequential", ModelGraph(nodes=nodes, edges=edges), table(rows=5_000))
    assert "and 4,940 more nodes" in text and "and 4,940 more rows" in text
    assert len(text) < 60_000


def chain(length: int) -> keras.Sequential:
    layers = [keras.layers.Dense(4, activation="relu") for _ in range(length)]
    return keras.Sequential([keras.Input((4,)), *layers], name="chain")


def test_a_model_of_400_layers_takes_less_than_100_kb_and_loses_no_detail() -> None:
    bundle = model_bundle(chain(400), "model-1")
    # As a notebook is written: indented, in UTF-8.
    assert len(json.dumps(bundle, ensure_ascii=False, indent=1).encode()) < 100_000
    record = json.loads(zlib.decompress(base64.b64decode(bundle[MODEL_MIME]["deflated"])))
    assert [len(record["graph"]["nodes"]), len(record["summary"]["rows"])] == [401, 400]
    assert record["graph"]["nodes"][400]["config"]["activation"] == "relu"
    paths = [weight["path"] for weight in record["graph"]["nodes"][400]["weights"]]
    assert [path.split("/")[-1] for path in paths] == ["kernel", "bias"]


def test_the_data_of_a_small_model_can_be_read_as_they_are() -> None:
    assert model_bundle(chain(3), "model-1")[MODEL_MIME]["graph"]["nodes"][3]["class_name"] == "Dense"

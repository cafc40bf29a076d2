"""Names and messages from anywhere are shown as text, in every output that is saved or exported."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from hypothesis import given, settings
from nbconvert import HTMLExporter, LatexExporter

import layerlab as keras
from layerlab.events import (
    CheckpointSaved,
    Diagnostic,
    EpochFinished,
    Event,
    FitFailed,
    FitStarted,
    FitStopped,
    LearningRateChanged,
    StepsFinished,
    ValidationFinished,
)
from layerlab.inspect import Edge, ModelGraph, NodeInfo, SummaryRow, SummaryTable, graph_svg
from layerlab.training.control import RunControl
from layerlab_jupyter.registry import Run
from layerlab_jupyter.static_outputs.html import model_html
from layerlab_jupyter.static_outputs.mime_bundles import final_bundle, live_bundle, model_bundle
from tests.kernel_ext.hostile import HOSTILE, Reader, assert_no_active_characters, assert_shown_as_text, texts
from tests.kernel_ext.runs import RUN, recorded

ALL = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


def hostile_run(text: str) -> Iterator[Event]:
    """A run in which every text that an event can carry is `text`."""
    yield FitStarted(
        run_id=RUN, time=1.0, model_name=text, model_class=text, backend=text, optimizer=text,
        learning_rate=0.1, parameters=1, epochs=2, initial_epoch=0, steps_per_epoch=2, batch_size=1,
        validation=True,
    )  # fmt: skip
    for epoch in range(2):
        logs: dict[str, list[float]] = {"loss": [0.5, 0.4], text: [0.1, 0.2], "batch_loss": [0.5, 0.3]}
        steps = [2 * epoch + 1, 2 * epoch + 2]
        yield StepsFinished(run_id=RUN, time=2.0, epoch=epoch, epoch_step=2, steps=steps, logs=logs)
        yield ValidationFinished(
            run_id=RUN, time=2.0, epoch=epoch, step=steps[1], logs={text: 0.3}, seconds=1.0
        )
        epoch_logs = {"loss": 0.4, text: 0.2, f"val_{text}": 0.3 + epoch}
        yield EpochFinished(run_id=RUN, time=2.0, epoch=epoch, step=steps[1], logs=epoch_logs, seconds=1.0)
    yield LearningRateChanged(run_id=RUN, time=3.0, step=4, learning_rate=0.2, source="user")
    yield CheckpointSaved(run_id=RUN, time=3.0, step=4, path=text)
    yield Diagnostic(run_id=RUN, time=3.0, step=3, code=text, path=text, message=text, fix=text)
    yield FitStopped(run_id=RUN, time=3.0, epoch=1, step=4, reason="callback", message=text)
    yield FitFailed(run_id=RUN, time=3.0, step=4, error=text, message=text)


def bundles_of_run(text: str) -> list[dict[str, Any]]:
    run = Run(RUN, recorded(hostile_run(text)), RunControl(), "model-1")
    return [live_bundle(run), final_bundle(run)]


def hostile_graph(text: str) -> tuple[ModelGraph, SummaryTable]:
    def node(id: str, parent: str | None = None, is_group: bool = False) -> NodeInfo:
        return NodeInfo(
            id=id, parent=parent, name=text, class_name=text, family=text, path=text, output_shape=text,
            dtype=text, parameters=1, trainable=False, is_group=is_group, config={text: text}, weights=[],
        )  # fmt: skip

    nodes = [node("in"), node("group", is_group=True), node("group/a", "group"), node("group/b", "group")]
    edges = [
        Edge(source="in", target="group/a", label=text),
        Edge(source="group/a", target="group/b", label=text),
    ]
    row = SummaryRow(
        name=text, class_name=text, path=text, depth=1, output_shape=text, parameters=1, size_bytes=4,
        trainable=True, connected_to=[text, text],
    )  # fmt: skip
    table = SummaryTable(
        rows=[row, row], parameters=1, trainable_parameters=1, non_trainable_parameters=0,
        optimizer_parameters=0, size_bytes=4,
    )  # fmt: skip
    return ModelGraph(nodes=nodes, edges=edges), table


def assert_saved_bundle_is_safe(bundle: dict[str, Any]) -> None:
    assert_shown_as_text(bundle["text/html"])
    ElementTree.fromstring(bundle["text/html"])  # well-formed: nothing broke out of its place
    assert_no_active_characters(bundle["text/plain"])
    assert len(json.dumps(bundle, allow_nan=False)) < 60_000
    json.dumps(bundle, ensure_ascii=False).encode()  # as a notebook is saved


@ALL
def test_a_run_shows_it_as_text(text: str) -> None:
    for bundle in bundles_of_run(text):
        assert_saved_bundle_is_safe(bundle)


@ALL
def test_a_model_shows_it_as_text(text: str) -> None:
    graph, table = hostile_graph(text)
    for markup in (model_html(text, text, graph, table), graph_svg(graph), graph_svg(graph, direction="LR")):
        assert_shown_as_text(markup)
        ElementTree.fromstring(markup)
        assert len(markup) < 12_000


@settings(max_examples=60, deadline=None)
@given(texts())
def test_whatever_the_text_a_run_and_a_model_show_it_as_text(text: str) -> None:
    for bundle in bundles_of_run(text):
        assert_saved_bundle_is_safe(bundle)
    graph, table = hostile_graph(text)
    markup = model_html(text, text, graph, table)
    assert_shown_as_text(markup)
    ElementTree.fromstring(markup)


def test_the_words_themselves_are_there_to_be_read() -> None:
    for bundle in bundles_of_run(HOSTILE["script"]):
        words = Reader(bundle["text/html"]).words
        assert words.count(HOSTILE["script"]) >= 4 and bundle["text/plain"].count(HOSTILE["script"]) >= 3


# What a layer may be called is limited when it is made: what is left is dangerous enough.
NAMES = {
    "image": "\"><img src=x onerror=window.hacked='image'>",
    "quotes": '" onmouseover="window.hacked=1" x=\'',
    "markdown": "[x](javascript:alert(1))",
    "shell": "$x_2^3$ % & # {~} `rm -rf`",
    "prototype": "__proto__",
    "wide": "\U0001f468\U0001f469" * 500,
    "long": "x" * 10_000,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_real_model_with_such_names_shows_them_as_text(name: str) -> None:
    namesake = type(name[:100], (keras.layers.Dense,), {})
    inputs = keras.Input((3,), name=name + "in")
    inner = keras.Sequential([keras.Input((3,)), namesake(3, name=name)], name=name + "group")
    model = keras.Model(inputs, keras.layers.Dense(2, name=name)(inner(inputs)), name=name)
    bundle = model_bundle(model, "model-1")
    assert_shown_as_text(bundle["text/html"])
    ElementTree.fromstring(bundle["text/html"])
    assert_no_active_characters(bundle["text/plain"])
    assert len(json.dumps(bundle, allow_nan=False)) < 300_000  # 10,000 characters stand in it 8 times


@pytest.mark.parametrize("name", ["a\nb", "a\x00", "\u202e", "<b>/", "\ud800", "", "\x1b[31m"])
def test_a_name_that_would_act_is_refused_when_the_layer_is_made(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be named"):
        keras.layers.Dense(2, name=name or "/")


@pytest.mark.slow
def test_exported_notebooks_hold_it_as_text() -> None:
    outputs = []
    for text in HOSTILE.values():
        graph, table = hostile_graph(text)
        model = {"text/html": model_html(text, text, graph, table), "text/plain": "a model"}
        outputs += [
            nbformat.v4.new_output("display_data", data=data) for data in [*bundles_of_run(text), model]
        ]
    cell = nbformat.v4.new_code_cell("model.fit(x, y)", outputs=outputs)
    notebook = nbformat.v4.new_notebook(cells=[cell])

    page, _ = HTMLExporter().from_notebook_node(notebook)
    empty, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook())
    # Whatever begins a script or an image in the page, nbconvert's own template put it there.
    for opening in ("<script", "<img", "<iframe", "<a href", "<svg onload"):
        assert page.count(opening) == empty.count(opening), opening

    latex, _ = LatexExporter().from_notebook_node(notebook)
    assert "window.hacked" in latex
    for command in ("\\input{/etc/passwd}", "\\end{Verbatim} $", "\x00", "\x1b", "\u202e"):
        assert command not in latex

"""The main job, as a person does it: the quickstart notebook in JupyterLab, on real data."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lab

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "01_quickstart.ipynb"
LAYERS = ("image", "stem", "conv_a", "norm_a", "relu_a", "conv_b") + (
    "residual",
    "relu_b",
    "pool",
    "flatten",
    "dropout",
    "digit",
)

# How much has been drawn: the length of the curves' paths.
DRAWN = """() => [...document.querySelectorAll('.layerlab-plot path.js-line')]
    .map(path => path.getAttribute('d')).join().length"""


@pytest.fixture
def cells(lab: Lab) -> Iterator[dict[str, int]]:
    """The quickstart with a cell at its end that tells of the run; the place of each code cell."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    tell = "print(type(history).__name__, history.epoch, sorted(history.history))"
    report = nbformat.v4.new_code_cell(tell)
    notebook.cells.append(report)
    nbformat.write(notebook, lab.server.root / "quickstart.ipynb")
    lab.open("quickstart.ipynb")

    def place(text: str) -> int:
        sources = [cell.source if cell.cell_type == "code" else "" for cell in notebook.cells]
        return next(i for i, source in enumerate(sources) if text in source)

    yield {
        "imports": place("import layerlab"),
        "data": place("load_digits()"),
        "model": place("keras.Model("),
        "graph": next(i for i, cell in enumerate(notebook.cells) if cell.source == "model"),
        "fit": place("model.fit"),
        "evaluate": place("model.evaluate"),
        "predict": place("mistakes"),
        "weights": place("save_weights"),
        "report": place("sorted(history.history)"),
    }
    # Uncaught errors in our code; ipywidgets' manager has one of its own where there is no kernel.
    assert [problem for problem in lab.problems if "layerlab" in problem] == []


def test_quickstart_is_run_watched_stopped_and_saved(lab: Lab, cells: dict[str, int]) -> None:
    for name in ("imports", "data", "model", "graph"):
        lab.run_cell(cells[name], seconds=120)
    _graph_shows_every_layer(lab, cells)
    _chart_moves_and_stop_works(lab, cells)

    lab.run_cell(cells["model"])
    lab.run_cell(cells["fit"], seconds=300)
    accuracy = lab.wait_for_text(cells["evaluate"], r"\d+\.\d%", 1) if lab.run_cell(cells["evaluate"]) else ""
    assert float(accuracy.rstrip("%")) >= 97.0
    assert re.search(r"\d+ of 360 wrong", lab.run_cell(cells["predict"]))
    scrambled, loaded = re.findall(r"(\d+\.\d)%", lab.run_cell(cells["weights"]))
    assert float(scrambled) < 20 and loaded == accuracy.rstrip("%")

    lab.cell(cells["fit"]).scroll_into_view_if_needed()
    lab.screenshot("quickstart-light")
    _output_is_readable_without_a_kernel(lab, cells)


def _graph_shows_every_layer(lab: Lab, cells: dict[str, int]) -> None:
    lab.cell(cells["graph"]).scroll_into_view_if_needed()
    graph = lab.cell(cells["graph"]).locator(".react-flow")
    expect(graph.locator(".react-flow__node")).to_have_count(len(LAYERS), timeout=60_000)
    for name in LAYERS:
        expect(graph.locator(".react-flow__node", has_text=name).first).to_be_visible()
    lab.cell(cells["graph"]).scroll_into_view_if_needed()
    lab.screenshot("quickstart-graph")


def _chart_moves_and_stop_works(lab: Lab, cells: dict[str, int]) -> None:
    lab.start_cell(cells["fit"])
    lab.wait_for(f"() => ({DRAWN})() > 200", None, 90, "the first points of the chart")
    before = lab.evaluate(DRAWN)
    lab.wait_for(f"before => ({DRAWN})() > before + 100", before, 30, "the chart to grow while the cell runs")
    # Steps and validation have been compiled by then: a compiler cannot be stopped in the middle.
    lab.wait_for_text(cells["fit"], r"epoch\s*([3-9]|\d\d+)\s*/", 60)
    assert lab.is_running(cells["fit"])
    clicked = time.monotonic()
    lab.cell(cells["fit"]).get_by_role("button", name="Stop").click()
    lab.wait_until_done(cells["fit"], seconds=10)
    seconds = time.monotonic() - clicked
    assert seconds < 2, f"Stop took {seconds:.1f} s"
    assert "History [0" in lab.run_cell(cells["report"])
    expect(lab.cell(cells["fit"]).locator(".layerlab-chip")).to_have_text("stopped")


def _output_is_readable_without_a_kernel(lab: Lab, cells: dict[str, int]) -> None:
    lab.save()
    lab.shut_down_kernel()
    lab.open("quickstart.ipynb", kernel=False)
    fit, graph = lab.cell(cells["fit"]), lab.cell(cells["graph"])
    fit.scroll_into_view_if_needed()
    expect(fit.locator(".layerlab-plot path.js-line").first).to_be_visible(timeout=60_000)
    expect(fit.locator(".layerlab-chip")).to_have_text("finished")
    graph.scroll_into_view_if_needed()
    expect(graph.locator(".react-flow__node")).to_have_count(len(LAYERS), timeout=60_000)
    assert lab.server.get("api/kernels") == []
    lab.screenshot("quickstart-no-kernel")

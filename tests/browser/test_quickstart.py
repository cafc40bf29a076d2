"""The main job, as a person does it: the quickstart notebook in JupyterLab, on real data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lab
from tests.timing import least

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


# The moment of the last click, by the clock that the kernel reads as well.
WATCH_CLICKS = """() => document.addEventListener('click', event => {
  window.clicked = (Date.now() - (performance.now() - event.timeStamp)) / 1000;
}, { capture: true })"""


@pytest.fixture
def cells(lab: Lab) -> Iterator[dict[str, int]]:
    """The quickstart with cells at its end: a run that only Stop ends, and one that tells of it."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    fit = next(cell.source for cell in notebook.cells if "model.fit" in cell.source)
    long = fit.replace("epochs=25", "epochs=25_000")
    assert long != fit
    returned = "import time\nreturned = time.time()"
    tell = "print(returned, type(history).__name__, history.epoch, sorted(history.history))"
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in (f"{long}\n{returned}", tell)]
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
        "long fit": place("epochs=25_000"),
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
    fit = lab.cell(cells["long fit"])
    fit.scroll_into_view_if_needed()
    lab.evaluate(WATCH_CLICKS)

    def seconds_until_fit_returns() -> float:
        lab.start_cell(cells["long fit"])
        expect(fit.locator(".layerlab-chip")).to_have_text("running", timeout=120_000)
        lab.wait_for(f"() => ({DRAWN})() > 200", None, 120, "the first points of the chart")
        before = lab.evaluate(DRAWN)
        lab.wait_for(f"before => ({DRAWN})() > before + 100", before, what="the chart to grow")
        # Steps and validation have been compiled by then: a compiler cannot be stopped in the middle.
        lab.wait_for_text(cells["long fit"], r"epoch\s*([3-9]|\d\d+)\s*/", 120)
        assert lab.is_running(cells["long fit"])
        fit.get_by_role("button", name="Stop").click()
        lab.wait_until_done(cells["long fit"])
        returned, told = lab.run_cell(cells["report"]).split(" ", 1)
        assert told.startswith("History [0")
        expect(fit.locator(".layerlab-chip")).to_have_text("stopped")
        return float(returned) - float(lab.evaluate("() => window.clicked"))

    # From the click itself until fit has returned, not until a busy page has drawn it.
    seconds = least(seconds_until_fit_returns, bound=2)
    assert seconds < 2, f"Stop took {seconds:.1f} s"


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

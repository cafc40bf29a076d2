"""Without the lab extension the monitor comes as a widget, and leaves with the run."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.lab import PATIENCE, Lab
from tests.browser.server import serve

MODEL = """
import os
os.environ["LAYERLAB_WIDGET"] = "on"
import comm, threading, numpy as np, layerlab as keras
from layerlab import layers
stack = [keras.Input((20,)), layers.Dense(64, "relu"), layers.Dense(3, "softmax")]
model = keras.Sequential(stack, name="plain")
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
x, y = np.random.default_rng(0).normal(size=(2000, 20)), np.random.default_rng(1).integers(0, 3, 2000)
"""
FIT = "history = model.fit(x, y, epochs=5000, batch_size=32)"
LEFT = """
print(len(comm.get_comm_manager().comms), [t.name for t in threading.enumerate() if "widget" in t.name])
"""


@pytest.fixture
def bare_lab(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab with our extension switched off."""
    home = tmp_path_factory.mktemp("bare")
    config = home / "config" / "labconfig" / "page_config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"disabledExtensions": {"layerlab-jupyter": True}}))
    with serve(home) as server:
        context = chromium.new_context(viewport={"width": 1400, "height": 900})
        context.set_default_timeout(PATIENCE * 1000)
        yield Lab(context.new_page(), server)
        context.close()


def test_the_widget_streams_is_steered_and_is_gone_at_the_end(bare_lab: Lab) -> None:
    lab = bare_lab
    lab.open_cells([MODEL, FIT, LEFT])
    assert lab.evaluate("() => window.jupyterapp.hasPlugin('layerlab-jupyter:mime')") is False
    lab.run_cell(0, seconds=120)
    lab.start_cell(1)
    widget = lab.cell(1).locator(".layerlab-widget")
    expect(widget.locator(".layerlab-plot path.js-line").first).to_be_visible(timeout=60_000)
    lab.wait_for_text(1, r"epoch\s*([3-9]|\d\d+)\s*/", 60)
    assert lab.is_running(1)
    lab.screenshot("widget-light")

    widget.get_by_role("button", name="Pause").click()
    expect(widget.locator(".layerlab-chip")).to_have_text("paused")
    lab.command("apputils:change-theme", theme="JupyterLab Dark")
    title = "getComputedStyle(document.querySelector('.layerlab-widget .layerlab-title')).color"
    lab.wait_for(f"() => {title}.startsWith('rgba(255, 255, 255') || {title} === 'rgb(255, 255, 255)'")
    lab.screenshot("widget-dark")
    widget.get_by_role("button", name="Resume").click()
    expect(widget.locator(".layerlab-chip")).to_have_text("running")
    widget.get_by_role("button", name="Stop").click()
    lab.wait_until_done(1)

    assert lab.run_cell(2) == "0 []"
    saved = lab.save()
    (output,) = saved.cells[1].outputs
    assert "application/vnd.jupyter.widget-view+json" not in output.data
    assert "<svg" in output.data["text/html"]
    assert "widgets" not in saved.metadata
    expect(lab.cell(1).locator("svg").first).to_be_visible()
    assert [problem for problem in lab.problems if "layerlab" in problem] == []

"""What JupyterLab gets beside the cells: sidebar, panels, status bar, commands, settings, in both themes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import PATIENCE, Lab
from tests.timing import least

MODEL = """
import time
import numpy as np
import layerlab as keras
keras.utils.set_random_seed(0)
body = keras.Sequential([keras.layers.Dense(32, activation="relu"), keras.layers.Dense(16)], name="body")
inputs = keras.Input((64,), name="pixels")
outputs = keras.layers.Dense(10, activation="softmax", name="digit")(body(inputs))
model = keras.Model(inputs, outputs, name="digits")
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
x, y = np.random.rand(2000, 64).astype("float32"), np.random.randint(0, 10, 2000)
model
"""

FIT = """
class Slow(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.02)
history = model.fit(x, y, epochs=20_000, batch_size=40, callbacks=[Slow()])
"""

FREEZE = "body = model.get_layer('body'); body.trainable = not body.trainable"

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()

GRAPH_IS_IN_THE_MIDDLE = """() => {
  const canvas = document.querySelector('.jp-NotebookPanel .layerlab-canvas');
  const parts = [canvas, canvas.querySelector('.react-flow__node')];
  const [room, node] = parts.map(part => part.getBoundingClientRect());
  return Math.abs((node.left + node.right) - (room.left + room.right)) < 40;
}"""

HOSTILE = [
    {},
    {"kind": "model", "kernelId": "../../api", "id": "x"},
    {"kind": "model", "kernelId": "k", "id": "<img src=x onerror=alert(1)>"},
    {"kind": "notebook", "kernelId": "k", "id": "x"},
    {"kind": "model", "kernelId": "k", "id": "x", "view": "source"},
    {"kind": "run", "kernelId": ["k"], "id": {"__proto__": 1}},
    {"kind": "run", "kernelId": "k", "id": "x" * 100_000},
]


@pytest.fixture
def notebook(lab: Lab) -> Iterator[Lab]:
    lab.open_cells([MODEL, FIT, FREEZE])
    yield lab
    assert [problem for problem in lab.problems if "layerlab" in problem] == []


def test_a_model_and_its_run_beside_the_notebook(notebook: Lab) -> None:
    lab = notebook
    _sidebar_lists_a_model_and_a_run(lab)
    _panels_stand_beside_the_notebook(lab)
    _status_bar_shows_progress_and_opens_the_curves(lab)
    _settings_have_an_effect_at_once(lab)
    _palette_pauses_and_stopping_asks(lab)
    _commands_refuse_what_a_page_may_send(lab)
    _freezing_a_layer_shows_in_open_tables(lab)
    _texts_stand_out_in_both_themes(lab)
    _a_reload_brings_the_panels_back(lab)
    _a_restart_is_said(lab)


def _sidebar_lists_a_model_and_a_run(lab: Lab) -> None:
    lab.command("layerlab:show-sidebar")
    expect(sidebar(lab)).to_contain_text("no models of layerlab yet")
    lab.run_cell(0, seconds=120)
    models = sidebar(lab).locator("li.layerlab-row")
    expect(models.filter(has_text="digits")).to_contain_text("2,778 parameters")
    expect(models.filter(has_text="body")).to_contain_text("2,608 parameters")  # no cell has shown it
    lab.start_cell(1)
    expect(sidebar(lab).locator(".layerlab-chip")).to_have_text("running", timeout=60_000)
    expect(sidebar(lab)).to_contain_text(re.compile(r"epoch ([2-9]|\d\d+)/20000 · loss \d"))


def _panels_stand_beside_the_notebook(lab: Lab) -> None:
    for view in ("summary", "graph", "curves"):
        sidebar(lab).get_by_role("button", name=f"Open the {view} of digits").click()
    expect(panel(lab).locator(".layerlab-plot").first).to_be_visible()
    assert tabs(lab) == ["test.ipynb", "digits · Summary", "digits · Graph", "digits · Curves"]
    page, beside = lab.page.locator(".jp-NotebookPanel").bounding_box(), panel(lab).bounding_box()
    assert page is not None and beside is not None
    assert page["x"] + page["width"] <= beside["x"] and beside["width"] > 300
    # The cell became narrower: its graph is still in the middle.
    lab.wait_for(GRAPH_IS_IN_THE_MIDDLE, what="the graph to move to the middle of its cell")
    # The same view a second time is the same tab.
    sidebar(lab).get_by_role("button", name="Open the summary of digits").click()
    expect(panel(lab).locator(".layerlab-table")).to_be_visible()
    assert len(tabs(lab)) == 4


def _status_bar_shows_progress_and_opens_the_curves(lab: Lab) -> None:
    shown = r"digits · epoch (\d+)/20000 · \d+ % · loss \d"
    expect(status(lab)).to_contain_text(re.compile(shown))
    first = status(lab).inner_text()
    expect(status(lab)).not_to_have_text(first)
    status(lab).click()
    expect(panel(lab).get_by_role("button", name="Pause")).to_be_visible()
    lab.screenshot("panels-training-light")


def _settings_have_an_effect_at_once(lab: Lab) -> None:
    lab.command("settingeditor:open", query="Layerlab")
    form = lab.page.get_by_role("group", name="Layerlab")
    form.get_by_role("spinbutton").nth(1).fill("0.5")
    status_bar = form.get_by_role("checkbox", name="Status bar")
    status_bar.uncheck()
    expect(status(lab)).to_be_hidden()
    status_bar.check()
    expect(status(lab)).to_be_visible()
    form.get_by_role("checkbox", name="Sidebar").uncheck()
    expect(sidebar(lab)).to_be_hidden()
    form.get_by_role("checkbox", name="Sidebar").check()
    expect(lab.page.locator(".jp-SideBar [data-id=layerlab-sidebar]")).to_be_visible()
    lab.command("layerlab:show-sidebar")
    expect(sidebar(lab).locator(".layerlab-chip")).to_have_text("running")
    lab.command("application:close")
    # The chart was open all the time.
    lab.page.locator(".lm-TabBar-tab", has_text="digits · Training").click()
    expect(panel(lab).locator(".layerlab-controls output").first).to_have_text("0.50")


def _palette_pauses_and_stopping_asks(lab: Lab) -> None:
    activate_notebook(lab)
    from_palette(lab, "Pause Training")
    chip = sidebar(lab).locator(".layerlab-chip")
    expect(chip).to_have_text("paused")
    lab.command("layerlab:resume")
    expect(chip).to_have_text("running")

    dialog = lab.page.locator(".jp-Dialog")
    from_palette(lab, "Stop Training…")
    expect(dialog).to_contain_text("The model keeps its weights")
    dialog.get_by_role("button", name="Cancel").click()
    expect(chip).to_have_text("running")
    from_palette(lab, "Stop Training…")
    dialog.get_by_role("button", name="Stop").click()
    lab.wait_until_done(1)
    expect(chip).to_have_text("stopped")
    expect(status(lab)).to_be_hidden()


def _commands_refuse_what_a_page_may_send(lab: Lab) -> None:
    before = tabs(lab)
    for arguments in HOSTILE:
        lab.command("layerlab:open", **arguments)
    assert tabs(lab) == before


def _freezing_a_layer_shows_in_open_tables(lab: Lab) -> None:
    lab.cell(0).get_by_role("tab", name="Summary").click()
    lab.page.locator(".lm-TabBar-tab", has_text="digits · Summary").click()
    in_panel, in_cell = panel(lab).locator(".layerlab-table"), lab.cell(0).locator(".layerlab-table")
    expect(in_panel).to_be_visible()
    expect(in_panel.locator(".layerlab-frozen")).to_have_count(0)
    activate_notebook(lab)

    def seconds_until_the_table_follows() -> float:
        if in_panel.locator(".layerlab-frozen").count():  # once more
            lab.run_cell(2)
            expect(in_panel.locator(".layerlab-frozen")).to_have_count(0)
        lab.run_cell(2)
        began = time.monotonic()
        expect(in_panel.locator(".layerlab-frozen")).to_have_count(3)
        return time.monotonic() - began

    seconds = least(seconds_until_the_table_follows, bound=5)
    assert seconds < 5, f"the table followed after {seconds:.1f} s"
    # The cell scrolled away meanwhile: what cannot be seen is not asked for.
    in_cell.scroll_into_view_if_needed()
    expect(in_cell.locator(".layerlab-frozen")).to_have_count(3)
    filters = panel(lab).get_by_label("Show trainable or frozen layers")
    filters.select_option("trainable")
    expect(in_panel.locator("tbody tr")).to_have_count(1)
    filters.select_option("")


def _texts_stand_out_in_both_themes(lab: Lab) -> None:
    weak = []
    for name, theme in (("dark", "JupyterLab Dark"), ("light", "JupyterLab Light")):
        lab.command("apputils:change-theme", theme=theme)
        lab.wait_for(f"() => document.body.dataset.jpThemeName === '{theme}'")
        for view in ("summary", "curves"):
            sidebar(lab).get_by_role("button", name=f"Open the {view} of digits").click()
            expect(panel(lab).locator(".layerlab").first).to_be_visible()
            judged = lab.evaluate(CONTRAST)
            assert judged["count"] > 20
            weak += [(name, view, text) for text in judged["weak"]]
            lab.screenshot(f"panels-{view}-{name}")
    assert not weak, "\n".join(map(str, weak))


def _a_reload_brings_the_panels_back(lab: Lab) -> None:
    before = tabs(lab)
    activate_notebook(lab)
    lab.save()
    wait_for_saved_layout(lab, "layerlab:summary-")
    lab.reload()
    lab.page.locator(".lm-TabBar-tab", has_text="digits · Summary").click(timeout=60_000)
    expect(panel(lab).locator(".layerlab-frozen")).to_have_count(3)
    assert tabs(lab) == before


def _a_restart_is_said(lab: Lab) -> None:
    lab.evaluate(f"() => void {NOTEBOOK}.sessionContext.session.kernel.restart()")
    expect(sidebar(lab)).to_contain_text("The kernel was restarted")
    expect(panel(lab)).to_contain_text("this is how it was last")
    expect(panel(lab).locator(".layerlab-frozen")).to_have_count(3)
    activate_notebook(lab)
    lab.save()
    lab.reload()
    lab.page.locator(".lm-TabBar-tab", has_text="Model").first.click(timeout=60_000)
    expect(panel(lab)).to_contain_text("Run its cell again")
    lab.screenshot("panels-after-restart")


NOTEBOOK = "[...window.jupyterapp.shell.widgets('main')].find(widget => widget.context)"


def sidebar(lab: Lab) -> Locator:
    return lab.page.locator("#layerlab-sidebar")


def panel(lab: Lab) -> Locator:
    """The panel that can be seen."""
    return lab.page.locator(".jp-MainAreaWidget:not(.lm-mod-hidden) .layerlab-panel")


def status(lab: Lab) -> Locator:
    return lab.page.locator(".layerlab-status button")


def tabs(lab: Lab) -> list[str]:
    """The titles of the main area's tabs, from left to right."""
    titles: list[str] = lab.evaluate(
        "() => [...window.jupyterapp.shell.widgets('main')].map(widget => widget.title.label)"
    )
    return titles


def activate_notebook(lab: Lab) -> None:
    lab.evaluate(f"() => window.jupyterapp.shell.activateById({NOTEBOOK}.id)")
    lab.wait_for("() => window.jupyterapp.shell.currentWidget?.context !== undefined")


def from_palette(lab: Lab, label: str) -> None:
    lab.command("apputils:activate-command-palette")
    search = lab.page.locator(".lm-CommandPalette-input")
    search.fill(label)
    expect(lab.page.locator(".lm-CommandPalette-item .lm-CommandPalette-itemLabel").first).to_have_text(label)
    search.press("Enter")


def wait_for_saved_layout(lab: Lab, name: str, seconds: float = PATIENCE) -> None:
    """Wait until the server has saved a layout with a panel of this name: a reload brings that back."""
    limit = time.monotonic() + seconds
    while name not in json.dumps(lab.server.get("lab/api/workspaces/default")):
        assert time.monotonic() < limit, f"no layout with {name} was saved within {seconds} s"
        lab.page.wait_for_timeout(200)

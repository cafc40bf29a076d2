"""The lab extension in Notebook 7, which has another shell: no tabs, and panels at its sides."""

from __future__ import annotations

import nbformat
from playwright.sync_api import expect

from tests.browser.lab import Lab

MODEL = """
import time
import numpy as np
import layerlab as keras
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4), keras.layers.Dense(1)], name="small")
model.compile("sgd", "mse")
x, y = np.random.rand(400, 8).astype("float32"), np.random.rand(400, 1).astype("float32")
model
"""

FIT = """
class Slow(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.02)
history = model.fit(x, y, epochs=500, batch_size=20, callbacks=[Slow()])
"""


def test_a_run_is_drawn_steered_and_listed_in_notebook_7(lab: Lab) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in (MODEL, FIT)]
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec})
    nbformat.write(notebook, lab.server.root / "seven.ipynb")
    lab.open_in_notebook7("seven.ipynb")
    lab.run_cell(0, seconds=120)
    lab.start_cell(1)
    expect(lab.cell(1).locator(".layerlab-plot path.js-line").first).to_be_visible(timeout=60_000)
    expect(lab.cell(1).locator(".layerlab-chip")).to_have_text("running")

    lab.command("layerlab:show-sidebar")
    listed = lab.page.locator("#layerlab-sidebar")
    expect(listed.locator(".layerlab-chip")).to_have_text("running")
    listed.get_by_role("button", name="Open the summary of small").click()
    expect(lab.page.locator(".layerlab-panel .layerlab-table")).to_be_visible()
    lab.screenshot("notebook7")

    lab.cell(1).get_by_role("button", name="Stop").click()
    lab.wait_until_done(1)
    expect(lab.cell(1).locator(".layerlab-chip")).to_have_text("stopped")
    assert [problem for problem in lab.problems if "layerlab" in problem] == []

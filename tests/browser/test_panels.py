"""What JupyterLab gets beside the cells: sidebar, panels, status bar, commands, settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab

MODEL = """
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
import time
class Slow(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        time.sleep(0.02)
history = model.fit(x, y, epochs=20, batch_size=40, callbacks=[Slow()])
"""

FREEZE = "model.get_layer('body').trainable = False"


@pytest.fixture
def notebook(lab: Lab) -> Iterator[Lab]:
    lab.open_cells([MODEL, FIT, FREEZE])
    yield lab
    assert [problem for problem in lab.problems if "layerlab" in problem] == []


def sidebar(lab: Lab) -> Locator:
    return lab.page.locator("#layerlab-sidebar")


def test_models_and_runs_are_listed_opened_and_followed(notebook: Lab) -> None:
    lab = notebook
    lab.command("layerlab:show-sidebar")
    expect(sidebar(lab)).to_contain_text("no models of layerlab yet", timeout=15_000)
    lab.run_cell(0, seconds=120)
    expect(sidebar(lab)).to_contain_text("digits", timeout=10_000)
    lab.start_cell(1)
    expect(sidebar(lab).locator(".layerlab-chip")).to_have_text("running", timeout=60_000)
    lab.screenshot("panels-1")
    expect(lab.page.locator(".layerlab-status")).to_contain_text(re.compile(r"epoch \d+/20"), timeout=10_000)
    sidebar(lab).get_by_role("button", name="Open the summary of digits").click()
    expect(lab.page.locator(".layerlab-panel .layerlab-table")).to_be_visible(timeout=20_000)
    sidebar(lab).get_by_role("button", name="Open the graph of digits").click()
    lab.screenshot("panels-2")
    sidebar(lab).get_by_role("button", name="Open the curves of digits").click()
    expect(lab.page.locator(".layerlab-curves .layerlab-plot").first).to_be_visible(timeout=20_000)
    lab.screenshot("panels-3")

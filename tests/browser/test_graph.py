"""The graph view: large, nested and hostile models; details asked from the kernel while a cell runs."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lab import Lab

SMALL = """
import numpy as np, layerlab as keras
model = keras.Sequential([
    keras.Input((20,), name="numbers"),
    keras.layers.Dense(256, activation="relu", name="first"),
    keras.layers.BatchNormalization(name="norm"),
    keras.layers.Dense(1, name="last")], name="small")
model.compile(optimizer="adam", loss="mse")
x = np.random.default_rng(0).normal(size=(20_000, 20)).astype("float32")
"""


def test_details_show_the_weights_while_a_cell_trains_and_after_it(lab: Lab) -> None:
    lab.open_cells([SMALL, "model", "h = model.fit(x, x[:, :1], batch_size=32, epochs=100_000)"])
    lab.run_cell(0)
    lab.run_cell(1)
    graph = lab.cell(1).locator(".layerlab-graph")
    graph.locator(".react-flow__node", has_text="first").click(timeout=60_000)
    details = graph.locator(".layerlab-details")
    kernel = details.locator(".layerlab-weight").first
    expect(kernel).to_contain_text("mean", timeout=10_000)
    lab.screenshot("graph-details")
    lab.start_cell(2)
    expect(details).to_contain_text("live", timeout=30_000)
    before = kernel.text_content()
    changed = "([el, before]) => el.textContent !== before"
    lab.wait_for(changed, [kernel.element_handle(), before], 10, "the weights to change")
    assert lab.is_running(2)
    lab.interrupt()
    lab.wait_until_done(2)
    expect(details).not_to_contain_text("live", timeout=10_000)
    details.get_by_role("button", name="Read the weights again").click()
    expect(kernel).to_contain_text("(20, 256) float32")
    expect(kernel.get_by_role("img", name="Histogram of kernel")).to_be_visible()

"""What notebooks of tutorials do: verbose=1, charts of their own after clear_output, evaluate and predict."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from layerlab_jupyter.protocol import RUN_MIME
from tests.browser.lab import Lab

SETUP = """
import time
import matplotlib.pyplot as plt
import numpy as np
import layerlab as keras
from IPython.display import clear_output
x = np.random.default_rng(0).normal(size=(320, 4)).astype("float32")
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)], name="line")
model.compile(keras.optimizers.SGD(0.001), "mse")
"""
# As it stands in many tutorials: each epoch draws the losses anew.
FIT = """
class PlotLosses(keras.callbacks.Callback):
    losses = []
    def on_epoch_end(self, epoch, logs=None):
        time.sleep(0.3)
        self.losses.append(logs["loss"])
        clear_output(wait=True)
        plt.figure(figsize=(5, 2))
        plt.plot(self.losses)
        plt.show()
        print("epochs drawn:", epoch + 1)
history = model.fit(x, x[:, :1], epochs=100_000, verbose=1, callbacks=[PlotLosses()])
"""
BARS = """
class Slow(keras.callbacks.Callback):
    def on_test_batch_end(self, batch, logs=None): time.sleep(0.04)
    on_predict_batch_end = on_test_batch_end
loss = model.evaluate(x, x[:, :1], batch_size=4, callbacks=[Slow()])
outputs = model.predict(x, batch_size=4, callbacks=[Slow()])
"""
# Each text that was seen below a cell, so that none is missed.
WATCH_TEXTS = """index => {
  const area = window.jupyterapp.shell.currentWidget.content.widgets[index].outputArea.node;
  window.texts = [];
  const note = () => window.texts.at(-1) === area.innerText || window.texts.push(area.innerText);
  new MutationObserver(note).observe(area, { subtree: true, childList: true, characterData: true });
}"""
# The picture of the run, and where there was none or another one: how often.
WATCH_MONITOR = """() => {
  window.picture = document.querySelector('.layerlab-monitor');
  window.missing = 0;
  const look = () => {
    window.missing += document.querySelector('.layerlab-monitor') !== window.picture;
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""
DRAWN = r"epochs drawn: (\d+)"


def test_the_monitor_stays_as_it_is_while_a_callback_clears_the_cell_and_draws(lab: Lab) -> None:
    lab.open_cells([SETUP, FIT, "print('next')"])
    lab.run_cell(0)
    lab.start_cell(1)
    monitor = lab.cell(1).locator(".layerlab-monitor")
    expect(monitor.locator(".layerlab-plot path.js-line").first).to_be_visible()
    wait_for_drawings(lab, 3)
    lab.evaluate(WATCH_MONITOR)
    before = drawings(lab)
    rate = monitor.get_by_role("textbox", name="Learning rate")
    rate.fill("0.00")
    wait_for_drawings(lab, before + 4)
    assert lab.evaluate("() => window.missing") == 0
    lab.page.keyboard.type("2")  # the field still has the focus, and what was typed
    expect(rate).to_have_value("0.002")
    lab.page.keyboard.press("Enter")
    expect(monitor.locator(".layerlab-happenings-last")).to_have_text(re.compile("→ 0.002, by hand$"))
    expect(monitor).to_have_count(1)
    expect(lab.cell(1).locator("img")).to_have_count(1)
    lab.cell(1).scroll_into_view_if_needed()
    lab.screenshot("habits-clear-light")
    lab.theme("Dark")
    wait_for_drawings(lab, drawings(lab) + 2)
    lab.screenshot("habits-clear-dark")
    lab.theme("Light")

    monitor.get_by_role("button", name="Stop").click()
    lab.wait_until_done(1)
    expect(monitor.locator(".layerlab-chip")).to_have_text("stopped")
    assert lab.run_cell(2) == "next"
    (run,) = [o for o in lab.save().cells[1].outputs if RUN_MIME in o.get("data", {})]
    assert run.data[RUN_MIME]["live"] is False and "<svg" in run.data["text/html"]
    (picture,) = [o for o in lab.save().cells[1].outputs if "image/png" in o.get("data", {})]
    assert len(picture.data["image/png"]) > 1_000
    assert [problem for problem in lab.problems if "layerlab" in problem] == []


def test_evaluate_and_predict_draw_a_bar_that_moves_and_leave_one_line_each(lab: Lab) -> None:
    lab.open_cells([SETUP, BARS])
    lab.run_cell(0)
    lab.evaluate(WATCH_TEXTS, 1)
    lab.start_cell(1)
    lab.wait_for_text(1, r"[2-8]\d/80")
    lab.screenshot("habits-bar-light")
    lab.wait_until_done(1)
    first, second = lab.cell_text(1).splitlines()
    assert re.match(r"80/80 ━{20} \d+s \d+ms/step - loss: \d\.\d{4}\s*$", first)
    assert re.match(r"80/80 ━{20} \d+s \d+ms/step\s*$", second)
    texts = lab.evaluate("() => window.texts")
    for number in (0, 1):
        counts = [count for text in texts if (count := steps_in_line(text, number)) is not None]
        assert len(set(counts)) >= 4 and counts == sorted(counts)
    lab.theme("Dark")
    lab.screenshot("habits-bar-dark")
    lab.theme("Light")
    (output,) = lab.save().cells[1].outputs
    assert output.text.count("\n") == 2 and output.text.count("80/80") == 2


def steps_in_line(text: str, number: int) -> int | None:
    """How far the bar in this line of a cell's text is."""
    line = text.strip().split("\n")[number:][:1]
    found = re.match(r"\s*(\d+)/80", line[0]) if line else None
    return int(found[1]) if found else None


def drawings(lab: Lab) -> int:
    found = re.search(DRAWN, lab.cell_text(1))
    return int(found[1]) if found else 0


def wait_for_drawings(lab: Lab, at_least: int) -> None:
    text = "window.jupyterapp.shell.currentWidget.content.widgets[1].outputArea.node.innerText"
    drawn = f"wanted => Number({text}.match(/{DRAWN}/)?.[1] ?? 0) >= wanted"
    lab.wait_for(drawn, at_least, 120, f"{at_least} drawings of the callback")

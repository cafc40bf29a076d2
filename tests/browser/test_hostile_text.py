"""Names, messages and paths that try to run in the page: nothing runs, and they can be read."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.lab import Lab

# Each text names the place that it came from, so that a failure says which view let it through.
MODEL = """
import layerlab as keras, numpy as np
from layerlab import layers
from layerlab.events import Diagnostic
from layerlab_jupyter import LiveFit

def evil(place):
    image = f"<img src=x onerror=\\"window.hacked='{place}'\\">"
    return f"{place}'\\">{image}<svg onload=window.hacked='{place}'>"

Evil = type(evil("class"), (layers.Dense,), {})
inputs = keras.Input((4,), name=evil("input"))
inner = keras.Sequential([keras.Input((4,)), Evil(4, name=evil("layer"))], name=evil("group"))
model = keras.Model(inputs, layers.Dense(1, name=evil("dense"))(inner(inputs)), name=evil("model"))
model
"""
FIT = """
def metric(y, p):
    return keras.ops.mean(p)
metric.__name__ = evil("metric")

class Trouble(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        text = evil("diagnostic")
        self.report(Diagnostic, code=evil("code"), path=evil("path"), message=text, fix=evil("fix"))
        if epoch == 2:
            script = "</script><script>window.hacked='exception'</script>"
            raise ValueError(evil("exception") + script + "x" * 10_000)

x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
model.compile("adam", "mse", metrics=[metric])
checkpoint = keras.callbacks.ModelCheckpoint(evil("file") + ".weights.h5", save_weights_only=True)
live = LiveFit(name=evil("run"))
try:
    model.fit(x, x[:, :1], epochs=5, validation_split=0.5, callbacks=[checkpoint, Trouble(), live])
except ValueError:
    pass
"""
STRANGERS = """() => [...document.querySelectorAll('img[src="x"], [onload], [onerror], script:not([src])')]
    .map(element => element.outerHTML.slice(0, 200)).filter(text => text.includes('hacked'))"""


def assert_nothing_ran(lab: Lab) -> None:
    assert lab.evaluate("() => window.hacked ?? 'nothing'") == "nothing"
    assert lab.evaluate(STRANGERS) == []


def test_hostile_text_is_shown_as_text_in_every_view(lab: Lab) -> None:
    lab.open_cells([MODEL, FIT])
    lab.run_cell(0, seconds=120)
    graph, fit = lab.cell(0), lab.cell(1)
    expect(graph.locator(".react-flow__node").first).to_be_visible(timeout=60_000)
    graph.locator(".react-flow__node", has_text="dense").first.click()
    lab.wait_for_text(0, r"onerror=.window\.hacked")
    assert_nothing_ran(lab)

    lab.run_cell(1, seconds=120)
    expect(fit.locator(".layerlab-chip")).to_have_text("failed")
    expect(fit.locator(".layerlab-plot path.js-line").first).to_be_visible(timeout=60_000)
    lab.wait_for_text(1, r"exception'.*onerror=")
    # Every chart's title, legend and marks have been drawn; the pointer brings up what they say.
    fit.locator(".layerlab-plot").first.hover()
    fit.scroll_into_view_if_needed()
    assert_nothing_ran(lab)

    lab.command("layerlab:show-sidebar")
    sidebar = lab.page.locator("#layerlab-sidebar")
    expect(sidebar).to_contain_text("onerror")
    lab.screenshot("hostile-light")
    lab.command("layerlab:open-curves")
    expect(lab.page.locator(".layerlab-chip").nth(1)).to_be_visible()
    lab.command("apputils:change-theme", theme="JupyterLab Dark")
    lab.wait_for("() => document.body.dataset.jpThemeLight === 'false'")
    lab.screenshot("hostile-dark")
    assert_nothing_ran(lab)
    lab.command("apputils:change-theme", theme="JupyterLab Light")  # which is the server's, for all tests

    # Saved and opened again with no kernel: drawn from the file alone.
    lab.command("docmanager:save-all")
    lab.open("test.ipynb", kernel=False)
    lab.wait_for_text(1, r"exception'.*onerror=")
    assert_nothing_ran(lab)
    assert [problem for problem in lab.problems if "layerlab" in problem] == []

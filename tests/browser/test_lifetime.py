"""What a run survives: a reload, a second tab, a lost socket, a restart and a death of its kernel."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
from pathlib import Path

import psutil
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Locator, expect

from layerlab_jupyter.protocol import RUN_MIME
from layerlab_jupyter.run_log.log_reader import summaries
from tests.browser.lab import PATIENCE, Lab
from tests.timing import least

# A small model whose batches are slow: some 200 steps a second for as long as nobody stops it.
TRAIN = """
import time
import numpy as np
import layerlab as keras
class Slow(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None): time.sleep(0.005)
layers = [keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)]
model = keras.Sequential(layers, name="slow")
model.compile("adam", "mse", metrics=["mae"])
x = np.random.default_rng(0).normal(size=(3200, 4)).astype("float32")
history = model.fit(x, x[:, :1], epochs=1000, batch_size=32, callbacks=[Slow()])
print("epochs", len(history.epoch) > 0)
"""

# The sockets of the page, so that a test can cut them as a network does.
KEEP_SOCKETS = """
window.sockets = [];
const Native = window.WebSocket;
window.WebSocket = class extends Native {
  constructor(...parts) { super(...parts); window.sockets.push(this); }
};
"""

EARLIEST_STEP = """() => {
  const plots = [...document.querySelectorAll('.layerlab-plot')].filter(plot => plot.data);
  const steps = plots.flatMap(plot => plot.data.flatMap(line => [...(line.x ?? [])]));
  return steps.length > 0 ? Math.min(...steps) : null;
}"""


@pytest.mark.slow
def test_a_run_outlives_its_page_and_its_socket(lab: Lab) -> None:
    lab.page.add_init_script(KEEP_SOCKETS)
    lab.open_cells([TRAIN, "print('next cell')"], "lifetime.ipynb")
    lab.start_cell(0)
    wait_for_step(lab, 300)
    assert server_says(lab) == "busy", "a server that culls idle kernels would end this one"

    lab.save()
    seconds = least(lambda: seconds_until_a_reloaded_page_has_the_chart(lab), bound=5)
    assert seconds < 5, f"the chart came after {seconds:.1f} s"
    lab.screenshot("lifetime-reloaded")

    second = second_tab(lab)
    expect(chip(second)).to_have_text("running")
    wait_for_step(second, 300)
    second.screenshot("lifetime-second-tab")
    assert server_says(lab) == "busy"

    before = step(lab)
    lab.evaluate("() => window.sockets.forEach(socket => socket.close())")
    lab.evaluate("() => { window.sockets = []; }")
    wait_for_step(lab, before + 200)

    lab.cell(0).get_by_role("button", name="Stop").click()
    expect(chip(lab)).to_have_text("stopped")
    # The kernel does not find the output of a page that was reloaded: the page puts the end there.
    lab.wait_for(HOLDS_THE_END, what="the final output in the notebook")
    outputs = lab.save().cells[0].outputs
    # One tab alone: the other one would find, at its next autosave, that the file was changed by this one.
    expect(chip(second)).to_have_text("stopped")
    second.page.wait_for_timeout(3_500)  # it would write after two
    assert not second.evaluate(IS_DIRTY) and second.page.locator(".jp-Dialog").count() == 0
    second.page.close()
    (output,) = [o for o in outputs if "application/vnd.layerlab.run+json" in o.get("data", {})]
    assert output["data"]["application/vnd.layerlab.run+json"]["live"] is False
    assert "stopped" in output["data"]["text/html"]
    assert "next cell" in lab.run_cell(1)


HOLDS_THE_END = """() => {
  const outputs = window.jupyterapp.shell.currentWidget.content.widgets[0].model.outputs;
  return [...Array(outputs.length).keys()].some(
    i => outputs.get(i).data['application/vnd.layerlab.run+json']?.live === false);
}"""


IS_DIRTY = "() => window.jupyterapp.shell.currentWidget.context.model.dirty"


@pytest.mark.slow
def test_a_restart_and_a_death_of_the_kernel_are_told_and_the_history_stays(lab: Lab) -> None:
    lab.open_cells([TRAIN], "restart.ipynb")
    lab.start_cell(0)
    wait_for_step(lab, 300)
    wait_for_logged_steps(lab, 300)
    lab.evaluate(
        "() => { void window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart() }"
    )
    note = lab.cell(0).locator(".layerlab-messages")
    # A restart begins with an interrupt, which ends the run: the page may still hear of that, or not.
    told = re.compile("restarted|interrupted")
    expect(note).to_contain_text(told)
    assert step(lab) >= 300
    lab.wait_for(HOLDS_THE_END, what="the run's log in the notebook")
    expect(note).to_contain_text(told)
    lab.screenshot("lifetime-restarted")
    lab.save()

    lab.reload()
    expect(lab.cell(0).locator(".layerlab-chip")).to_be_visible(timeout=60_000)
    wait_for_step(lab, 300)
    lab.screenshot("lifetime-restarted-reloaded")

    lab.command("notebook:clear-all-cell-outputs")
    lab.start_cell(0)
    wait_for_step(lab, 300)
    wait_for_logged_steps(lab, 300)
    kill_kernel()
    expect(note).to_contain_text("died")
    assert step(lab) >= 300
    dismiss_dialog(lab)
    lab.command("apputils:change-theme", theme="JupyterLab Dark")
    lab.screenshot("lifetime-died-dark")
    names = os.listdir(Path(lab.server.root) / ".layerlab" / "runs")
    assert len([name for name in names if "-slow-" in name]) >= 2

    # What is saved after a death is what the log has, for readers without kernel and without extension.
    lab.wait_for(HOLDS_THE_END, what="the dead run's log in the notebook")
    expect(note).to_contain_text("died")
    saved = lab.save()
    (output,) = saved.cells[0].outputs
    steps = [event["steps"][-1] for event in output.data[RUN_MIME]["events"] if "steps" in event]
    assert output.data[RUN_MIME]["live"] is False and max(steps) >= 300
    page, _ = HTMLExporter().from_notebook_node(saved)
    assert "<svg" in page and "The kernel died" in page

    lab.server.shut_down_kernels()
    lab.open("restart.ipynb", kernel=False)
    expect(note).to_contain_text("before the run did")
    wait_for_step(lab, 300)
    assert not lab.evaluate(IS_DIRTY), "opening a notebook changed it"
    lab.screenshot("lifetime-died-reopened")


@pytest.mark.slow
def test_a_notebook_whose_kernel_was_shut_down_in_mid_run_is_completed_when_it_is_opened(lab: Lab) -> None:
    lab.open_cells([TRAIN], "closed.ipynb")
    lab.start_cell(0)
    wait_for_step(lab, 300)
    wait_for_logged_steps(lab, 300)
    lab.save()
    lab.page.goto("about:blank")
    lab.server.shut_down_kernels()

    lab.open("closed.ipynb", kernel=False)
    lab.wait_for(HOLDS_THE_END, what="the run's log in the notebook")
    expect(lab.cell(0).locator(".layerlab-messages")).to_contain_text("interrupted")
    wait_for_step(lab, 300)
    assert "stopped" in lab.save().cells[0].outputs[0].data["text/plain"]


def server_says(lab: Lab) -> str:
    (kernel,) = lab.server.get("api/kernels")
    return str(kernel["execution_state"])


def chip(lab: Lab) -> Locator:
    return lab.cell(0).locator(".layerlab-chip")


def step(lab: Lab) -> int:
    """The newest step in the charts of the first cell."""
    latest = EARLIEST_STEP.replace("Math.min", "Math.max")
    return int(lab.evaluate(latest) or 0)


def wait_for_step(lab: Lab, at_least: int) -> None:
    latest = EARLIEST_STEP.replace("Math.min", "Math.max")
    lab.wait_for(f"wanted => (({latest})() ?? 0) >= wanted", at_least, 90, f"step {at_least}")


def second_tab(lab: Lab) -> Lab:
    tab = Lab(lab.page.context.new_page(), lab.server)
    tab.page.goto(lab.page.url)
    tab._wait_for_notebook("lifetime.ipynb", kernel=True)
    return tab


def kill_kernel() -> None:
    """As the system does when memory runs out."""
    limit = time.monotonic() + PATIENCE
    while len(kernels := living_kernels()) > 1:  # one of an earlier test may still be ending
        assert time.monotonic() < limit
        time.sleep(0.1)
    kernels[0].send_signal(signal.SIGKILL)


def living_kernels() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ended just now
            if "ipykernel_launcher" in " ".join(child.cmdline()):
                found.append(child)
    return found


def dismiss_dialog(lab: Lab) -> None:
    """Lab tells of a death in a dialog."""
    dialog = lab.page.locator(".jp-Dialog")
    dialog.locator(".jp-mod-accept").click()
    expect(dialog).to_have_count(0)


def seconds_until_a_reloaded_page_has_the_chart(lab: Lab) -> float:
    """From the moment at which the notebook is open."""
    lab.reload()
    opened = time.monotonic()
    expect(chip(lab)).to_have_text("running")
    wait_for_step(lab, 300)
    lab.wait_for(f"() => ({EARLIEST_STEP})() === 1", what="the first step in the chart")
    return time.monotonic() - opened


def wait_for_logged_steps(lab: Lab, at_least: int) -> None:
    """Until the log of the live run has these: it is written by the clock, a little after the page knows."""
    folder, limit = lab.server.root / ".layerlab" / "runs", time.monotonic() + PATIENCE
    while not any(run.status == "running" and run.steps >= at_least for run in summaries(folder)):
        assert time.monotonic() < limit
        time.sleep(0.1)

"""Steering a run from the page while its cell is busy: how soon it is obeyed, and exactly what is done."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab
from tests.browser.older_kernel import OLDER_KERNEL, offer_older_kernel

TRIES = 3
REACHED = 0.3  # seconds from an input until the kernel has the command
OBEYED = 1.0  # until the steps that were under way are done, which other processes may slow down

# The loss of a step is minus the sum of the learning rates of the steps before: what was recorded tells the
# rate of each step. Beside that the model has enough to do that its cell is as busy as in earnest.
SETUP = """
import json, time
import numpy as np
import layerlab as keras
from layerlab import ops
import layerlab_jupyter
from layerlab.training.control import RunControl

received = []

def noting(name):
    verb = getattr(RunControl, name)
    def call(*arguments):
        received.append([name, time.time()])
        return verb(*arguments)
    return call

for name in ("pause", "resume", "step", "stop", "set_learning_rate"):
    setattr(RunControl, name, noting(name))

class Weight(keras.layers.Layer):
    def build(self, input_shape):
        self.w = self.add_weight(shape=(), initializer="zeros")
    def call(self, inputs):
        return ops.mean(inputs, axis=-1, keepdims=True) * self.w

def counting(name):
    inputs = keras.Input((512,))
    work = inputs
    for _ in range(3):
        work = keras.layers.Dense(512, activation="relu", trainable=False)(work)
    outputs = Weight()(inputs) + 0.0 * ops.mean(work, axis=-1, keepdims=True)
    model = keras.Model(inputs, outputs, name=name)
    model.compile(keras.optimizers.SGD(1.0), loss=lambda y_true, y_pred: y_pred)
    return model

x, y = np.ones((3200, 512), "float32"), np.zeros((3200, 1), "float32")

def tell():
    run = layerlab_jupyter.run()
    losses = run.steps["batch_loss"]
    rates = -losses.diff().iloc[1:]
    changes = rates.index[rates.diff() != 0]
    steps = ("epoch_started", "epoch_finished")
    happened = [event for event in run.events if event["type"] not in steps]
    rates = [[int(step) - 1, float(rates[step])] for step in changes]
    print(json.dumps({"happened": happened, "rates": rates, "received": received}))
    received.clear()
"""

FIT = """
keras.config.use("{backend}")
history = counting("{backend}").fit(x, y, batch_size=64, epochs=100_000)
"""

# The moment of the input itself, by the clock that the kernel reads as well.
WATCH_INPUT = """() => {
  window.inputs = [];
  for (const kind of ['click', 'keydown']) {
    document.addEventListener(kind, event => {
      const late = performance.now() - event.timeStamp;
      window.inputs.push({ key: event.key ?? 'click', time: (Date.now() - late) / 1000 });
    }, { capture: true });
  }
}"""


@pytest.mark.parametrize("kernel", ["python3", OLDER_KERNEL])
def test_a_click_reaches_a_busy_kernel_within_300_ms_and_does_exactly_what_it_says(
    lab: Lab, kernel: str
) -> None:
    offer_older_kernel(lab.server)
    reached: dict[str, list[float]] = {}
    obeyed: dict[str, list[float]] = {}
    fits = [FIT.format(backend=backend) for backend in ("jax", "torch")]
    lab.open_cells([SETUP, fits[0], "tell()", fits[1], "tell()"], kernel_name=kernel)
    lab.run_cell(0)
    lab.evaluate(WATCH_INPUT)
    print()
    for index, backend in ((1, "jax"), (3, "torch")):
        clicks = _steer(lab, index)
        if kernel == "python3":
            lab.screenshot(f"steering-{backend}", of=lab.cell(index).locator(".layerlab-monitor"))
        told = json.loads(lab.run_cell(index + 1))
        for name, seconds in _reached(told["received"], clicks).items():
            reached.setdefault(name, []).extend(seconds)
        for name, seconds in _obeyed(told["happened"], clicks).items():
            obeyed.setdefault(name, []).extend(seconds)
        _nothing_ran_while_paused(told["happened"])
        _each_rate_was_used_from_its_step_on(told)
    print(f"{kernel}, ms from the input until the kernel has it: {_ms(reached)},")
    print(f"    until it has obeyed: {_ms(obeyed)}")
    # The best of the tries: other processes, which hold up the rest, are not what is timed.
    assert all(min(each) < REACHED for each in reached.values()), _ms(reached)
    assert all(min(each) < OBEYED for each in obeyed.values()), _ms(obeyed)
    assert [problem for problem in lab.problems if "layerlab" in problem] == []


def _steer(lab: Lab, index: int) -> dict[str, list[float]]:
    """Pause, step, change the rate, resume, several times, then stop; the time of each input."""
    monitor = lab.cell(index).locator(".layerlab-monitor")
    chip, field = monitor.locator(".layerlab-chip"), monitor.get_by_label("Learning rate", exact=True)
    clicks: dict[str, list[float]] = {"pause": [], "step": [], "rate": [], "stop": []}
    lab.start_cell(index)
    lab.wait_for_text(index, r"epoch\s*([2-9]|\d\d+)\s*/", 90)  # what is to be compiled is compiled by then
    rate = 1.0
    for _ in range(TRIES):
        clicks["pause"].append(_click(lab, monitor, "Pause"))
        expect(chip).to_have_text("paused")
        before = _step(monitor)
        clicks["step"].append(_click(lab, monitor, "Step"))
        expect(monitor.locator("[role=slider]").first).to_have_attribute("aria-valuemax", str(before + 1))
        expect(chip).to_have_text("paused")
        _click(lab, monitor, "Resume")
        expect(chip).to_have_text("running")
        rate /= 2
        field.fill(str(rate))
        field.press("Enter")
        clicks["rate"].append(_last_input(lab, "Enter"))
        changed = re.compile(f"→ {rate:g}, by hand$")
        expect(monitor.locator(".layerlab-happenings-last")).to_have_text(changed)
    clicks["stop"].append(_click(lab, monitor, "Stop"))
    lab.wait_until_done(index)
    return clicks


def _click(lab: Lab, monitor: Locator, name: str) -> float:
    monitor.get_by_role("button", name=name, exact=True).click()
    return _last_input(lab, "click")


def _last_input(lab: Lab, key: str) -> float:
    return float(lab.evaluate("key => window.inputs.filter(input => input.key === key).at(-1).time", key))


def _step(monitor: Locator) -> int:
    """The step that the charts reach to."""
    return int(monitor.locator("[role=slider]").first.get_attribute("aria-valuemax") or 0)


def _reached(received: list[tuple[str, float]], clicks: dict[str, list[float]]) -> dict[str, list[float]]:
    """From each input to the moment at which the kernel turned the run's control."""
    verbs = {"pause": "pause", "step": "step", "rate": "set_learning_rate", "stop": "stop"}
    moments = {name: [time for each, time in received if each == verb] for name, verb in verbs.items()}
    return _differences(moments, clicks)


def _obeyed(happened: list[dict[str, Any]], clicks: dict[str, list[float]]) -> dict[str, list[float]]:
    """From each input to the event of its effect."""
    effects = {
        "pause": [
            e for i, e in enumerate(happened) if e["type"] == "fit_paused" and not _ends_a_step(happened, i)
        ],
        "step": [e for e in happened if e["type"] == "fit_resumed" and e["until"] == "step"],
        "rate": [e for e in happened if e["type"] == "learning_rate_changed"],
        "stop": [e for e in happened if e["type"] == "fit_stopped"],
    }
    return _differences({name: [e["time"] for e in events] for name, events in effects.items()}, clicks)


def _differences(moments: dict[str, list[float]], clicks: dict[str, list[float]]) -> dict[str, list[float]]:
    assert {name: len(times) for name, times in moments.items()} == {
        name: len(times) for name, times in clicks.items()
    }
    return {
        name: [moment - click for moment, click in zip(moments[name], clicks[name], strict=True)]
        for name in clicks
    }


def _ms(seconds: dict[str, list[float]]) -> dict[str, list[int]]:
    return {name: [round(each * 1000) for each in values] for name, values in seconds.items()}


def _ends_a_step(happened: list[dict[str, Any]], index: int) -> bool:
    return happened[index - 1]["type"] == "fit_resumed" and happened[index - 1]["until"] == "step"


def _nothing_ran_while_paused(happened: list[dict[str, Any]]) -> None:
    steps = [
        (e["type"], e["step"], e.get("until")) for e in happened if e["type"] in ("fit_paused", "fit_resumed")
    ]
    assert len(steps) == 4 * TRIES
    for paused, stepped, paused_again, resumed in zip(*[iter(steps)] * 4, strict=True):
        at = paused[1]
        assert stepped == ("fit_resumed", at, "step")
        assert paused_again == ("fit_paused", at + 1, None)
        assert resumed == ("fit_resumed", at + 1, "end")


def _each_rate_was_used_from_its_step_on(told: dict[str, Any]) -> None:
    """By the values that were recorded, not by what the events say of the rate."""
    changes = [e for e in told["happened"] if e["type"] == "learning_rate_changed"]
    assert [e["learning_rate"] for e in changes] == [0.5, 0.25, 0.125]
    # The event tells the last step with the old rate; a step's rate shows in the loss of the one after.
    assert told["rates"] == [[1, 1.0], *([e["step"] + 1, e["learning_rate"]] for e in changes)]


KEYS = """
def no_config(self):
    raise NotImplementedError("no config")
Weight.get_config = no_config

class Rates(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        if batch % 10 == 9:
            self.model.optimizer.learning_rate = 0.5
"""


def test_the_keyboard_steers_and_leaves_the_notebook_its_own_keys(lab: Lab) -> None:
    lab.open_cells(
        [SETUP, KEYS, FIT.format(backend="jax").replace("100_000", "100_000, callbacks=[Rates()]")]
    )
    lab.run_cell(0)
    lab.run_cell(1)
    lab.start_cell(2)
    lab.wait_for_text(2, r"epoch\s*([2-9]|\d\d+)\s*/", 90)
    monitor, keyboard = lab.cell(2).locator(".layerlab-monitor"), lab.page.keyboard
    chip = monitor.locator(".layerlab-chip")
    expect(monitor.locator(".layerlab-rate-origin")).to_contain_text("by a callback")

    monitor.locator(".layerlab-plot").first.click()  # gives the monitor the focus
    keyboard.press("Space")
    expect(chip).to_have_text("paused")
    before = _step(monitor)
    keyboard.press("s")
    expect(monitor.locator("[role=slider]").first).to_have_attribute("aria-valuemax", str(before + 1))
    keyboard.press("w")
    # A layer has no config, so the whole model cannot be saved: it is the weights, and the page says why.
    saved = f"-step-{before + 1}.weights.h5 (the weights alone"
    expect(monitor.locator(".layerlab-happenings-last")).to_contain_text(saved)
    assert len(list((lab.server.root / "checkpoints").glob("jax-*.weights.h5"))) == 1

    # A button that has the focus is pressed by Enter, and keeps the focus when it changes its name.
    monitor.get_by_role("button", name="Resume").focus()
    keyboard.press("Enter")
    expect(chip).to_have_text("running")
    keyboard.press("Space")
    expect(chip).to_have_text("paused")
    assert lab.evaluate("() => document.activeElement.textContent") == "Resume"

    field = monitor.get_by_label("Learning rate", exact=True)
    field.fill("-1")
    field.press("Enter")
    expect(monitor.get_by_role("alert").first).to_have_text(
        "A learning rate is greater than 0. To hold the run, use Pause."
    )
    field.press("Escape")
    expect(field).to_have_value("0.5")
    _arrows_read_the_chart(lab, monitor)

    cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
    assert lab.evaluate(cells) == 3
    monitor.locator(".layerlab-plot").first.click()
    keyboard.press("b")  # the notebook's: a cell below
    lab.wait_for(f"() => ({cells})() === 4")
    monitor.get_by_role("button", name="Stop").click()
    lab.wait_until_done(2)
    expect(chip).to_have_text("stopped")


def _arrows_read_the_chart(lab: Lab, monitor: Locator) -> None:
    slider = monitor.locator("[role=slider]").first
    slider.focus()
    lab.page.keyboard.press("Home")
    lab.page.keyboard.press("Shift+ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^step 1 · epoch 1 · .*, batch 0,"))
    expect(monitor.locator(".layerlab-tip").first).to_be_visible()

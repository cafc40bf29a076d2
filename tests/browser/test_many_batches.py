"""A run of 100,000 batches: all of them recorded, a chart that stays smooth, few messages, little cost."""

from __future__ import annotations

import json
import time
from pathlib import Path

from playwright.sync_api import WebSocket

from tests.browser.lab import Lab

BATCHES = 100_000
FRAME = 0.1  # seconds, for 95 of 100 frames
MESSAGES = 15  # a second
COST = 0.02  # of the training's time at 1,000 steps a second: seconds for 1,000 steps

# A weight that loses 1 in each step, and is the loss: each of the 100,000 values is known beforehand.
SETUP = """
import json, time
import numpy as np
import layerlab as keras
import layerlab_jupyter
from layerlab_jupyter import monitor
from layerlab_jupyter.commands import control_channel

class Weight(keras.layers.Layer):
    def build(self, input_shape):
        self.w = self.add_weight(shape=(), initializer="zeros")
    def call(self, inputs):
        return inputs * self.w

inputs = keras.Input((1,))
model = keras.Model(inputs, Weight()(inputs), name="many_batches")
model.compile(keras.optimizers.SGD(1.0), loss=lambda y_true, y_pred: y_pred, metrics=["mae"])
x = np.ones((1000, 1), "float32")

# What the monitor takes of the processor: in the training's thread, and to answer the page.
seconds = [0.0]
def timed(function):
    def call(*arguments):
        start = time.thread_time()
        try:
            return function(*arguments)
        finally:
            seconds[0] += time.thread_time() - start
    return call
monitor.Monitor.__call__ = timed(monitor.Monitor.__call__)
control_channel.answer = timed(control_channel.answer)

# About 10,000 steps a second: an epoch of 1,000 steps each tenth of a second.
class Pace(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        time.sleep(max(0.0, self.began + 0.1 * (epoch + 1) - time.perf_counter()))
    def on_train_begin(self, logs=None):
        self.began = time.perf_counter()
"""
FIT = """
history = model.fit(x, x, batch_size=1, epochs=100, shuffle=False, callbacks=[Pace()])
"""
TELL = """
steps = layerlab_jupyter.run().steps
print(json.dumps({
    "steps": steps.index.tolist() == list(range(1, 100_001)),
    "losses": steps["batch_loss"].tolist() == [-float(n) for n in range(100_000)],
    "seconds": seconds[0],
}))
"""

WATCH_FRAMES = """() => {
  window.frames_ms = [];
  let last = performance.now();
  const tick = now => {
    window.frames_ms.push(now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""


def test_100_000_batches_are_recorded_drawn_smoothly_and_cheap(lab: Lab) -> None:
    sockets = _count_messages(lab)
    lab.open_cells([SETUP, FIT, TELL])
    lab.run_cell(0)
    lab.start_cell(1)
    lab.wait_for_text(1, r"epoch\s*([3-9]|\d\d+)\s*/", 60)  # compiled, and plotly is there
    lab.evaluate(WATCH_FRAMES)
    before, began = dict(sockets), time.monotonic()
    lab.wait_for_text(1, r"epoch\s*(9\d|100)\s*/", 120)  # the page may look when all is over
    frames, streamed = lab.evaluate("() => window.frames_ms"), time.monotonic() - began
    counts = [(sockets[name] - before.get(name, 0)) / streamed for name in sockets]
    lab.wait_until_done(1)
    lab.wait_for("() => document.querySelector('[role=slider]').ariaValueMax === '100000'")
    lab.screenshot("many-batches", of=lab.cell(1).locator(".layerlab-monitor"))
    told = json.loads(lab.run_cell(2))

    slow = min(_slow(part) for part in _parts(frames))
    cost = told["seconds"] / BATCHES * 1000
    parts = [round(_slow(part) * 1000) for part in _parts(frames)]
    print(
        f"\n{streamed:.1f} s: {len(frames) / streamed:.0f} frames a second, 95 of 100 under {parts} ms,"
        f" longest {max(frames):.0f} ms; {max(counts):.1f} messages a second;"
        f" {cost * 100:.2f} % of the kernel's time at 1,000 steps a second"
    )
    assert told["steps"] and told["losses"], "steps were lost or changed"
    assert slow < FRAME
    assert max(counts) < MESSAGES
    assert cost < COST
    assert [problem for problem in lab.problems if "layerlab" in problem] == []


def _parts(frames: list[float]) -> list[list[float]]:
    """Four parts of the time: the charts are as full in each, and other processes are not as busy."""
    size = -(-len(frames) // 4)
    return [frames[start : start + size] for start in range(0, len(frames), size)]


def _slow(frames: list[float]) -> float:
    """The seconds that 95 of 100 frames stay under."""
    return sorted(frames)[int(0.95 * len(frames))] / 1000


def _count_messages(lab: Lab) -> dict[str, int]:
    """Messages from the kernel so far, by the socket on which they came."""
    counts: dict[str, int] = {}

    def opened(socket: WebSocket) -> None:
        if "/channels" not in socket.url:
            return

        def received(_: object) -> None:
            counts[socket.url] = counts.get(socket.url, 0) + 1

        socket.on("framereceived", received)

    lab.page.on("websocket", opened)
    return counts


LONG_RUN = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from IPython.display import display
from layerlab.training.control import RunControl
from layerlab_jupyter.static_outputs.mime_bundles import live_bundle
from layerlab_jupyter.registry import Run, registry
from tests.kernel_ext.long_runs import long_run
from tests.kernel_ext.runs import recorded
run = Run("run-1", recorded(long_run(8 * 3600, 50)), RunControl(), "model-1")
registry.add_run(run)
display(live_bundle(run), raw=True)
"""


def test_a_run_of_eight_hours_is_drawn_and_stopped_by_a_page_that_comes_later(lab: Lab) -> None:
    lab.open_cells([LONG_RUN, "while not run.control.stop_requested: pass\nprint('stopped')"])
    lab.run_cell(0)
    lab.wait_for("() => document.querySelector('[role=slider]')?.ariaValueMax === '1440000'")
    lab.cell(0).get_by_role("button", name="Stop").click()
    assert lab.run_cell(1) == "stopped"
    assert [problem for problem in lab.problems if "layerlab" in problem] == []

"""Section `monitor`: what the monitor and the run log add to fit, while a page asks for the events.

The kernel is a real one, and what asks it does as the page: eight times a second, over the control channel.
"""

from __future__ import annotations

import json
import tempfile
import threading
from typing import Any

from tests.benchmarks.report import Options, at_most, print_row
from tests.kernel_ext.kernel import Asker, running_kernel_process

__all__ = ["run"]

_TARGET, _TARGET_OF_SHORT_EPOCHS = 1.02, 1.3
_SECONDS_BETWEEN = 0.125
_MODELS = {"MLP 784-128-10": 128, "MLP 784-1024-10": 1024}  # the second: about 1,000 steps a second
_CELL = """
import json
import numpy as np
import layerlab
from tests.benchmarks.timing import alternate

random = np.random.default_rng(0)
x = random.normal(size=(32_000, 784)).astype("float32")
y = random.integers(0, 10, len(x)).astype("int32")
model = layerlab.Sequential([
    layerlab.Input((784,)), layerlab.layers.Dense({width}, activation="relu"), layerlab.layers.Dense(10)
])
loss = layerlab.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
fit = lambda verbose: lambda: model.fit(x, y, epochs={epochs}, batch_size=32, verbose=verbose)
took = alternate({{"silent": fit(0), "shown": fit("auto")}}, {rounds})
print(json.dumps({{name: seconds / {epochs} / 1000 * 1e6 for name, seconds in took.items()}}))
"""
_SHORT_EPOCHS = """
import json
import numpy as np
import layerlab
from tests.benchmarks.timing import alternate

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
y = np.array([[0], [1], [1], [0]], "float32")
layers = layerlab.layers
model = layerlab.Sequential(
    [layerlab.Input((2,)), layers.Dense(8, activation="tanh"), layers.Dense(1, activation="sigmoid")]
)
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
fit = lambda verbose: lambda: model.fit(x, y, epochs={epochs}, verbose=verbose)
took = alternate({{"silent": fit(0), "shown": fit("auto")}}, {rounds})
print(json.dumps({{name: seconds / {epochs} * 1e6 for name, seconds in took.items()}}))
"""


def run(options: Options) -> bool:
    """Print the table, on JAX."""
    print_row("us a step", "verbose=0", "shown", "asked", "shown/verbose=0")
    for title, width in _MODELS.items():
        epochs = 1 if options.steps else max(1, 1280 // width)
        found, asked = _measured(_CELL.format(width=width, epochs=epochs, rounds=options.rounds))
        ratio = at_most(found["shown"] / found["silent"], _TARGET)
        print_row(title, found["silent"], found["shown"], str(asked), ratio)
    epochs = 200 if options.steps else 10_000
    found, asked = _measured(_SHORT_EPOCHS.format(epochs=epochs, rounds=options.rounds))
    ratio = at_most(found["shown"] / found["silent"], _TARGET_OF_SHORT_EPOCHS)
    print_row("XOR, a step an epoch", found["silent"], found["shown"], str(asked), ratio)
    return True


def _measured(cell: str) -> tuple[dict[str, float], int]:
    """What the cell prints, and how often events were fetched meanwhile."""
    with tempfile.TemporaryDirectory() as folder, running_kernel_process(folder) as asker:
        page = _Page(asker)
        page.start()
        try:
            outputs = asker.outputs(asker.execute(cell), seconds=600)
        finally:
            page.stop()
    printed = "".join(output["text"] for output in outputs if output["type"] == "stream")
    if not printed:
        raise RuntimeError(f"The cell printed nothing: {outputs[-1]}")
    return json.loads(printed.splitlines()[-1]), page.asked


class _Page(threading.Thread):
    """Fetches the events of the newest run, over and over."""

    def __init__(self, asker: Asker) -> None:
        super().__init__(daemon=True)
        self.asked = 0
        self._asker = asker
        self._has_left = threading.Event()

    def stop(self) -> None:
        self._has_left.set()
        self.join()

    def run(self) -> None:
        known, since = "", 0
        while not self._has_left.wait(_SECONDS_BETWEEN):
            runs: list[dict[str, Any]] = self._asker.ask("list_all")["result"]["runs"]
            if not runs or runs[0]["status"] != "running":
                continue
            if runs[0]["run_id"] != known:
                known, since = runs[0]["run_id"], 0
            since = self._asker.ask("fetch_events", run_id=known, since=since)["result"]["next"]
            self.asked += 1

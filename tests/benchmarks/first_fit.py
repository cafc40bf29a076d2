"""Build a model and fit it for the first time in this process. Run by `start.py`; prints JSON of seconds.

Importing takes the same whatever is built, and is told apart. That of JAX belongs to it: Keras imports it
with itself, layerlab when it is first used.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from dataclasses import replace

import numpy as np

from tests.benchmarks.cases import BATCH, CASES, Case, resnet50

_STEPS = 10
_STARTED = {
    "mlp": replace(CASES["mlp"], steps=_STEPS),
    "cnn": replace(CASES["cnn"], steps=_STEPS),
    "resnet50": Case("ResNet50, 64x64", resnet50, (64, 64, 3), 2),  # a step takes about a second
}


def main() -> None:
    library_name, case_name = sys.argv[1:]
    case = _STARTED[case_name]
    x, y = case.data()
    times = [time.perf_counter()]
    library = importlib.import_module(library_name)
    importlib.import_module("jax")
    times.append(time.perf_counter())
    model = case.compiled(library)
    times.append(time.perf_counter())
    history = model.fit(x, y, batch_size=BATCH, verbose=0).history
    times.append(time.perf_counter())
    assert np.isfinite(history["loss"][-1])
    imported, built, fitted = np.diff(times).tolist()
    print(json.dumps({"import": imported, "build": built, "fit": fitted}))


if __name__ == "__main__":
    main()

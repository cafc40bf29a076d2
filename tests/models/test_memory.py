"""Memory of a process in which many models are made, trained and forgotten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_CODE = """
import gc, json
import numpy as np
import layerlab as keras

x = np.random.default_rng(0).normal(size=(64, 256)).astype("float32")
y = np.zeros(64, "int32")

def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20

sizes = []
for _ in range(50):
    model = keras.Sequential([keras.Input((256,)), keras.layers.Dense(1024, "relu")])
    model.add(keras.layers.Dropout(0.1))
    model.add(keras.layers.Dense(10))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    model.fit(x, y, batch_size=16, verbose=0)
    model.evaluate(x, y, verbose=0)
    model.predict(x, verbose=0)
    sizes.append(resident())
print(json.dumps(sizes))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads memory as Linux tells it")
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_memory_reaches_a_plateau_over_fifty_models(backend: str) -> None:
    variables = {**os.environ, "LAYERLAB_BACKEND": backend}
    printed = subprocess.check_output([sys.executable, "-c", _CODE], env=variables, text=True)
    sizes = json.loads(printed.splitlines()[-1])
    # A model with its optimizer is 3 MB: kept, the last thirty would be 90 MB.
    assert sizes[49] - sizes[19] < 30, [round(size) for size in sizes]

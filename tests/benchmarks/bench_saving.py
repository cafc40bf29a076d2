"""Time and memory of saving and loading large weights: layerlab beside Keras on JAX.

Each case runs in a process of its own, so that its peak memory is its own; the libraries take turns. Prints
seconds (median of rounds), the peak of the whole process, and what share of Keras' they are. Keras has no
`.safetensors`: that is compared with its `.weights.h5`. The argument is the size of the weights in MB, 1024
without one; the files take two to three times that in the folder for temporary files.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

ROUNDS = 3
WIDTH = 2048  # a Dense layer has 16 MB of weights
SUFFIXES = (".weights.h5", ".keras", ".safetensors")
LIBRARIES = ("layerlab", "keras")


def main() -> None:
    size_mb = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    print(f"{f'{size_mb} MB of weights':20} {'':5} seconds   Keras  share   peak MB   Keras  share")
    for suffix in SUFFIXES:
        took: dict[tuple[str, str], list[tuple[float, float]]] = {}
        with tempfile.TemporaryDirectory() as folder:
            for number in range(ROUNDS):
                for library in LIBRARIES[:: 1 if number % 2 else -1]:
                    for action in ("save", "load"):
                        result = in_own_process(library, action, folder, suffix, size_mb)
                        took.setdefault((library, action), []).append(result)
        for action in ("save", "load"):
            ours, theirs = (took[library, action] for library in LIBRARIES)
            columns = [
                compared(*(statistics.median(run[i] for run in runs) for runs in (ours, theirs)))
                for i in (0, 1)
            ]
            print(f"{suffix:20} {action:5} {columns[0]}   {columns[1]}", flush=True)


def compared(ours: float, theirs: float) -> str:
    digits = 2 if ours < 100 else 0
    return f"{ours:7.{digits}f} {theirs:7.{digits}f} {ours / theirs:6.2f}"


def in_own_process(library: str, action: str, folder: str, suffix: str, size_mb: int) -> tuple[float, float]:
    """(seconds, peak memory in MB)."""
    environment = {**os.environ, "KERAS_BACKEND": "jax", "LAYERLAB_BACKEND": "jax"}
    command = [sys.executable, "-m", __spec__.name, "--case", library, action, folder, suffix, str(size_mb)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    seconds, peak = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak


def case(library: str, action: str, folder: str, suffix: str, size_mb: str) -> None:
    module = import_module(library)
    suffix = ".weights.h5" if library == "keras" and suffix == ".safetensors" else suffix
    path = Path(folder) / f"{library}{suffix}"
    is_model = suffix == ".keras"
    if is_model and action == "load":
        module.Variable(1.0)  # starts JAX, which saving has done as well
        model = None
    else:
        # Random values take longer than anything here. load_model meets their initializers in the config.
        model = built(module, int(size_mb), "glorot_uniform" if is_model else "ones")
    start = time.perf_counter()
    if action == "load":
        model = module.saving.load_model(path) if is_model else model.load_weights(path)
    elif is_model:
        model.save(path)
    else:
        model.save_weights(path)
    seconds = time.perf_counter() - start
    print(json.dumps((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)))


def built(module: Any, size_mb: int, initializer: str) -> Any:
    layers = [
        module.layers.Dense(WIDTH, kernel_initializer=initializer) for _ in range(max(1, size_mb // 16))
    ]
    return module.Sequential([module.Input((WIDTH,)), *layers])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--case"]:
        case(*sys.argv[2:])
    else:
        main()

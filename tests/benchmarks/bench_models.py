"""fit and predict of several models: layerlab beside Keras on the same back end, in one run.

Prints microseconds a step (median of rounds, in alternating order) and how many times as long Keras takes.
Needs a quiet machine. `LAYERLAB_BACKEND=torch` compares on PyTorch.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("LAYERLAB_BACKEND", "jax")
os.environ["KERAS_BACKEND"] = os.environ["LAYERLAB_BACKEND"]

import keras

import layerlab
from tests.benchmarks.cases import BATCH, CASES, Case

ROUNDS = 5


def main() -> None:
    print(f"{layerlab.config.backend() + f', batch {BATCH}':28} {'':8} layerlab    Keras  times")
    for name, case in CASES.items():
        for what, contestants in (("fit", fits(case)), ("predict", predictions(case))):
            took = {library: seconds / case.steps * 1e6 for library, seconds in race(contestants).items()}
            ratio = took["keras"] / took["layerlab"]
            print(f"{name:28} {what:8} {took['layerlab']:8.0f} {took['keras']:8.0f} {ratio:6.2f}", flush=True)


def fits(case: Case) -> dict[str, Callable[[], object]]:
    """An epoch of training, by library."""
    x, y = case.data()

    def epoch(library: object) -> Callable[[], object]:
        model = case.compiled(library)
        return lambda: model.fit(x, y, batch_size=BATCH, verbose=0)

    return {"layerlab": epoch(layerlab), "keras": epoch(keras)}


def predictions(case: Case) -> dict[str, Callable[[], object]]:
    """predict for all samples, by library."""
    x, _ = case.data()

    def run(library: object) -> Callable[[], object]:
        model = case.compiled(library)
        return lambda: model.predict(x, batch_size=BATCH, verbose=0)

    return {"layerlab": run(layerlab), "keras": run(keras)}


def race(contestants: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The median seconds of each."""
    for run in contestants.values():
        run()  # compiles
        run()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(ROUNDS):
        for name in list(contestants)[:: 1 if number % 2 else -1]:
            start = time.perf_counter()
            contestants[name]()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


if __name__ == "__main__":
    main()

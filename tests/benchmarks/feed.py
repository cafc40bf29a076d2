"""The MLP fed from arrays, generators, data sets and loaders; `sources.py` runs this in a process.

layerlab, Keras and a loop by hand that calls a program (JAX) or the modules (PyTorch) for each batch, in
turn; and the batches alone, without a model. Prints JSON.
"""

from __future__ import annotations

import argparse
import importlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import keras  # type: ignore[import-untyped]
import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

import layerlab
from tests.benchmarks.cases import BATCH, CASES, Case
from tests.benchmarks.timing import alternate

_SLOW_SECONDS = 0.003
_TOLERANCE = 1e-2

Arrays = tuple[np.ndarray, np.ndarray]


def _generator(data: Arrays, library: Any) -> Iterator[Any]:
    x, y = data
    for start in range(0, len(x), BATCH):
        yield x[start : start + BATCH], y[start : start + BATCH]


def _slow_generator(data: Arrays, library: Any) -> Iterator[Any]:
    """As if it read files."""
    for batch in _generator(data, library):
        time.sleep(_SLOW_SECONDS)
        yield batch


def _dataset(workers: int) -> Callable[[Arrays, Any], Any]:
    def of(data: Arrays, library: Any) -> Any:
        class Slices((library or layerlab).utils.PyDataset):  # type: ignore[misc]
            def __len__(self) -> int:
                return -(-len(data[0]) // BATCH)

            def __getitem__(self, index: int) -> Any:
                if index >= len(self):  # what ends a loop over it
                    raise IndexError
                rows = slice(index * BATCH, (index + 1) * BATCH)
                return data[0][rows], data[1][rows]

        return Slices(workers=workers)

    return of


def _loader(data: Arrays, library: Any) -> Any:
    return DataLoader(TensorDataset(*map(torch.from_numpy, data)), batch_size=BATCH)


def _tensors(data: Arrays, library: Any) -> Iterator[Any]:
    """Arrays of the back end, as from a pipeline of its own."""
    as_array = (
        torch.from_numpy
        if layerlab.config.backend() == "torch"
        else importlib.import_module("jax").numpy.asarray
    )
    for x, y in _generator(data, library):
        yield as_array(x), as_array(y)


SOURCES: dict[str, Callable[[Arrays, Any], Any]] = {
    "arrays": _generator,
    "generator of NumPy arrays": _generator,
    "generator of the back end's": _tensors,
    f"generator, {_SLOW_SECONDS * 1e3:.0f} ms a batch": _slow_generator,
    "PyDataset": _dataset(1),
    "PyDataset, workers=0": _dataset(0),
    "PyDataset, workers=4": _dataset(4),
    "DataLoader": _loader,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rounds", type=int)
    parser.add_argument("steps", type=int, nargs="?", default=500, help="batches an epoch")
    parser.add_argument("--source", action="append", choices=SOURCES)
    chosen = parser.parse_args()
    case = replace(CASES["mlp"], steps=chosen.steps)
    by_hand = importlib.import_module(f"tests.benchmarks.hand_{layerlab.config.backend()}").FORMS
    models = _Models(case.without_dropout(), by_hand)
    models.compare(16)
    models = _Models(case, by_hand)
    found: dict[str, Any] = {}
    for name in chosen.source or SOURCES:
        found[name] = {}
        for what in ("fit", "evaluate", "predict"):
            seconds = alternate(models.contestants(name, what), chosen.rounds)
            found[name][what] = {who: value / case.steps * 1e6 for who, value in seconds.items()}
    print(json.dumps(found))


class _Models:
    """The three, with equal weights."""

    def __init__(self, case: Case, by_hand: Any) -> None:
        layerlab.utils.set_random_seed(0)
        self.data = case.data()
        self.libraries = {
            "layerlab": (layerlab, case.compiled(layerlab)),
            "keras": (keras, case.compiled(keras)),
        }
        ours, theirs = (model for _, model in self.libraries.values())
        theirs.set_weights(ours.get_weights())
        paths = [variable.path.removeprefix(f"{ours.name}/") for variable in ours.weights]
        weights = dict(zip(paths, ours.get_weights(), strict=True))
        self.hand = by_hand["stepwise" if "stepwise" in by_hand else "eager"]("mlp", case, weights)

    def contestants(self, source: str, what: str) -> dict[str, Callable[[], Any]]:
        """What is timed."""
        make = SOURCES[source]

        def run(library: Any, model: Any) -> Any:
            options = {} if what == "predict" else {"shuffle": False} if what == "fit" else {}
            if source == "arrays":
                given = self.data[:1] if what == "predict" else self.data
                return getattr(model, what)(*given, batch_size=BATCH, verbose=0, **options)
            return getattr(model, what)(make(self.data, library), verbose=0, **options)

        def exhaust() -> None:
            for _ in make(self.data, None):
                pass

        theirs = {name: lambda given=given: run(*given) for name, given in self.libraries.items()}
        return theirs | {
            "hand": lambda: getattr(self.hand, f"{what}_on")(make(self.data, None)),
            "batches": exhaust,
        }

    def compare(self, steps: int) -> None:
        """Raise unless all learn the same from each source."""
        whole, self.data = self.data, tuple(array[: steps * BATCH] for array in self.data)
        for source in SOURCES:
            losses = []
            for run in [*self.contestants(source, "fit").values()][:3]:
                told = run()
                losses.append(told[0] if isinstance(told, tuple) else told.history["loss"][-1])
            assert np.ptp(losses) < _TOLERANCE * losses[0], f"{source}: {losses}"
        self.data = whole


if __name__ == "__main__":
    main()

"""One case on one back end: layerlab, Keras and a loop by hand, in turn; `fit.py` runs this in a process.

The environment says which back end. Before anything is timed, all start with the same weights, train on the
same batches, and must report the same loss and predict the same. Prints JSON.
"""

from __future__ import annotations

import argparse
import importlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

import keras  # type: ignore[import-untyped]
import numpy as np

import layerlab
from tests.benchmarks.cases import BATCH, CASES, Case
from tests.benchmarks.timing import alternate

# Of the outputs' spread; a tenth more learning rate changes more. PyTorch's Adam adds its epsilon after the
# correction of the means, Keras' before: with gradients of 1e-5 (the embedding bag) that shows.
# And Adam makes as large a step of a rounding error as of a gradient, which a deep ResNet amplifies.
# Elsewhere differences are of 1e-3 to 1e-7; the table tells them.
_TOLERANCE = 3e-2


class Contestant(Protocol):
    """What is measured."""

    @property
    def parameters(self) -> int: ...

    def fit(self, steps: int, *, shuffle: bool) -> tuple[float, float]:
        """Train on the first steps of the case's data; loss and accuracy."""
        ...

    def predict(self, x: np.ndarray) -> np.ndarray: ...


class Library:
    """layerlab or Keras."""

    def __init__(self, library: Any, case: Case, weights: Mapping[str, np.ndarray] | None = None) -> None:
        self.model = case.compiled(library)
        self._x, self._y = case.data()
        if weights is not None:
            self.model.set_weights([weights[path] for path in self._paths()])

    @property
    def parameters(self) -> int:
        return sum(int(np.prod(variable.shape)) for variable in self.model.trainable_variables)

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """By path, within the model."""
        return dict(zip(self._paths(), self.model.get_weights(), strict=True))

    def fit(self, steps: int, *, shuffle: bool) -> tuple[float, float]:
        rows = slice(steps * BATCH)
        told = self.model.fit(self._x[rows], self._y[rows], batch_size=BATCH, shuffle=shuffle, verbose=0)
        return told.history["loss"][-1], told.history["accuracy"][-1]

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.model.predict(x, batch_size=BATCH, verbose=0)

    def _paths(self) -> list[str]:
        return [variable.path.removeprefix(f"{self.model.name}/") for variable in self.model.weights]


def contestants_of(name: str, case: Case) -> dict[str, Contestant]:
    """All of them, with the same weights; the loops by hand under the names of their forms."""
    by_hand = importlib.import_module(f"tests.benchmarks.hand_{layerlab.config.backend()}")
    layerlab.utils.set_random_seed(0)
    ours = Library(layerlab, case)
    weights = ours.weights
    found: dict[str, Contestant] = {"layerlab": ours, "keras": Library(keras, case, weights)}
    return found | {form: written(name, case, weights) for form, written in by_hand.FORMS.items()}


def largest_difference(contestants: Mapping[str, Contestant], x: np.ndarray, steps: int) -> float:
    """Between what they report and predict after a few steps; raises if they do not train the same model."""
    ours = contestants["layerlab"]
    loss, accuracy = ours.fit(steps, shuffle=False)
    logits = ours.predict(x)
    assert np.isfinite(loss) and np.ptp(logits) > 0, f"nothing to compare: loss {loss}"
    largest = 0.0
    for name, other in contestants.items():
        assert other.parameters == ours.parameters, f"{name} trains {other.parameters} parameters"
        its_loss, its_accuracy = (loss, accuracy) if other is ours else other.fit(steps, shuffle=False)
        spread = np.abs(other.predict(x) - logits).max() / np.ptp(logits)
        largest = max(largest, abs(its_loss - loss) / loss, abs(its_accuracy - accuracy), float(spread))
        assert largest < _TOLERANCE, (
            f"{name}: loss {its_loss} for {loss}, accuracy {its_accuracy} for {accuracy}, logits off {spread}"
        )
    return largest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("rounds", type=int)
    parser.add_argument("steps", type=int, nargs="?", help="batches an epoch")
    chosen = parser.parse_args()
    case = CASES[chosen.case]
    case = replace(case, steps=chosen.steps or case.steps)
    x, _ = case.data()
    contestants = contestants_of(chosen.case, case.without_dropout())
    difference = largest_difference(contestants, x, case.compared_steps)
    if case.dropout:
        contestants = contestants_of(chosen.case, case)
    fits = {name: lambda c=c: c.fit(case.steps, shuffle=True) for name, c in contestants.items()}
    predictions = {name: lambda c=c: c.predict(x) for name, c in contestants.items()}
    found = {
        "fit": _microseconds(alternate(fits, chosen.rounds), case.steps),
        "predict": _microseconds(alternate(predictions, chosen.rounds), case.steps),
        "parameters": contestants["layerlab"].parameters,
        "difference": difference,
    }
    print(json.dumps(found))


def _microseconds(seconds: dict[str, float], steps: int) -> dict[str, float]:
    return {name: value / steps * 1e6 for name, value in seconds.items()}


if __name__ == "__main__":
    main()

"""fit, evaluate and predict give the numbers of Keras, under its labels, in its order."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from tests.training.models import classes, classifier, cnn, images, regression

pytestmark = pytest.mark.oracle


def two_outputs(library: Any) -> Any:
    inputs = library.Input((4,))
    hidden = library.layers.Dense(4, activation="tanh", kernel_regularizer="l2")(inputs)
    value = library.layers.Dense(1, name="value")(hidden)
    kind = library.layers.Dense(3, activation="softmax", name="kind")(hidden)
    return library.Model(inputs, [value, kind])


@dataclass(frozen=True)
class Case:
    """A model, how it is compiled and what it is trained on."""

    make: Callable[[Any], Any]
    compile: Callable[[Any], dict[str, Any]]
    data: tuple[Any, Any]
    fit: dict[str, Any] = field(default_factory=dict)

    def run(self, library: Any, weights: Any = None) -> tuple[list[Any], Any]:
        """(initial weights, the trained model)."""
        model = self.make(library)
        model.compile(**self.compile(library))
        if weights is not None:
            model.set_weights(weights)
        first = [np.asarray(weight) for weight in model.get_weights()]
        model.fit(*self.data, epochs=2, shuffle=False, verbose=0, **self.fit)
        return first, model


CASES = {
    "mlp": Case(
        classifier,
        lambda library: {
            "optimizer": "adam",
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["acc", "sparse_top_k_categorical_accuracy"],
            "weighted_metrics": ["accuracy"],
        },
        classes(22),
        {"batch_size": 5, "validation_split": 0.3, "class_weight": {0: 1.0, 1: 0.5, 2: 2.0}},
    ),
    "cnn": Case(
        cnn,
        lambda library: {
            "optimizer": library.optimizers.SGD(0.1, momentum=0.9),
            "loss": library.losses.SparseCategoricalCrossentropy(from_logits=True),
            "metrics": ["accuracy"],
        },
        images(24),
        {
            "batch_size": 8,
            "validation_data": (*(part[:8] for part in images(24)), np.linspace(0, 1, 8)),
            "sample_weight": np.linspace(0.5, 1.5, 24),
        },
    ),
    "two outputs": Case(
        two_outputs,
        lambda library: {
            "optimizer": "rmsprop",
            "loss": {"value": "mse", "kind": "sparse_categorical_crossentropy"},
            "loss_weights": {"value": 0.3, "kind": 2.0},
            "metrics": {"value": ["mae"], "kind": ["accuracy"]},
        },
        (regression()[0], [regression()[1], classes()[1]]),
        {"batch_size": 9, "validation_split": 0.25},
    ),
}


@functools.cache
def run_of_keras(name: str) -> dict[str, Any]:
    """What Keras gives, computed once for both back ends."""
    case = CASES[name]
    first, model = case.run(oracle)
    (x, y), size = case.data, case.fit["batch_size"]
    return {
        "first": first,
        "history": model.history.history,
        "epoch": model.history.epoch,
        "weights": [np.asarray(weight) for weight in model.get_weights()],
        "evaluated": model.evaluate(x, y, batch_size=size, verbose=0, return_dict=True),
        "predicted": model.predict(x, batch_size=size, verbose=0),
    }


@pytest.mark.parametrize(
    "name",
    ["mlp", pytest.param("cnn", marks=pytest.mark.slow), pytest.param("two outputs", marks=pytest.mark.slow)],
)
def test_training_and_evaluation_give_what_keras_gives(backend: str, name: str) -> None:
    theirs, case = run_of_keras(name), CASES[name]

    _, model = case.run(keras, weights=theirs["first"])

    assert list(model.history.history) == list(theirs["history"])
    assert model.history.epoch == theirs["epoch"]
    for label, values in theirs["history"].items():
        np.testing.assert_allclose(model.history.history[label], values, atol=1e-4, err_msg=label)
    for mine, other in zip(model.get_weights(), theirs["weights"], strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-4)
    (x, y), size = case.data, case.fit["batch_size"]  # no further shapes to compile for
    evaluated = model.evaluate(x, y, batch_size=size, verbose=0, return_dict=True)
    assert list(evaluated) == list(theirs["evaluated"])
    np.testing.assert_allclose(list(evaluated.values()), list(theirs["evaluated"].values()), atol=1e-4)
    predicted = model.predict(x, batch_size=size, verbose=0)
    for mine, other in zip(
        keras.tree.flatten(predicted), keras.tree.flatten(theirs["predicted"]), strict=True
    ):
        np.testing.assert_allclose(mine, other, atol=1e-4)

"""Whole histories are those of Keras: three epochs from the same weights in the same order, key by key."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import keras as oracle
import numpy as np
import pytest

import layerlab
from tests.training.models import classes, classifier, images, regression

pytestmark = pytest.mark.oracle

SIZE = 8  # samples a batch: the last one of 20 is smaller
EPOCHS = 3


# -- models -------------------------------------------------------------------------------------------


def image_classifier(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(3, 3, use_bias=False),
            layers.BatchNormalization(momentum=0.8),
            layers.Activation("relu"),
            layers.Dropout(0.0),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def two_by_two(keras: Any) -> Any:
    layers = keras.layers
    left, right = keras.Input((4,), name="left"), keras.Input((4,), name="right")
    hidden = layers.Dense(5, activation="tanh", kernel_regularizer="l2")(layers.concatenate([left, right]))
    value = layers.Dense(1, name="value")(hidden)
    kind = layers.Dense(3, activation="softmax", name="kind")(hidden)
    return keras.Model([left, right], [value, kind])


def over_values(keras: Any) -> Any:
    """A step as in Keras' guide for JAX. The text of the class is the same for both libraries."""

    class Custom(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            penalty = 0.1 * keras.ops.mean(keras.ops.abs(y_pred))
            return super().compute_loss(x, y, y_pred, sample_weight) + penalty

        def loss_and_updates(self, trainable_variables, non_trainable_variables, x, y, training=False):
            y_pred, non_trainable_variables = self.stateless_call(
                trainable_variables, non_trainable_variables, x, training=training
            )
            loss = self.compute_loss(x, y, y_pred)
            return loss, (y_pred, non_trainable_variables)

        def train_step(self, state, data):
            trainable_variables, non_trainable_variables, optimizer_variables, metrics_variables = state
            x, y = data
            gradients_of = jax.value_and_grad(self.loss_and_updates, has_aux=True)
            (loss, (y_pred, non_trainable_variables)), gradients = gradients_of(
                trainable_variables, non_trainable_variables, x, y, training=True
            )
            trainable_variables, optimizer_variables = self.optimizer.stateless_apply(
                optimizer_variables, gradients, trainable_variables
            )
            new_metrics_variables, logs = (
                [],
                {"largest": keras.ops.max(keras.ops.abs(trainable_variables[0]))},
            )
            for metric in self.metrics:
                first = len(new_metrics_variables)
                own = metrics_variables[first : first + len(metric.variables)]
                if metric.name == "loss":
                    own = metric.stateless_update_state(own, loss)
                else:
                    own = metric.stateless_update_state(own, y, y_pred)
                result = metric.stateless_result(own)
                logs.update(result if isinstance(result, dict) else {metric.name: result})
                new_metrics_variables += own
            state = trainable_variables, non_trainable_variables, optimizer_variables, new_metrics_variables
            return logs, state

    return _custom_model(keras, Custom)


def over_variables(keras: Any) -> Any:
    """The same step in the form that layerlab runs on each back end."""

    class Custom(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None):
            penalty = 0.1 * keras.ops.mean(keras.ops.abs(y_pred))
            return super().compute_loss(x, y, y_pred, sample_weight) + penalty

        def train_step(self, data):
            logs = super().train_step(data)
            return {**logs, "largest": keras.ops.max(keras.ops.abs(self.trainable_variables[0]))}

    return _custom_model(keras, Custom)


def _custom_model(keras: Any, cls: Any) -> Any:
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(5, activation="tanh")(inputs)
    return cls(inputs, keras.layers.Dense(1)(keras.layers.BatchNormalization()(hidden)))


# -- data ---------------------------------------------------------------------------------------------


def shuffled_batches(x: np.ndarray, y: np.ndarray) -> Iterator[Any]:
    """Endless, in another order each epoch, the same in each library."""
    rng = np.random.default_rng(5)
    while True:
        order = rng.permutation(len(x))
        for start in range(0, len(x), SIZE):
            chosen = order[start : start + SIZE]
            yield x[chosen], y[chosen]


def dataset(keras: Any, x: np.ndarray, y: np.ndarray) -> Any:
    order = np.random.default_rng(6).permutation(len(x))

    class Permuted(keras.utils.PyDataset):
        """The samples in an order of its own."""

        def __len__(self) -> int:
            return -(-len(x) // SIZE)

        def __getitem__(self, index: int) -> Any:
            chosen = order[index * SIZE : (index + 1) * SIZE]
            return x[chosen], y[chosen]

    return Permuted()


# -- cases --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A model, how it is compiled, what it is fitted to and judged on; all but `labels` for either library.

    Args:
        fit: arguments of fit, beside epochs and verbose.
        data: (x, y, sample_weight) to evaluate, and x to predict.
        labels: `metrics_names` after training.
        ours: makes layerlab's model where its text is another.
    """

    make: Callable[[Any], Any]
    compile: Callable[[Any], dict[str, Any]]
    fit: Callable[[Any], dict[str, Any]]
    data: tuple[Any, Any, Any]
    labels: list[str]
    ours: Callable[[Any], Any] | None = None
    backends: tuple[str, ...] = field(default=("jax", "torch"))

    def run(self, keras: Any, weights: Any = None) -> tuple[list[Any], Any]:
        """(the weights before, the model after training)."""
        model = (self.make if keras is oracle else self.ours or self.make)(keras)
        model.compile(**self.compile(keras))
        if weights is not None:
            model.set_weights(weights)
        first = [np.asarray(weight) for weight in model.get_weights()]
        model.fit(epochs=EPOCHS, verbose=0, **self.fit(keras))
        return first, model

    def judge(self, model: Any) -> tuple[dict[str, float], list[Any]]:
        """What evaluate and predict give."""
        x, y, weight = self.data
        scores = model.evaluate(x, y, SIZE, 0, weight, return_dict=True)
        outputs = model.predict(x, batch_size=SIZE, verbose=0)
        return scores, layerlab.tree.flatten(outputs)


CLASS_X, CLASS_Y = classes(20)
IMAGES, KINDS = images(20)
VALUE_X, VALUE_Y = regression(24)
OTHER_X, OTHER_Y = regression(20)
WEIGHTS = [np.linspace(0.2, 1.8, 20).astype("float32"), np.linspace(1.5, 0.5, 20).astype("float32")]

CLASSIFIED = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
CUSTOM = Case(
    over_values,
    lambda keras: {"optimizer": keras.optimizers.Adam(0.02), "loss": "mse", "metrics": ["mae"]},
    lambda keras: {
        "x": VALUE_X,
        "y": VALUE_Y,
        "batch_size": SIZE,
        "shuffle": False,
        "validation_data": (VALUE_X[:16], VALUE_Y[:16]),
    },
    (VALUE_X, VALUE_Y, None),
    ["loss", "mae"],
    backends=("jax",),
)
CASES = {
    "mlp": Case(
        classifier,
        lambda keras: {
            "optimizer": "adam",
            "loss": "sparse_categorical_crossentropy",
            "metrics": ["acc"],
            "weighted_metrics": [keras.metrics.SparseCategoricalCrossentropy(name="entropy")],
        },
        lambda keras: {
            "x": CLASS_X,
            "y": CLASS_Y,
            "batch_size": SIZE,
            "shuffle": False,
            "class_weight": {0: 1.0, 1: 0.5, 2: 2.0},
            "validation_data": (CLASS_X[:10], CLASS_Y[:10], WEIGHTS[0][:10]),
        },
        (CLASS_X, CLASS_Y, WEIGHTS[1]),
        ["loss", "acc", "entropy"],
    ),
    "mlp, shuffled by a generator": Case(
        classifier,
        lambda keras: {"optimizer": "rmsprop", **CLASSIFIED},
        lambda keras: {
            "x": shuffled_batches(CLASS_X, CLASS_Y),
            "steps_per_epoch": 3,
            "shuffle": True,
            "validation_data": (CLASS_X, CLASS_Y),
            "validation_batch_size": SIZE,
            "validation_freq": 2,
        },
        (CLASS_X, CLASS_Y, None),
        ["loss", "accuracy"],
    ),
    "mlp, from a dataset": Case(
        classifier,
        lambda keras: {"optimizer": keras.optimizers.SGD(0.1, nesterov=True, momentum=0.9), **CLASSIFIED},
        lambda keras: {
            "x": dataset(keras, CLASS_X, CLASS_Y),
            "shuffle": False,
            "validation_data": dataset(keras, CLASS_X[:12], CLASS_Y[:12]),
        },
        (CLASS_X, CLASS_Y, None),
        ["loss", "accuracy"],
    ),
    "cnn": Case(
        image_classifier,
        lambda keras: {"optimizer": keras.optimizers.SGD(0.05, momentum=0.9), **CLASSIFIED},
        lambda keras: {
            "x": IMAGES,
            "y": KINDS,
            "batch_size": SIZE,
            "shuffle": False,
            "validation_split": 0.4,
        },
        (IMAGES, KINDS, None),
        ["loss", "accuracy"],
    ),
    "two inputs and outputs": Case(
        two_by_two,
        lambda keras: {
            "optimizer": "adam",
            "loss": {"kind": "sparse_categorical_crossentropy", "value": "mse"},
            "loss_weights": {"value": 0.3, "kind": 2.0},
            "metrics": {"value": ["mae"], "kind": ["accuracy"]},
            "weighted_metrics": {"value": ["mse"], "kind": ["acc"]},
        },
        lambda keras: {
            "x": [CLASS_X, OTHER_X],
            "y": [OTHER_Y, CLASS_Y],
            "sample_weight": WEIGHTS,
            "batch_size": SIZE,
            "shuffle": False,
            "validation_data": ([OTHER_X, CLASS_X], [OTHER_Y, CLASS_Y], WEIGHTS[::-1]),
        },
        ([CLASS_X, OTHER_X], [OTHER_Y, CLASS_Y], WEIGHTS),
        ["loss", "value_loss", "kind_loss", "value_mae", "value_mse", "kind_accuracy", "kind_acc"],
    ),
    "custom step over values": CUSTOM,
    "custom step over variables": Case(
        **{**vars(CUSTOM), "ours": over_variables, "backends": ("jax", "torch")}
    ),
}


@functools.cache
def run_of_keras(name: str) -> dict[str, Any]:
    """What Keras gives, computed once for both back ends."""
    first, model = CASES[name].run(oracle)
    scores, outputs = CASES[name].judge(model)
    return {
        "first": first,
        "history": model.history.history,
        "epoch": model.history.epoch,
        "last": [np.asarray(weight) for weight in model.get_weights()],
        "scores": scores,
        "outputs": [np.asarray(output) for output in outputs],
    }


@pytest.fixture(autouse=True)
def _optimized(name: str) -> Iterator[None]:
    """Quick compiling, which the tests use, gives NaN as gradient of a maximum of fused values.

    XLA then computes these values twice, with other roundings, and finds none that equals the maximum.
    """
    quick = jax.config.values["jax_disable_most_optimizations"]
    jax.config.update("jax_disable_most_optimizations", quick and name != "cnn")
    yield
    jax.config.update("jax_disable_most_optimizations", quick)


RUNS = [(name, back_end) for name, case in CASES.items() for back_end in case.backends]


@pytest.mark.parametrize(("name", "backend"), RUNS, indirect=["backend"])
def test_the_history_is_that_of_keras_key_by_key(backend: str, name: str) -> None:
    theirs, case = run_of_keras(name), CASES[name]

    _, model = case.run(layerlab, weights=theirs["first"])

    assert list(model.history.history) == list(theirs["history"])
    assert model.history.epoch == theirs["epoch"] == list(range(EPOCHS))
    for label, values in theirs["history"].items():
        np.testing.assert_allclose(model.history.history[label], values, atol=1e-4, err_msg=label)
    for mine, other in zip(model.get_weights(), theirs["last"], strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-4)

    scores, outputs = case.judge(model)
    assert list(scores) == list(theirs["scores"])
    np.testing.assert_allclose(list(scores.values()), list(theirs["scores"].values()), atol=1e-4)
    for mine, other in zip(outputs, theirs["outputs"], strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-4)
    assert model.metrics_names == case.labels
    x, y, weight = case.data
    in_order = model.evaluate(x, y, SIZE, 0, weight)
    np.testing.assert_allclose(in_order, [scores[label] for label in case.labels], atol=1e-6)

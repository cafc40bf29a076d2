"""A loop of one's own over values, as in Keras' guide for JAX, gives Keras' numbers with either library."""

from __future__ import annotations

import functools
from typing import Any

import jax
import keras as oracle
import numpy as np
import pytest

import layerlab
from tests.training.models import classes

X, Y = classes(24)
BATCHES = [(X[first : first + 8], Y[first : first + 8]) for first in range(0, 24, 8)]


def made(keras: Any, weights: Any = None) -> tuple[Any, Any, list[Any]]:
    """(model, optimizer, metrics), built and never compiled."""
    keras.utils.clear_session()
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(5, activation="tanh", kernel_regularizer="l2")(inputs)
    hidden = keras.layers.BatchNormalization(momentum=0.8)(hidden)
    model = keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Dropout(0.0)(hidden)))
    if weights is not None:
        model.set_weights(weights)
    optimizer = keras.optimizers.AdamW(keras.optimizers.schedules.ExponentialDecay(0.02, 2, 0.9))
    optimizer.build(model.trainable_variables)
    return model, optimizer, [keras.metrics.Mean(name="loss"), keras.metrics.SparseCategoricalAccuracy()]


def trained(keras: Any, weights: Any = None) -> tuple[dict[str, Any], Any, Any]:
    """(what two epochs of stateless steps give, the weights at first, the objects, which did not change)."""
    model, optimizer, metrics = made(keras, weights)
    first = [np.asarray(weight) for weight in model.get_weights()]
    loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def objective(trainable: Any, others: Any, x: Any, y: Any) -> Any:
        y_pred, others, losses = model.stateless_call(trainable, others, x, training=True, return_losses=True)
        return loss_of(y, y_pred) + sum(losses), (y_pred, others)

    @jax.jit
    def step(state: Any, x: Any, y: Any) -> Any:
        trainable, others, slots, (mean, accuracy) = state
        (loss, (y_pred, others)), gradients = jax.value_and_grad(objective, has_aux=True)(
            trainable, others, x, y
        )
        trainable, slots = optimizer.stateless_apply(slots, gradients, trainable)
        mean = metrics[0].stateless_update_state(mean, loss)
        accuracy = metrics[1].stateless_update_state(accuracy, y, y_pred)
        return loss, (trainable, others, slots, (mean, accuracy))

    values = [
        [variable.value for variable in variables]
        for variables in (model.trainable_variables, model.non_trainable_variables, optimizer.variables)
    ]
    losses, results = [], []
    for _ in range(2):
        state = (*values, tuple(metric.stateless_reset_state() for metric in metrics))
        for x, y in BATCHES:
            loss, state = step(state, x, y)
            losses.append(float(loss))
        *values, counted = state
        results.append([float(m.stateless_result(own)) for m, own in zip(metrics, counted, strict=True)])
    arrays = {
        name: [np.asarray(value) for value in group]
        for name, group in zip(("trainable", "others", "slots"), values, strict=True)
    }
    return {**arrays, "losses": losses, "results": results}, first, (model, optimizer, metrics)


@functools.cache
def of_keras() -> tuple[dict[str, Any], Any, Any]:
    return trained(oracle)


@pytest.mark.oracle
@pytest.mark.parametrize("backend", ["jax"], indirect=True)
def test_a_stateless_loop_gives_the_numbers_of_keras_and_changes_nothing(backend: str) -> None:
    theirs, first, (_, their_optimizer, _) = of_keras()
    ours, _, (model, optimizer, metrics) = trained(layerlab, first)

    np.testing.assert_allclose(ours["losses"], theirs["losses"], rtol=1e-5)
    np.testing.assert_allclose(ours["results"], theirs["results"], rtol=1e-5)
    assert [v.path for v in optimizer.variables] == [v.path for v in their_optimizer.variables]
    for group in ("trainable", "slots"):
        for mine, other in zip(ours[group], theirs[group], strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)
    moving = [value for value in theirs["others"] if value.dtype == "float32"]  # the rest are seeds
    for mine, other in zip([v for v in ours["others"] if v.dtype == "float32"], moving, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)

    for before, after in zip(first, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert int(optimizer.iterations) == 0
    assert all(not np.any(variable.numpy()) for metric in metrics for variable in metric.variables)


def test_values_move_on_as_variables_do(backend: str) -> None:
    """The stateless forms of metrics and optimizers are the usual ones, with the state outside."""
    y_pred = layerlab.ops.convert_to_tensor(np.eye(3, dtype="float32")[[0, 1, 1]])
    metric, other = (layerlab.metrics.SparseCategoricalAccuracy() for _ in range(2))
    values = metric.stateless_reset_state()
    for _ in range(2):
        values = metric.stateless_update_state(values, [0, 1, 2], y_pred, sample_weight=[1.0, 2.0, 3.0])
        other.update_state([0, 1, 2], y_pred, sample_weight=[1.0, 2.0, 3.0])
    for mine, variable in zip(values, other.variables, strict=True):
        np.testing.assert_allclose(layerlab.ops.convert_to_numpy(mine), variable.numpy())
    assert float(metric.stateless_result(values)) == pytest.approx(0.5)
    assert float(metric.result()) == 0.0

    start, gradient = np.array([1.0, -2.0], "float32"), np.array([0.5, 0.25], "float32")
    moved, kept = (layerlab.Variable(start, name="w") for _ in range(2))
    usual, stateless = (layerlab.optimizers.Adam(0.1) for _ in range(2))
    usual.build([moved])
    stateless.build([kept])
    weights, slots = [kept.value], [variable.value for variable in stateless.variables]
    for _ in range(3):
        usual.apply([gradient], [moved])
        weights, slots = stateless.stateless_apply(slots, [gradient], weights)
    np.testing.assert_allclose(layerlab.ops.convert_to_numpy(weights[0]), moved.numpy(), rtol=1e-6)
    for mine, variable in zip(slots, usual.variables, strict=True):
        np.testing.assert_allclose(layerlab.ops.convert_to_numpy(mine), variable.numpy(), rtol=1e-6)
    np.testing.assert_array_equal(kept.numpy(), start)


@pytest.mark.parametrize("library", [oracle, layerlab], ids=["keras", "layerlab"])
def test_the_wrong_number_of_values_is_refused_as_in_keras(library: Any) -> None:
    metric = library.metrics.Mean()
    for call in (
        lambda: metric.stateless_update_state([], [1.0]),
        lambda: metric.stateless_result([np.zeros(())]),
    ):
        with pytest.raises(ValueError, match="2"):
            call()

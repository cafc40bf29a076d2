"""Random numbers that are drawn without a seed, or from a generator of nobody's, anywhere in a step."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

import layerlab as keras
from layerlab import ops
from layerlab.core.seed import process_randomness, set_process_randomness

pytestmark = pytest.mark.slow  # the whole file, so that `make test-fast` keeps its two minutes

X = np.ones((32, 3), "float32")
Y = np.zeros((32, 2), "float32")
WAYS = ({}, {"run_eagerly": True})


class Sampling(keras.layers.Layer):
    """As in the guides on variational autoencoders, without a seed generator."""

    def call(self, inputs: Any) -> Any:
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean))
        return mean + ops.exp(0.5 * log_variance) * noise


def autoencoder() -> Any:
    inputs = keras.Input((3,))
    mean, spread = (keras.layers.Dense(2, kernel_initializer="zeros")(inputs) for _ in range(2))
    return keras.Model(inputs, Sampling()([mean, spread]))


def trained(model: Any, **compiled: Any) -> list[float]:
    model.compile("sgd", "mse", **compiled)
    return model.fit(X, Y, batch_size=8, epochs=3, verbose=0, shuffle=False).history["loss"]


def test_a_layer_may_draw_without_a_seed(backend: Any) -> None:
    runs = []
    for seed in (3, 3, 4):
        keras.utils.set_random_seed(seed)
        runs.append(trained(autoencoder()))
    np.testing.assert_array_equal(runs[0], runs[1])
    assert len({*runs[0], *runs[2]}) == 6  # no number was drawn twice


def test_the_numbers_do_not_depend_on_how_the_steps_are_run(backend: Any) -> None:
    runs = []
    for way in WAYS:
        keras.utils.set_random_seed(3)
        runs.append(trained(autoencoder(), **way))
    np.testing.assert_allclose(*runs, rtol=1e-4)


def test_a_model_that_was_used_begins_anew_with_the_process_seed(backend: Any) -> None:
    """The program that was compiled goes on; what it draws follows from the seed all the same."""
    model = autoencoder()
    model.compile("sgd", "mse")
    drawn = []
    for seed in (5, 5, 6):
        keras.utils.set_random_seed(seed)
        drawn.append([model.predict(X, verbose=0), model.predict_on_batch(X), model.predict(X, verbose=0)])
    np.testing.assert_array_equal(drawn[0], drawn[1])
    numbers = np.stack([*drawn[0], *drawn[2]])[:, 0, 0]
    assert len(set(numbers.tolist())) == 6


def test_numbers_are_drawn_on_where_a_step_left_off(backend: Any) -> None:
    """A draw outside, one in a step, and one outside again: three draws of one stream."""
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Lambda(lambda x: x + keras.random.normal((1, 3)))]
    )
    keras.utils.set_random_seed(8)
    expected = [ops.convert_to_numpy(keras.random.normal((1, 3))) for _ in range(3)]
    keras.utils.set_random_seed(8)
    first = ops.convert_to_numpy(keras.random.normal((1, 3)))
    second = model.predict(np.zeros((1, 3)), verbose=0)
    third = ops.convert_to_numpy(keras.random.normal((1, 3)))
    np.testing.assert_allclose([first, second, third], expected, rtol=1e-6)


def test_loss_metric_and_a_generator_of_nobody_may_draw(backend: Any) -> None:
    generator = keras.random.SeedGenerator(9)

    def noisy_loss(y: Any, p: Any) -> Any:
        return 0.0 * ops.mean(p) + ops.mean(keras.random.uniform((4,)))

    def noise(y: Any, p: Any) -> Any:
        return 0.0 * ops.mean(p) + keras.random.uniform((), seed=generator)

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("sgd", noisy_loss, metrics=[noise])
    seen = model.fit(X, Y, batch_size=16, epochs=3, verbose=0).history
    assert len({*seen["loss"], *seen["noise"]}) == 6
    assert generator.state.numpy().tolist() == [9, 6]  # two batches in each of three epochs


class NoisySteps(keras.Model):
    """A step over values, as for Keras on JAX, whose layer draws without a seed."""

    def train_step(self, state: Any, data: Any) -> Any:
        trainable, non_trainable, optimizer, metrics = state
        x, y = data

        def objective(values: Any) -> Any:
            y_pred, others = self.stateless_call(values, non_trainable, x, training=True)
            return ops.mean((y - y_pred) ** 2), others

        (loss, non_trainable), grads = jax.value_and_grad(objective, has_aux=True)(trainable)
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, grads, trainable)
        return {"loss": loss}, (trainable, non_trainable, optimizer, metrics)


@pytest.mark.parametrize("backend", ["jax"], indirect=True)
def test_a_step_over_values_draws_new_numbers_each_time(backend: Any) -> None:
    inputs = keras.Input((3,))
    outputs = keras.layers.Dense(2, kernel_initializer="zeros")(inputs)
    model = NoisySteps(inputs, Sampling()([outputs, outputs]))
    model.compile(keras.optimizers.SGD(0.0))
    losses = [float(model.train_on_batch(X, Y)) for _ in range(3)]
    assert len(set(losses)) == 3


def test_a_resumed_process_draws_what_it_would_have_drawn(backend: Any) -> None:
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Lambda(lambda x: x + keras.random.normal((1, 3)))]
    )
    keras.utils.set_random_seed(2)
    model.predict(X[:1], verbose=0)
    state = process_randomness()
    expected = model.predict(X[:1], verbose=0)
    keras.utils.set_random_seed(7)
    set_process_randomness(state)
    np.testing.assert_array_equal(model.predict(X[:1], verbose=0), expected)

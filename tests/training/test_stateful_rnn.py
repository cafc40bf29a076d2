"""Recurrent layers that carry their states from batch to batch: fit, evaluate, predict, one-batch methods.

A SimpleRNN of one unit without activation, with weights of 1, adds up what it is given: its states and its
outputs can be written down.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers
from layerlab.errors import DataError
from tests.helpers import tolerance

pytestmark = pytest.mark.slow  # the whole file, so that `make test-fast` keeps its two minutes

STEPS, BATCH = 5, 4


def summing(**kwargs: Any) -> Any:
    return layers.SimpleRNN(
        1, None, False, kernel_initializer="ones", recurrent_initializer="ones", stateful=True, **kwargs
    )


def sequential(*stack: Any) -> Any:
    return keras.Sequential([keras.Input(batch_shape=(BATCH, STEPS, 1)), *(stack or (summing(),))])


def functional(*stack: Any) -> Any:
    inputs = keras.Input(batch_shape=(BATCH, STEPS, 1))
    return keras.Model(inputs, summing()(inputs))


class Subclass(keras.Model):
    def __init__(self):
        super().__init__()
        self.rnn = summing()

    def call(self, inputs):
        return self.rnn(inputs)


def data(batches: int = 2, outputs: int = 1) -> tuple[np.ndarray, np.ndarray]:
    samples = batches * BATCH
    return np.ones((samples, STEPS, 1), "float32"), np.zeros((samples, outputs), "float32")


def compiled(model: Any, rate: float = 0.0, **kwargs: Any) -> Any:
    model.compile(keras.optimizers.SGD(rate), "mse", **kwargs)
    return model


def states(model: Any) -> list[Any]:
    return [variable.numpy().tolist() for variable in model.state_updates]


@pytest.mark.parametrize("make", [sequential, functional, Subclass])
def test_states_are_carried_through_fit_and_evaluate(backend: str, make: Any) -> None:
    model, (x, y) = compiled(make()), data()
    history = model.fit(x, y, batch_size=BATCH, epochs=2, shuffle=False, verbose=0).history
    # The outputs of the four batches are 5, 10, 15 and 20.
    np.testing.assert_allclose(history["loss"], [(25 + 100) / 2, (225 + 400) / 2], **tolerance())
    assert states(model) == [[[20.0]] * BATCH]
    assert model.evaluate(x, y, batch_size=BATCH, verbose=0) == (25**2 + 30**2) / 2
    model.reset_states()
    assert model.evaluate(x, y, batch_size=BATCH, verbose=0) == (25 + 100) / 2


@pytest.mark.parametrize("options", [{}, {"run_eagerly": True}, {"steps_per_execution": 4}])
def test_training_is_that_of_numpy_over_many_batches(backend: str, options: Any) -> None:
    x = np.random.default_rng(3).normal(size=(9 * BATCH, STEPS, 1)).astype("float32")
    y = np.random.default_rng(4).normal(size=(9 * BATCH, 1)).astype("float32")
    model = compiled(sequential(), rate=0.01, **options)
    history = model.fit(x, y, epochs=2, shuffle=False, verbose=0).history
    w = r = 1.0
    state, expected = np.zeros(BATCH), []
    for _ in range(2):
        losses = []
        for rows in range(0, len(x), BATCH):
            of_w = of_r = np.zeros(BATCH)  # derivatives end where the batch begins
            for step in range(STEPS):
                now = x[rows : rows + BATCH, step, 0]
                of_w, of_r, state = now + r * of_w, state + r * of_r, w * now + r * state
            wrong = state - y[rows : rows + BATCH, 0]
            losses.append(np.mean(wrong**2))
            w -= 0.01 * np.mean(2 * wrong * of_w)
            r -= 0.01 * np.mean(2 * wrong * of_r)
        expected.append(np.mean(losses))
    np.testing.assert_allclose(history["loss"], expected, **tolerance(scale=10))
    np.testing.assert_allclose(model.state_updates[0].numpy()[:, 0], state, **tolerance(scale=10))
    np.testing.assert_allclose([v.numpy().item() for v in model.weights], [w, r], **tolerance(scale=10))


def test_the_batch_size_that_the_model_states_is_the_default(backend: str) -> None:
    model, (x, y) = compiled(sequential()), data()
    assert model.predict(x[:BATCH], verbose=0).tolist() == [[5.0]] * 4
    assert model.predict(x, verbose=0).tolist() == [[10.0]] * 4 + [[15.0]] * 4
    model.reset_states()
    history = model.fit(x, y, validation_data=(x, y), verbose=0).history
    assert (history["loss"], history["val_loss"]) == ([(25 + 100) / 2], [(225 + 400) / 2])
    assert model.evaluate(x, y, verbose=0) == (25**2 + 30**2) / 2


def test_a_batch_size_that_is_only_stated_is_for_inference_not_for_the_steps_of_fit(backend: str) -> None:
    plain = keras.Sequential([keras.Input(batch_shape=(3, 2)), layers.Lambda(lambda t: t.reshape((3, 2, 1)))])
    assert plain.predict(np.ones((6, 2)), verbose=0).shape == (6, 2, 1)
    dense = keras.Sequential([keras.Input(batch_shape=(3, 2)), layers.Dense(1)])
    compiled(dense).fit(np.ones((6, 2)), np.ones((6, 1)), verbose=0)
    assert int(dense.optimizer.iterations.numpy()) == 1  # six samples are one batch, as in Keras


def test_batches_of_one_call_and_of_a_generator_carry_states(backend: str) -> None:
    model, (x, y) = compiled(sequential()), data()
    seen = [
        model.train_on_batch(x[:BATCH], y[:BATCH]),
        model.test_on_batch(x[:BATCH], y[:BATCH]),
        model.predict_on_batch(x[:BATCH])[0, 0],
    ]
    np.testing.assert_allclose(seen, [25, 100, 15], **tolerance())

    def batches() -> Iterator[Any]:
        while True:
            yield x[:BATCH], y[:BATCH]

    history = model.fit(batches(), steps_per_epoch=2, verbose=0).history
    np.testing.assert_allclose(history["loss"], [(20**2 + 25**2) / 2], **tolerance())
    np.testing.assert_allclose(model.evaluate(batches(), steps=1, verbose=0), 30**2, **tolerance())


def test_both_directions_and_layers_above_each_other_carry_states(backend: str) -> None:
    x, y = data(outputs=2)
    both = compiled(sequential(layers.Bidirectional(summing())))
    assert both.fit(x, y, shuffle=False, verbose=0).history["loss"] == [(25 + 100) / 2]
    assert states(both) == [[[10.0]] * BATCH] * 2
    stacked = compiled(sequential(summing(return_sequences=True), summing()))
    # 1 + ... + 5 in the first batch, and in the second 6 + ... + 10 more.
    loss = stacked.fit(x, y[:, :1], shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(loss, [(15**2 + 55**2) / 2], **tolerance())
    cells = [
        layers.SimpleRNNCell(1, None, False, kernel_initializer="ones", recurrent_initializer="ones")
        for _ in range(2)
    ]
    of_cells = compiled(sequential(layers.RNN(cells, stateful=True)))
    np.testing.assert_allclose(
        of_cells.fit(x, y[:, :1], shuffle=False, verbose=0).history["loss"], loss, **tolerance()
    )


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_batches_in_fit_are_one_long_sequence_to_keras(backend: str, kind: str) -> None:
    import keras as theirs

    x = np.random.default_rng(5).normal(size=(3 * BATCH, STEPS, 2)).astype("float32")
    model = keras.Sequential(
        [keras.Input(batch_shape=(BATCH, STEPS, 2)), getattr(layers, kind)(3, stateful=True)]
    )
    compiled(model).fit(x, np.zeros((3 * BATCH, 3)), shuffle=False, verbose=0)
    whole = np.concatenate(np.split(x, 3), axis=1)
    oracle = getattr(theirs.layers, kind)(3, return_state=True)
    oracle.build(whole.shape)
    oracle.set_weights(model.get_weights())
    expected = oracle(whole)[1:]
    for variable, state in zip(model.state_updates, expected, strict=True):
        np.testing.assert_allclose(variable.numpy(), np.asarray(state), **tolerance())


def test_data_that_do_not_fit_the_states_are_refused_before_anything_moves(backend: str) -> None:
    model, (x, y) = compiled(sequential()), data()
    for given, size in ((x, 8), (x, 2), (x[:6], None), (x[:2], None)):
        with pytest.raises(DataError, match="batch_size=4"):
            model.fit(given, y[: len(given)], batch_size=size, verbose=0)
    assert states(model) == [[[0.0]] * BATCH]


def test_states_that_a_cell_begins_with_are_made_within_a_model(backend: str) -> None:
    class Beginning(layers.Layer):
        state_size = output_size = 1

        def call(self, inputs, states):
            return states[0] + inputs, [states[0] + inputs]

        def get_initial_state(self, batch_size=None):
            return [keras.ops.full((batch_size, 1), 100.0)]

    class Model(keras.Model):
        def __init__(self):
            super().__init__()
            self.rnn = layers.RNN(Beginning(), stateful=True)

        def call(self, inputs):
            return self.rnn(inputs)

    x, _ = data()
    assert Model().predict(x, batch_size=BATCH, verbose=0).tolist() == [[105.0]] * 4 + [[110.0]] * 4

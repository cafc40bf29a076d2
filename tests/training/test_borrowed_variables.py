"""Variables of others that a step reads: each step sees the value that they have then, on every path."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

import layerlab as keras
from layerlab import ops

X = np.zeros((24, 3), "float32")
Y = np.zeros((24, 1), "float32")
WAYS = ({}, {"run_eagerly": True}, {"jit_compile": False}, {"steps_per_execution": 2})


class Anneal(keras.callbacks.Callback):
    """Gives the variable 1, 2, 3 ... before each epoch."""

    def __init__(self, variable: Any) -> None:
        super().__init__()
        self.variable = variable

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.variable.assign(epoch + 1.0)


def linear(*layers: Any, cls: Any = None) -> Any:
    inputs = keras.Input((3,))
    x = keras.layers.Dense(1)(inputs)
    for layer in layers:
        x = layer(x)
    return (cls or keras.Model)(inputs, x)


def losses(model: Any, variable: Any, **compiled: Any) -> list[float]:
    compiled = {"loss": "mse", **compiled}
    model.compile(keras.optimizers.SGD(0.0), **compiled)
    callbacks = [Anneal(variable)]
    return model.fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=callbacks).history["loss"]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_variable_in_a_loss_function_is_followed(backend: Any, way: Any) -> None:
    weight = keras.Variable(0.0)
    assert losses(linear(), weight, loss=lambda y, p: 0.0 * ops.mean(p) + weight, **way) == [1.0, 2.0, 3.0]


class ScaledLoss(keras.losses.Loss):
    """A loss with a variable of its own, which nothing of the model holds."""

    def __init__(self, scale: Any) -> None:
        super().__init__()
        self.scale = scale

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.mean((y_true - y_pred) * 0.0 + self.scale, axis=-1)


class KLAnnealed(keras.Model):
    """As variational autoencoders weigh their second loss."""

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None
    ) -> Any:
        return 0.0 * ops.mean(y_pred) + SHARED["weight"]


SHARED: dict[str, Any] = {}


def penalty(variable: Any) -> Any:
    return lambda kernel: 0.0 * ops.sum(kernel) + variable


PLACES = {
    "loss object": lambda w: (linear(), {"loss": ScaledLoss(w)}),
    "lambda layer": lambda w: (linear(keras.layers.Lambda(lambda x: 0.0 * x + w)), {"loss": "mae"}),
    "graph of our own operations": lambda w: (linear(lambda x: 0.0 * x + w), {"loss": "mae"}),
    "compute_loss": lambda w: (linear(cls=KLAnnealed), {}),
    "regularizer": lambda w: (
        linear(keras.layers.Dense(1, kernel_initializer="zeros", kernel_regularizer=penalty(w))),
        {},
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_variable_is_followed_wherever_a_step_reads_it(backend: Any, place: str) -> None:
    weight = SHARED["weight"] = keras.Variable(0.0)
    model, compiled = PLACES[place](weight)
    assert losses(model, weight, **compiled) == [1.0, 2.0, 3.0]


def test_a_metric_function_sees_it_in_fit_and_evaluate(backend: Any) -> None:
    weight = keras.Variable(0.0)

    def shown(y: Any, p: Any) -> Any:
        return 0.0 * ops.mean(p) + 2.0 * weight

    model = linear()
    model.compile("sgd", "mse", metrics=[shown])
    seen = model.fit(X, Y, epochs=2, verbose=0, validation_data=(X, Y), callbacks=[Anneal(weight)]).history
    assert seen["shown"] == seen["val_shown"] == [2.0, 4.0]
    weight.assign(5.0)
    assert model.evaluate(X, Y, verbose=0)[1] == 10.0
    assert model.test_on_batch(X, Y)[1] == 10.0
    weight.assign(6.0)
    assert model.train_on_batch(X, Y)[1] == 12.0


@pytest.mark.parametrize("rows", [4, 40])
def test_predict_sees_it(backend: Any, rows: int) -> None:
    shift = keras.Variable([1.0])
    model = linear(keras.layers.Lambda(lambda x: 0.0 * x + shift))
    data = np.zeros((rows, 3), "float32")
    for value in (1.0, 2.5):
        shift.assign([value])
        assert model.predict(data, batch_size=4, verbose=0).tolist() == [[value]] * rows
        assert model.predict_on_batch(data).tolist() == [[value]] * rows


def test_steps_that_are_played_on_torch_follow_it(backend: Any) -> None:
    """A graph of layerlab's own parts is recorded after some steps: 3 epochs of 24 steps."""
    shift = keras.Variable(0.0)
    model = linear(lambda x: 0.0 * x + shift)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    data = np.zeros((96, 3), "float32"), np.zeros((96, 1), "float32")
    fitted = model.fit(*data, batch_size=4, epochs=3, verbose=0, callbacks=[Anneal(shift)])
    assert fitted.history["loss"] == [1.0, 4.0, 9.0]


def test_a_callback_between_two_batches_is_heard(backend: Any) -> None:
    weight = keras.Variable(0.0)

    class EachBatch(keras.callbacks.Callback):
        seen: list[float] = []

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            weight.assign(batch + 1.0)

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.seen.append(float(logs["loss"]))

    model = linear()
    model.compile("sgd", lambda y, p: 0.0 * ops.mean(p) + weight)
    watch = EachBatch()
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=[watch])
    assert watch.seen == [1.0, 1.5, 2.0]  # the mean of 1, of 1 and 2, of 1, 2 and 3


def test_what_is_borrowed_stays_as_it_is(backend: Any) -> None:
    """Its memory is not given away with that of the old state: an array that was read stays readable."""
    weight = keras.Variable([1.0, 2.0])
    held = weight.value
    losses_seen = losses(linear(), keras.Variable(0.0), loss=lambda y, p: ops.mean(p) * 0.0 + ops.sum(weight))
    assert losses_seen == [3.0, 3.0, 3.0]
    assert weight.value is held and ops.convert_to_numpy(held).tolist() == [1.0, 2.0]


def test_a_model_in_a_closure_is_followed_too(backend: Any) -> None:
    """A teacher that no attribute holds, retrained in between."""
    teacher = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, use_bias=False)])
    model = linear()
    model.compile("sgd", lambda y, p: 0.0 * ops.mean(p) + ops.mean(teacher(ops.ones((1, 3)))))
    for value in (1.0, 2.0):
        teacher.set_weights([np.full((3, 1), value)])
        assert model.evaluate(X, Y, verbose=0) == 3.0 * value


def test_assigning_to_a_variable_of_others_is_refused_as_before(backend: Any) -> None:
    count = keras.Variable(0.0)

    def counting(y: Any, p: Any) -> Any:
        count.assign_add(1.0)
        return ops.mean(p)

    model = linear()
    model.compile("sgd", counting)
    with pytest.raises(NotImplementedError, match="is assigned in a step, but the model does not track it"):
        model.fit(X, Y, verbose=0)
    assert float(count) == 0.0


@pytest.mark.parametrize("backend", ["jax"], indirect=True)
def test_it_costs_one_more_trace_and_no_more_programs(backend: Any) -> None:
    weight, traced = keras.Variable(1.0), []

    def noted(y: Any, p: Any) -> Any:
        traced.append(isinstance(p, jax.core.Tracer))
        return 0.0 * ops.mean(p) + weight

    model = linear()
    model.compile("sgd", noted)
    model.train_on_batch(X, Y)
    before = len(traced)
    for value in (2.0, 3.0):
        weight.assign(value)
        assert model.train_on_batch(X, Y) == value
    assert len(traced) == before

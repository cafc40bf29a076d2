"""Steps written by users, in each of the forms that are in use."""

import threading

import jax
import numpy as np
import pytest

import layerlab as keras
from layerlab import ops
from layerlab.data.unpack import unpack_x_y_sample_weight

RNG = np.random.default_rng(0)
X = RNG.normal(size=(48, 5)).astype("float32")
Y = (X @ RNG.normal(size=(5, 1)) + 0.1).astype("float32")


def build(cls=keras.Model):
    inputs = keras.Input((5,))
    hidden = keras.layers.Dense(4, activation="tanh", kernel_initializer=keras.initializers.GlorotUniform(1))
    outputs = keras.layers.Dense(1, kernel_initializer=keras.initializers.GlorotUniform(2))
    return cls(inputs, outputs(hidden(inputs)))


def history(model, **compiled):
    model.compile("adam", "mse", metrics=["mae"], **compiled)
    return model.fit(X, Y, batch_size=16, epochs=3, shuffle=False, verbose=0).history


class OverValues(keras.Model):
    """As in Keras' guide for JAX: everything is passed in and out."""

    def loss_and_updates(self, trainable, non_trainable, x, y, training=False):
        y_pred, non_trainable = self.stateless_call(trainable, non_trainable, x, training=training)
        return self.compute_loss(x, y, y_pred), (y_pred, non_trainable)

    def train_step(self, state, data):
        trainable, non_trainable, optimizer, metrics = state
        x, y = data
        gradient = jax.value_and_grad(self.loss_and_updates, has_aux=True)
        (loss, (y_pred, non_trainable)), grads = gradient(trainable, non_trainable, x, y, training=True)
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, grads, trainable)
        logs, metrics = self.updated(metrics, loss, y, y_pred)
        return logs, (trainable, non_trainable, optimizer, metrics)

    def test_step(self, state, data):
        trainable, non_trainable, metrics = state
        x, y = data
        loss, (y_pred, non_trainable) = self.loss_and_updates(trainable, non_trainable, x, y)
        logs, metrics = self.updated(metrics, loss, y, y_pred)
        return logs, (trainable, non_trainable, metrics)

    def predict_step(self, state, data):
        trainable, non_trainable = state
        return self.stateless_call(trainable, non_trainable, unpack_x_y_sample_weight(data)[0])

    def updated(self, values, loss, y, y_pred):
        logs, new = {}, []
        for metric in self.metrics:
            own = values[len(new) : len(new) + len(metric.variables)]
            args = (loss,) if metric.name == "loss" else (y, y_pred)
            own = metric.stateless_update_state(own, *args)
            logs[metric.name] = metric.stateless_result(own)
            new += own
        return logs, new


class WithTape(keras.Model):
    """As in Keras' guide for PyTorch."""

    def train_step(self, data):
        x, y = data
        self.zero_grad()
        y_pred = self(x, training=True)
        loss = self.compute_loss(y=y, y_pred=y_pred)
        loss.backward()
        variables = list(self.trainable_weights)
        self.optimizer.apply([variable.value.grad for variable in variables], variables)  # type: ignore[attr-defined]
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {metric.name: metric.result() for metric in self.metrics}


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax"], indirect=True)
@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_step_over_values_gives_the_numbers_of_the_usual_step(backend, run_eagerly):
    usual, custom = build(), build(OverValues)
    expected = history(usual, run_eagerly=run_eagerly)
    got = history(custom, run_eagerly=run_eagerly)
    assert list(got) == list(expected) == ["loss", "mae"]
    for label, values in expected.items():
        np.testing.assert_allclose(got[label], values, rtol=1e-5)
    scores = [model.evaluate(X, Y, batch_size=16, verbose=0) for model in (custom, usual)]
    np.testing.assert_allclose(*scores, rtol=1e-5)
    np.testing.assert_allclose(custom.predict(X, verbose=0), usual.predict(X, verbose=0), rtol=1e-5)


@pytest.mark.parametrize("backend", ["torch"], indirect=True)
def test_a_step_with_backward_gives_the_numbers_of_the_usual_step(backend):
    usual, custom = build(), build(WithTape)
    expected, got = history(usual), history(custom)
    for label, values in expected.items():
        np.testing.assert_allclose(got[label], values, rtol=1e-5)
    assert all(variable.numpy().dtype == np.float32 for variable in custom.weights)
    custom.fit(X, Y, epochs=2, verbose=0)


class OverVariables(keras.Model):
    """The form that runs everywhere: what the usual step gives, and more."""

    def train_step(self, data):
        logs = super().train_step(data)
        return {**logs, "largest": ops.max(ops.abs(self.trainable_variables[0]))}


def test_keys_that_a_step_adds_reach_history_logs_and_return_dict(backend):
    model = build(OverVariables)
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(set(logs))

    model.compile("sgd", "mse")
    fitted = model.fit(X, Y, epochs=2, verbose=0, callbacks=[Watch()])
    assert set(fitted.history) == {"loss", "largest"} and all(keys == {"loss", "largest"} for keys in seen)
    largest = np.abs(model.trainable_variables[0].numpy()).max()
    assert fitted.history["largest"][-1] == pytest.approx(largest, rel=1e-5)
    assert set(model.train_on_batch(X, Y, return_dict=True)) == {"loss", "largest"}


class WrongState(keras.Model):
    def train_step(self, state, data):
        return {}, state[:2]


def test_a_state_that_does_not_fit_is_refused_and_the_weights_stay(backend):
    model = build(WrongState)
    model.compile("sgd", "mse")
    before = model.get_weights()
    with pytest.raises(ValueError, match="does not fit the model"):
        model.fit(X, Y, verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


class LateVariable(keras.metrics.Metric):
    """Makes its state in the first update, as metrics that depend on the data's shape do."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        if not hasattr(self, "total"):
            self.total = self.add_variable((y_pred.shape[-1],), "zeros", name="total")
        self.total.assign_add(ops.sum(y_pred, axis=0))

    def result(self):
        return ops.sum(self.total) if hasattr(self, "total") else 0.0


class WithLateVariable(keras.Model):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.late = LateVariable(name="late")

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        self.late.update_state(y, y_pred)
        return super().compute_metrics(x, y, y_pred, sample_weight)


def test_a_metric_may_make_its_variables_in_its_first_update(backend):
    model = build(WithLateVariable)
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    got = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert got["late"] == pytest.approx(model.predict(X, verbose=0).sum(), rel=1e-4)


def test_one_model_cannot_be_used_by_two_threads_at_once(backend):
    model = build()
    model.compile("sgd", "mse")
    refused = []

    class Meanwhile(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            def predict():
                try:
                    self.model.predict(X, verbose=0)
                except ValueError as error:
                    refused.append(str(error))

            thread = threading.Thread(target=predict)
            thread.start()
            thread.join()
            self.model.predict(X, verbose=0)  # the same thread may

    model.fit(X, Y, verbose=0, callbacks=[Meanwhile()])
    assert len(refused) == 1 and "fit" in refused[0] and "another thread" in refused[0]
    assert model.predict(X, verbose=0).shape == (48, 1)

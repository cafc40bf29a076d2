"""Models that are nothing but their own steps, as in guides on GANs and autoencoders."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
import torch

import layerlab as keras
from layerlab import ops
from layerlab.core.state import StateScope

pytestmark = pytest.mark.slow  # the whole file, so that `make test-fast` keeps its two minutes

X = np.random.default_rng(0).normal(size=(24, 6)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


def dense(*units: int, shape: tuple[int, ...] | None) -> Any:
    layers = [keras.layers.Dense(n, kernel_initializer=keras.initializers.GlorotUniform(n)) for n in units]
    return keras.Sequential([keras.Input(shape), *layers] if shape else layers)


class GAN(keras.Model):
    """Two networks, two optimizers and two losses; one step over variables for both back ends."""

    def __init__(self, is_known: bool = True, claims_built: bool = False) -> None:
        super().__init__()
        self.discriminator = dense(5, 1, shape=(6,) if is_known else None)
        self.generator = dense(4, 6, shape=(3,) if is_known else None)
        self.seed_generator = keras.random.SeedGenerator(1)
        self.d_loss = keras.metrics.Mean(name="d_loss")
        self.g_loss = keras.metrics.Mean(name="g_loss")
        if claims_built:
            self.built = True

    @property
    def metrics(self) -> list[Any]:
        return [self.d_loss, self.g_loss]

    def compile(self, d_optimizer: Any, g_optimizer: Any, loss_fn: Any, **kwargs: Any) -> None:
        super().compile(**kwargs)
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

    def critique(self, samples: Any, label: float) -> Any:
        return self.loss_fn(label * ops.ones((samples.shape[0], 1)), self.discriminator(samples))

    def latent(self, count: int) -> Any:
        return keras.random.normal((count, 3), seed=self.seed_generator)

    def train_step(self, data: Any) -> Any:
        real = data[0] if isinstance(data, tuple) else data
        z = self.latent(real.shape[0])
        d_loss = self.minimize(
            lambda: self.critique(real, 1.0) + self.critique(self.generator(z), 0.0),
            self.discriminator,
            self.d_optimizer,
        )
        g_loss = self.minimize(
            lambda: self.critique(self.generator(z), 1.0), self.generator, self.g_optimizer
        )
        self.d_loss.update_state(d_loss)
        self.g_loss.update_state(g_loss)
        return {metric.name: metric.result() for metric in self.metrics}

    def minimize(self, objective: Any, network: Any, optimizer: Any) -> Any:
        if keras.config.backend() == "torch":
            self.zero_grad()
            loss = objective()
            loss.backward()
            variables = network.trainable_variables
            gradients = [variable.value.grad for variable in variables]
        else:
            objective()  # builds what is not built
            variables = network.trainable_variables

            def with_values(values: Any) -> Any:
                with StateScope(zip(variables, values, strict=True)):
                    return objective()

            loss, gradients = jax.value_and_grad(with_values)([variable.value for variable in variables])
        optimizer.apply(gradients, variables)
        return loss


def adversaries(**options: Any) -> GAN:
    model = GAN(**options)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.SGD(0.01), loss)
    return model


def endless() -> Any:
    while True:
        yield (X[:8],)


SOURCES = {
    "array": lambda: {"x": X, "batch_size": 8},
    "with labels": lambda: {"x": X, "y": Y, "batch_size": 8},
    "generator": lambda: {"x": endless(), "steps_per_epoch": 3},
    "loader": lambda: {"x": torch.utils.data.DataLoader(list(torch.tensor(X)), batch_size=8)},
}


@pytest.mark.parametrize("source", SOURCES)
def test_two_optimizers_train_two_networks(backend: Any, source: str) -> None:
    model = adversaries()
    before = [network.get_weights() for network in (model.discriminator, model.generator)]
    epochs = []
    callback = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: epochs.append(sorted(logs)))
    fitted = model.fit(**SOURCES[source](), epochs=2, verbose=0, callbacks=[callback])
    assert list(fitted.history) == ["d_loss", "g_loss"] and epochs == [["d_loss", "g_loss"]] * 2
    assert int(model.d_optimizer.iterations) == int(model.g_optimizer.iterations) == 6
    assert model.seed_generator.state.numpy()[1] == 6
    for old, network in zip(before, (model.discriminator, model.generator), strict=True):
        assert all((a != b).any() for a, b in zip(old, network.get_weights(), strict=True))
    assert model.built


def test_networks_that_know_no_shape_are_built_in_the_first_step(backend: Any) -> None:
    """The first step is begun again with their weights: all runs end with the same numbers."""
    known, unknown = adversaries(), adversaries(is_known=False)
    for model in (known, unknown):
        fitted = model.fit(X, batch_size=8, epochs=2, verbose=0, shuffle=False)
    assert int(unknown.d_optimizer.iterations) == 6
    for a, b in zip(known.get_weights(), unknown.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    assert fitted.history["d_loss"][1] == pytest.approx(known.history.history["d_loss"][1], rel=1e-5)


def test_run_eagerly_gives_the_same_numbers(backend: Any) -> None:
    seen = []
    for eager in (False, True):
        model = adversaries()
        model.run_eagerly = eager
        seen.append(model.fit(X[:8], batch_size=4, verbose=0, shuffle=False).history["g_loss"])
    np.testing.assert_allclose(*seen, rtol=1e-5)


def test_predict_and_evaluate_say_that_call_is_missing(backend: Any) -> None:
    model = adversaries()
    model.fit(X, verbose=0)
    for ask in (model.predict, model.predict_on_batch, model.evaluate, model):
        with pytest.raises(NotImplementedError, match="GAN has no forward pass: it does not define `call`"):
            ask(X)


class OverValues(keras.Model):
    """An autoencoder as for Keras on JAX: without call, with a test step and a predict step of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = dense(2, shape=(6,)), dense(6, shape=(2,))

    def decoded(self, values: Any, x: Any) -> Any:
        code, _ = self.encoder.stateless_call(values[:2], [], x)
        return self.decoder.stateless_call(values[2:], [], code)[0]

    def train_step(self, state: Any, data: Any) -> Any:
        trainable, others, optimizer, metrics = state
        error, gradients = jax.value_and_grad(lambda v: ops.mean((self.decoded(v, data) - data) ** 2))(
            trainable
        )
        trainable, optimizer = self.optimizer.stateless_apply(optimizer, gradients, trainable)
        return {"error": error}, (trainable, others, optimizer, metrics)

    def test_step(self, state: Any, data: Any) -> Any:
        return {"error": ops.mean((self.decoded(state[0], data) - data) ** 2)}, state

    def predict_step(self, state: Any, data: Any) -> Any:
        return self.decoded(state[0], data), state[1]


@pytest.mark.parametrize("backend", ["jax"], indirect=True)
def test_steps_over_values_need_no_call(backend: Any) -> None:
    model = OverValues()
    model.compile(keras.optimizers.SGD(0.05))
    encoder, decoder = model.encoder.get_weights(), model.decoder.get_weights()
    fitted = model.fit(X, batch_size=24, epochs=3, verbose=0, validation_data=(X,), shuffle=False)
    first = X @ encoder[0] @ decoder[0]  # by NumPy; all biases are zero
    assert fitted.history["error"][0] == pytest.approx(((first - X) ** 2).mean(), rel=1e-5)
    assert fitted.history["val_error"][:2] == pytest.approx(fitted.history["error"][1:], rel=1e-5)
    expected = model.decoder.predict(model.encoder.predict(X, verbose=0), verbose=0)
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5)


class Shown(keras.Model):
    """Notes what its steps get."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def train_step(self, data: Any) -> Any:
        self.seen.append(keras.tree.map_structure(lambda leaf: tuple(leaf.shape), data))
        return {"n": 0.0}


@pytest.mark.parametrize(
    "given, expected",
    [
        (lambda: {"x": X}, (24, 6)),
        (lambda: {"x": {"a": X}}, {"a": (24, 6)}),
        (lambda: {"x": [X, Y]}, ([(24, 6), (24, 1)],)),
        (lambda: {"x": X, "y": Y}, ((24, 6), (24, 1))),
        (lambda: {"x": iter([(X,)])}, ((24, 6),)),
        (lambda: {"x": iter([(X, (X, Y))])}, ((24, 6), ((24, 6), (24, 1)))),
    ],
    ids=["array", "dict", "list", "labels", "tuple", "nested"],
)
def test_a_step_gets_the_data_as_in_keras(backend: Any, given: Any, expected: Any) -> None:
    """Read off the installed Keras: x alone is no tuple, and what a generator yields stays as it is."""
    model = Shown()
    model.compile("sgd")
    model.fit(**given(), batch_size=24 if "iter" not in str(type(given()["x"])) else None, verbose=0)
    assert model.seen[0] == expected


def test_weights_are_saved_and_loaded(backend: Any, tmp_path: Any) -> None:
    model, other = adversaries(), adversaries(claims_built=True)
    model.fit(X, verbose=0)
    model.save_weights(tmp_path / "gan.weights.h5")
    with pytest.warns(UserWarning, match="Optimizer"):  # which variables it is for shows in the first step
        other.load_weights(tmp_path / "gan.weights.h5")
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_step_that_makes_new_layers_each_time_says_so(backend: Any) -> None:
    class Restless(keras.Model):
        def train_step(self, data: Any) -> Any:
            self.newest = keras.layers.Dense(1)
            return {"loss": ops.mean(self.newest(data))}

    model = Restless()
    model.compile("sgd")
    with pytest.raises(NotImplementedError, match=r"Each train step of .* makes new variables"):
        model.fit(X, verbose=0)

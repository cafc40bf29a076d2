"""Which models' steps may be recorded: those in which nothing of a user's runs."""

from __future__ import annotations

import gc
import warnings
import weakref
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab.backend.active import use
from layerlab.training.stepping.pure_step import can_be_replayed

X, Y = np.ones((64, 3), "float32"), np.zeros((64, 2), "float32")


def doubled(x: Any) -> Any:
    return x * 2


class OwnLayer(keras.layers.Layer):
    calls = 0

    def call(self, x: Any) -> Any:
        OwnLayer.calls += 1
        return x


class OwnModel(keras.Model):
    pass


class OwnRegularizer(keras.regularizers.Regularizer):
    def __call__(self, x: Any) -> Any:
        return keras.ops.sum(x * x)


def model_of(*layers: Any, kind: Any = keras.Model, **compile: Any) -> Any:
    inputs = x = keras.Input((3,))
    for layer in [*layers, keras.layers.Dense(2)]:
        x = layer(x)
    model = kind(inputs, x)
    model.compile(**{"optimizer": "adam", "loss": "mse", **compile})
    model.train_on_batch(X[:2], Y[:2])
    return model


@pytest.mark.parametrize(
    "layers",
    [
        [],
        [keras.layers.Dense(3, "relu", kernel_initializer=lambda shape, dtype: keras.ops.ones(shape, dtype))],
        [keras.layers.BatchNormalization(), keras.layers.Dropout(0.5), keras.layers.Activation("gelu")],
    ],
    ids=["plain", "own initializer, which no step calls", "several"],
)
def test_a_model_of_our_own_parts_repeats(layers: list[Any]) -> None:
    assert can_be_replayed(model_of(*layers, metrics=["mae", keras.metrics.MeanSquaredError()]))


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        lambda: model_of(OwnLayer()),
        lambda: model_of(keras.layers.Lambda(doubled)),
        lambda: model_of(keras.layers.Dense(3, activation=doubled)),
        lambda: model_of(keras.layers.Dense(3, kernel_regularizer=OwnRegularizer())),
        lambda: model_of(keras.Sequential([OwnLayer()])),
        lambda: model_of(kind=OwnModel),
        lambda: model_of(loss=lambda y, p: keras.ops.mean(p)),
        lambda: model_of(metrics=[lambda y, p: keras.ops.mean(p)]),
        lambda: model_of(optimizer=keras.optimizers.SGD(lambda: 0.1)),
    ],
    ids=["layer", "Lambda", "activation", "regularizer", "inside", "model", "loss", "metric", "rate"],
)
def test_a_model_with_something_of_a_users_does_not(make: Any) -> None:
    assert not can_be_replayed(make())


def test_on_torch_a_users_layer_is_run_in_each_step(backend: str) -> None:
    if backend != "torch":
        pytest.skip("JAX traces a step once")
    model = model_of(OwnLayer())
    before = OwnLayer.calls
    model.fit(X, Y, batch_size=2, verbose=0)
    assert OwnLayer.calls - before >= 32


@pytest.mark.slow
def test_a_model_that_was_trained_goes_when_nobody_holds_it(backend: str) -> None:
    model = model_of()
    model.fit(X, Y, batch_size=2, verbose=0)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


@pytest.mark.slow
def test_jit_compile_on_torch_compiles_the_step_and_trains_the_same_model() -> None:
    pytest.importorskip("torch")
    x = np.random.default_rng(0).normal(size=(48, 6)).astype("float32")

    def losses(jit_compile: bool) -> list[float]:
        keras.utils.set_random_seed(0)
        parts = [keras.Input((6,)), keras.layers.Dense(8, "gelu"), keras.layers.Dropout(0.3)]
        model = keras.Sequential([*parts, keras.layers.LayerNormalization(), keras.layers.Dense(1)])
        model.compile("adam", "mse", jit_compile=jit_compile)
        return model.fit(x, x[:, :1], batch_size=16, epochs=3, verbose=0).history["loss"]

    use("torch")
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            compiled = losses(jit_compile=True)
        assert not [str(w.message) for w in told if "torch.compile failed" in str(w.message)]
        np.testing.assert_allclose(compiled, losses(jit_compile=False), rtol=1e-4)
    finally:
        use("jax")

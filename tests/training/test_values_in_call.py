"""Models whose `call` needs values: they are built by running it on the data, where steps are not traced."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from layerlab.errors import ValueNeededError
from tests.helpers import tolerance

X = np.arange(24, dtype="float32").reshape(8, 3) / 10
Y = np.ones((8, 1), "float32")


class Doubled(layers.Layer):
    """The example of a migration guide: code with NumPy within `call`."""

    def call(self, x):
        return ops.convert_to_tensor(np.asarray(x) * 2)


class Subclass(keras.Model):
    def __init__(self):
        super().__init__()
        self.doubled = Doubled()
        self.dense = layers.Dense(1, use_bias=False, kernel_initializer="ones")
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def call(self, x):
        self.calls.assign_add(1.0)
        return self.dense(self.doubled(x))


def sequential() -> Any:
    return keras.Sequential([Doubled(), layers.Dense(1, use_bias=False, kernel_initializer="ones")])


@pytest.mark.parametrize("options", [{"run_eagerly": True}, {"jit_compile": False}])
@pytest.mark.parametrize("make", [sequential, Subclass])
def test_code_with_numpy_trains_evaluates_and_predicts(backend: str, make: Any, options: Any) -> None:
    model = make()
    model.compile(keras.optimizers.SGD(0.01), "mse", **options)
    losses = model.fit(X, Y, batch_size=4, epochs=1, shuffle=False, verbose=0).history["loss"]
    kernel, expected = np.ones((3, 1)), []
    for rows in (slice(0, 4), slice(4, 8)):
        wrong = 2 * X[rows] @ kernel - Y[rows]
        expected.append(np.mean(wrong**2))
        kernel = kernel - 0.01 * 2 * (2 * X[rows]).T @ wrong / 4
    np.testing.assert_allclose(losses, [np.mean(expected)], **tolerance(scale=10))
    np.testing.assert_allclose(model.predict(X, verbose=0), 2 * X @ kernel, **tolerance(scale=10))
    loss = np.mean((2 * X @ kernel - Y) ** 2)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), loss, **tolerance(scale=10))


def test_a_call_on_data_builds_by_running_and_counts_once(backend: str) -> None:
    model = Subclass()
    result = ops.convert_to_numpy(model(X))
    np.testing.assert_allclose(result, 2 * X.sum(1, keepdims=True), **tolerance())
    assert model.built and float(model.calls.numpy()) == 1.0
    assert f"{model.name}/{model.dense.name}/kernel" in [variable.path for variable in model.weights]
    stack = sequential()
    assert tuple(stack(X).shape) == (8, 1) and stack.built
    assert tuple(stack(X[:2]).shape) == (2, 1)


@pytest.mark.parametrize("backend", ["jax"], indirect=True)
def test_a_compiled_step_says_that_it_cannot_have_values(backend: str) -> None:
    model = sequential()
    model.compile("sgd", "mse")
    with pytest.raises(ValueNeededError, match="run_eagerly=True"):
        model.fit(X, Y, verbose=0)
    assert not model.built and [layer.name for layer in model.layers] == [x.name for x in model._inner_layers]


def test_a_call_that_takes_only_the_batch_size_of_the_data_is_built_on_that(backend: str) -> None:
    class Fixed(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            assert x.shape[0] == 4, "the batches are of 4"
            return self.dense(ops.reshape(x, (4, 3)))

    model = Fixed()
    model.compile("sgd", "mse")
    assert len(model.fit(X, Y, batch_size=4, epochs=2, verbose=0).history["loss"]) == 2
    assert model.predict(X, batch_size=4, verbose=0).shape == (8, 1)


def test_a_mistake_in_call_is_told_as_it_was(backend: str) -> None:
    class Wrong(keras.Model):
        def call(self, x):
            raise KeyError("the reader's own")

    model = Wrong()
    model.compile("sgd", "mse", run_eagerly=True)
    for use in (model, lambda x: model.fit(x, Y, verbose=0)):
        with pytest.raises(KeyError, match="the reader's own"):
            use(X)
    assert not model.built

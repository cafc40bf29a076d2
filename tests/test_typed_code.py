"""Code as typed users write it: `make check` holds it against our types without the leniency of other tests.

Here it runs; that mypy accepts it is the other half of each test.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_type

import numpy as np

import layerlab as keras
from layerlab import ops
from layerlab.typing import Array, DTypeLike, InitializerLike


class Scale(keras.layers.Layer):
    """A layer with a typed call and build."""

    def __init__(self, start: InitializerLike = "ones", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.factor = self.add_weight(shape=input_shape[-1:], initializer=self.start, name="factor")

    def call(self, inputs: Array, shift: float = 0.0) -> Array:
        return inputs * self.factor + shift


class Pair(keras.layers.Layer):
    """A layer of two inputs."""

    def build(self, left_shape: tuple[int | None, ...], right_shape: tuple[int | None, ...]) -> None:
        self.sizes = (left_shape[-1], right_shape[-1])

    def call(self, left: Array, right: Array) -> Array:
        return ops.concatenate([left, right])


class Net(keras.Model):
    """A model whose call has arguments of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = Scale()

    def call(self, x: Array, times: int = 1) -> Array:
        for _ in range(times):
            x = self.scale(x)
        return x


class Stop(keras.callbacks.Callback):
    """A callback that reads logs and stops."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.last = (logs or {})["loss"]
        self.model.stop_training = True


class Halves(keras.initializers.Initializer):
    """An initializer of a user's."""

    def __call__(self, shape: Sequence[int], dtype: DTypeLike = None) -> Array:
        return ops.full(shape, 0.5, dtype)


def distance(y_true: Array, y_pred: Array) -> Array:
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


def l3(x: Array) -> Array:
    return ops.sum(ops.abs(x) ** 3)


def test_symbolic_tensors_and_variables_compute_like_arrays() -> None:
    x = keras.Input((4,))
    y = 2 * x[:, :2] + 1
    z = x.reshape((-1, 2, 2)) @ np.eye(2, dtype="float32")
    assert len(y.shape) == 2 and len(z.shape) == 3
    v = keras.Variable([1.0, 2.0])
    assert float(ops.sum(v * 2 - 1)) == 4.0
    assert len(v) == 2 and bool(ops.all(v > 0))


def test_ops_take_what_becomes_an_array() -> None:
    for given in ([1, 2], (1.0, 2.0), np.ones(2), keras.Variable([1.0, 2.0]), 3):
        assert len(ops.add(given, 1).shape) <= 1
    for dtype in ("float16", np.float32, np.dtype("int32"), int, ops.zeros(1).dtype):
        assert ops.cast([1, 2], dtype).shape == (2,)


def test_parts_are_names_configs_or_callables() -> None:
    layers = [
        keras.layers.Dense(2, "relu", kernel_initializer=Halves(), kernel_regularizer=l3),
        keras.layers.Dense(2, ops.tanh, activity_regularizer="l2", dtype="bfloat16"),
        keras.layers.Dense(2, kernel_initializer=lambda shape, dtype: np.zeros(shape, dtype)),
        Scale(Halves(), name="scale"),
    ]
    x = np.ones((3, 4), "float32")
    assert [tuple(layer(x).shape) for layer in layers] == [(3, 2)] * 3 + [(3, 4)]


def test_layers_have_inputs_of_their_own() -> None:
    layer = Pair()
    assert tuple(layer(np.ones((1, 2)), np.ones((1, 3))[:, :2]).shape) == (2, 2)
    assert layer.sizes == (2, 2)


def test_models_and_callbacks_of_their_own() -> None:
    net, stop = Net(), Stop()
    net.compile("sgd", distance)
    net.fit(np.ones((2, 3), "float32"), np.ones((2, 3), "float32"), epochs=3, verbose=0, callbacks=[stop])
    assert stop.last == 0.0
    assert [weight.name for weight in net.weights] == ["factor"]


def test_what_is_made_is_of_its_class() -> None:
    assert_type(keras.initializers.Ones(), keras.initializers.Ones)
    assert_type(keras.layers.Dense(1), keras.layers.Dense)
    assert_type(keras.losses.MeanSquaredError(), keras.losses.MeanSquaredError)
    assert_type(keras.optimizers.Adam(), keras.optimizers.Adam)
    assert_type(keras.Input((2,)), keras.KerasTensor)
    assert_type(ops.relu([1.0]), Array)


def test_losses_metrics_and_optimizers() -> None:
    assert float(keras.losses.Huber(dtype="float32")([[1.0]], [[1.5]])) == 0.125
    metric = keras.metrics.MeanMetricWrapper(distance)
    metric.update_state(np.zeros((2, 1)), [[1.0], [3.0]], sample_weight=[1, 0])
    assert float(metric.result()) == 1.0
    rates: list[keras.optimizers.Optimizer] = [
        keras.optimizers.SGD(0.1),
        keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 10)),
        keras.optimizers.SGD(lambda: 0.1),
    ]
    assert [round(float(rate.learning_rate), 3) for rate in rates] == [0.1] * 3

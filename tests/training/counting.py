"""A model whose weight tells how many steps it was trained."""

from __future__ import annotations

from typing import Any

import numpy as np

import layerlab as keras
from layerlab import ops

__all__ = ["Counting", "data", "steps_in"]


class _Weight(keras.layers.Layer):
    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight(shape=(), initializer="zeros", name="w")
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False, name="calls")

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training:
            self.calls.assign_add(1.0)
        return inputs * self.w


def Counting(**arguments: Any) -> Any:
    """The loss is the weight, its gradient 1, the learning rate 1: the weight is -n after n steps."""
    inputs = keras.Input((1,))
    model = keras.Model(inputs, _Weight(name="weight")(inputs))
    model.compile(keras.optimizers.SGD(1.0), **{"loss": _mean, "metrics": [_mean], **arguments})
    return model


def _mean(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(y_pred, axis=-1)


def data(samples: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Ones, for batches of any size."""
    return np.ones((samples, 1), "float32"), np.ones((samples, 1), "float32")


def steps_in(model: Any) -> int:
    """How many steps the weight, the other variable and the optimizer agree on."""
    weight, calls = (float(variable.numpy()) for variable in model.get_layer("weight").weights)
    iterations = int(model.optimizer.iterations)
    assert (weight, calls) == (-iterations, iterations)
    return iterations

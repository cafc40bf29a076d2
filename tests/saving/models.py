"""The same models by Keras and by layerlab, one for each way of making one."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["MODELS", "data"]


def functional(library: Any) -> Any:
    inputs = library.Input((3,))
    hidden = library.layers.Dense(4, activation="relu")(inputs)
    hidden = library.layers.BatchNormalization()(hidden)
    other = library.layers.Dense(4)(inputs)
    return library.Model(inputs, library.layers.Dense(1)(library.layers.Add()([hidden, other])))


def sequential(library: Any) -> Any:
    layers = library.layers
    return library.Sequential([library.Input((3,)), layers.Dense(4), layers.Dropout(0.1), layers.Dense(1)])


def nested(library: Any) -> Any:
    inner = library.Sequential([library.Input((3,)), library.layers.Dense(3)])
    inputs = library.Input((3,))
    return library.Model(inputs, library.layers.Dense(1)(inner(inner(inputs))))


def subclassed(library: Any) -> Any:
    class Block(library.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.norm = library.layers.BatchNormalization()
            self.dense = library.layers.Dense(3)

        def build(self, input_shape: Any) -> None:
            self.scale = self.add_weight(shape=(3,), initializer="ones", name="scale")
            self.norm.build(input_shape)
            self.dense.build(input_shape)
            self.built = True

        def call(self, inputs: Any) -> Any:
            return self.dense(self.norm(inputs)) * self.scale

    class Stack(library.Model):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = [Block(), Block()]
            self.head = {"first": library.layers.Dense(2), "last": [library.layers.Dense(1)]}

        def call(self, inputs: Any) -> Any:
            for block in self.blocks:
                inputs = block(inputs)
            return self.head["last"][0](self.head["first"](inputs))

    model = Stack()
    model(np.zeros((1, 3), "float32"))
    return model


def recurrent(library: Any) -> Any:
    inputs = library.Input((4,), dtype="int32")
    hidden = library.layers.LSTM(3)(library.layers.Embedding(5, 2)(inputs))
    return library.Model(inputs, library.layers.Dense(1)(hidden))


MODELS = {make.__name__: make for make in (functional, sequential, nested, subclassed, recurrent)}


def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets for the model of this name."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 5, (8, 4)) if name == "recurrent" else rng.normal(size=(8, 3)).astype("float32")
    return x, rng.normal(size=(8, 1)).astype("float32")

"""The models and data of the benchmarks, written once for layerlab and Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["BATCH", "CASES", "Case"]

BATCH = 32


@dataclass(frozen=True)
class Case:
    """A model that classifies 10 classes, and how many samples of which shape it gets."""

    build: Callable[[Any], Any]
    shape: tuple[int, ...]
    samples: int

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return self.samples // BATCH

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Random inputs and class numbers, the same each time."""
        random = np.random.default_rng(0)
        x = random.normal(size=(self.samples, *self.shape)).astype("float32")
        return x, random.integers(0, 10, self.samples).astype("int32")

    def compiled(self, library: Any) -> Any:
        """The model of a library, compiled with Adam."""
        model = self.build(library)
        loss = library.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer="adam", loss=loss)
        return model


def mlp(library: Any) -> Any:
    layers = library.layers
    return library.Sequential(
        [
            library.Input((784,)),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(10),
        ]
    )


def cnn(library: Any) -> Any:
    layers = library.layers
    return library.Sequential(
        [
            library.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def lstm(library: Any) -> Any:
    layers = library.layers
    return library.Sequential([library.Input((100, 16)), layers.LSTM(64), layers.Dense(10)])


def transformer(library: Any) -> Any:
    layers = library.layers
    inputs = x = library.Input((64, 64))
    for _ in range(2):
        attended = layers.MultiHeadAttention(num_heads=4, key_dim=16)(x, x)
        x = layers.LayerNormalization()(layers.add([x, attended]))
        hidden = layers.Dense(64)(layers.Dense(256, activation="gelu")(x))
        x = layers.LayerNormalization()(layers.add([x, hidden]))
    return library.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling1D()(x)))


CASES = {
    "MLP 784-128-10": Case(mlp, (784,), 32_000),
    "CNN 28x28": Case(cnn, (28, 28, 1), 3_200),
    "LSTM 64, length 100": Case(lstm, (100, 16), 1_600),
    "transformer, 2 blocks": Case(transformer, (64, 64), 640),
}

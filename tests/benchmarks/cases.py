"""The models and data of the benchmarks, written once for layerlab and Keras.

Layers have names, so that a variable has the same path everywhere; loops by hand find their weights by it.
Imports no library that is measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

__all__ = ["BATCH", "CASES", "CLASSES", "Case", "HEADS", "STAGES", "resnet50"]

BATCH, CLASSES = 32, 10
HEADS = 4
STAGES = (32, 64, 128, 256)  # channels of the small ResNet: half of ResNet-18's, or a run would take minutes
_WORDS = 100_000


@dataclass(frozen=True)
class Case:
    """A classifier of `CLASSES` classes, and how much data of which shape it gets.

    Args:
        build: takes the library (layerlab or Keras), and the rate of dropout if there is any.
        shape: of one sample.
        steps: batches in an epoch.
        words: inputs are whole numbers below it; None: they are normally distributed.
        dropout: its rate; masks differ from library to library, so that losses are compared without it.
        compared_steps: after how many it is checked that all train the same model.
    """

    title: str
    build: Callable[..., Any]
    shape: tuple[int, ...]
    steps: int
    words: int | None = None
    dropout: float = 0.0
    compared_steps: int = 8

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """Inputs and class numbers for an epoch, the same each time."""
        random = np.random.default_rng(0)
        shape = (self.steps * BATCH, *self.shape)
        if self.words is None:
            x = random.normal(size=shape).astype("float32")
        else:
            x = random.integers(0, self.words, shape).astype("int32")
        return x, random.integers(0, CLASSES, len(x)).astype("int32")

    def without_dropout(self) -> Case:
        """The same case with nothing random in its steps."""
        return replace(self, dropout=0.0)

    def compiled(self, library: Any) -> Any:
        """The model of a library, ready for fit."""
        model = self.build(library, self.dropout) if self.dropout else self.build(library)
        loss = library.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
        return model


def _mlp(library: Any, dropout: float = 0.0) -> Any:
    layers = library.layers
    return library.Sequential(
        [
            library.Input((784,)),
            layers.Dense(128, activation="relu", name="hidden"),
            layers.Dropout(dropout),
            layers.Dense(CLASSES, name="logits"),
        ]
    )


def _cnn(library: Any) -> Any:
    layers = library.layers
    return library.Sequential(
        [
            library.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu", name="conv_1"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu", name="conv_2"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(CLASSES, name="logits"),
        ]
    )


def _resnet(library: Any) -> Any:
    layers = library.layers

    def conv(x: Any, channels: int, size: int, strides: int, name: str) -> Any:
        x = layers.Conv2D(channels, size, strides, padding="same", use_bias=False, name=f"{name}_conv")(x)
        return layers.BatchNormalization(name=f"{name}_norm")(x)

    inputs = library.Input((32, 32, 3))
    x = layers.ReLU()(conv(inputs, STAGES[0], 3, 1, "stem"))
    for stage, channels in enumerate(STAGES):
        for block in range(2):
            name, strides = f"{stage}{block}", 2 if stage and not block else 1
            y = layers.ReLU()(conv(x, channels, 3, strides, f"{name}a"))
            y = conv(y, channels, 3, 1, f"{name}b")
            x = x if strides == 1 else conv(x, channels, 1, strides, f"{name}c")
            x = layers.ReLU()(layers.add([x, y]))
    x = layers.GlobalAveragePooling2D()(x)
    return library.Model(inputs, layers.Dense(CLASSES, name="logits")(x))


def _lstm(library: Any) -> Any:
    layers = library.layers
    return library.Sequential(
        [library.Input((100, 16)), layers.LSTM(64, name="lstm"), layers.Dense(CLASSES, name="logits")]
    )


def _transformer(library: Any) -> Any:
    layers = library.layers
    inputs = x = library.Input((64, 64))
    for block in "01":
        attend = layers.MultiHeadAttention(num_heads=HEADS, key_dim=16, name=f"attention_{block}")
        x = layers.LayerNormalization(name=f"norm_a{block}")(layers.add([x, attend(x, x)]))
        hidden = layers.Dense(256, activation="gelu", name=f"wide_{block}")(x)
        hidden = layers.Dense(64, name=f"narrow_{block}")(hidden)
        x = layers.LayerNormalization(name=f"norm_b{block}")(layers.add([x, hidden]))
    x = layers.GlobalAveragePooling1D()(x)
    return library.Model(inputs, layers.Dense(CLASSES, name="logits")(x))


def _bag(library: Any) -> Any:
    layers = library.layers
    return library.Sequential(
        [
            library.Input((20,), dtype="int32"),
            layers.Embedding(_WORDS, 64, name="words"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(CLASSES, name="logits"),
        ]
    )


def resnet50(library: Any) -> Any:
    """ResNet50 for 64x64 images, from layers. Source: He et al. 2015, arXiv:1512.03385, table 1."""
    layers = library.layers

    def conv(x: Any, channels: int, size: int, strides: int = 1) -> Any:
        x = layers.Conv2D(channels, size, strides, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    inputs = library.Input((64, 64, 3))
    x = layers.ReLU()(conv(inputs, 64, 7, 2))
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    for stage, blocks in enumerate((3, 4, 6, 3)):
        channels = 64 * 2**stage
        for block in range(blocks):
            strides = 2 if stage and not block else 1
            y = layers.ReLU()(conv(x, channels, 1, strides))
            y = layers.ReLU()(conv(y, channels, 3))
            y = conv(y, 4 * channels, 1)
            x = x if block else conv(x, 4 * channels, 1, strides)
            x = layers.ReLU()(layers.add([x, y]))
    return library.Model(inputs, layers.Dense(CLASSES)(layers.GlobalAveragePooling2D()(x)))


CASES = {
    "mlp": Case("MLP 784-128-10, dropout", _mlp, (784,), 1000, dropout=0.2),
    "cnn": Case("CNN 28x28, 2 convolutions", _cnn, (28, 28, 1), 200),
    "resnet": Case("ResNet-18, half width, 32x32", _resnet, (32, 32, 3), 20, compared_steps=2),
    "lstm": Case("LSTM 64, length 100", _lstm, (100, 16), 100),
    "transformer": Case("transformer, 2 blocks", _transformer, (64, 64), 100),
    "bag": Case("embedding bag, 100,000 x 64", _bag, (20,), 100, words=_WORDS),
}

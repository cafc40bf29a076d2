"""Small models and data that several tests of training share."""

from __future__ import annotations

from typing import Any

import numpy as np

import layerlab as keras

__all__ = [
    "classes",
    "classifier",
    "cnn",
    "compiled_classifier",
    "images",
    "regression",
    "same_state",
    "state_of",
]


def classes(samples: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """(samples, 4) inputs with class numbers 0..2."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(samples, 4)).astype("float32"), rng.integers(0, 3, samples)


def regression(samples: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """(samples, 4) inputs with (samples, 1) targets."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(samples, 4)).astype("float32")
    return x, (x.sum(axis=1, keepdims=True) + 0.1 * rng.normal(size=(samples, 1))).astype("float32")


def images(samples: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """(samples, 6, 6, 1) inputs with class numbers 0..2."""
    rng = np.random.default_rng(2)
    return rng.normal(size=(samples, 6, 6, 1)).astype("float32"), rng.integers(0, 3, samples)


def classifier(library: Any = keras) -> Any:
    """4 -> 5 -> 3, with softmax; by `library`, which may be Keras."""
    layers = library.layers
    inputs = library.Input((4,))
    hidden = layers.Dense(5, activation="relu")(inputs)
    return library.Model(inputs, layers.Dense(3, activation="softmax", name="scores")(hidden))


def compiled_classifier(**arguments: Any) -> Any:
    """The classifier, compiled with SGD with momentum unless told otherwise."""
    model = classifier()
    given = {
        "optimizer": keras.optimizers.SGD(0.1, momentum=0.9),
        "loss": "sparse_categorical_crossentropy",
        "metrics": ["accuracy"],
        **arguments,
    }
    model.compile(**given)
    return model


def cnn(library: Any = keras) -> Any:
    """A convolution with batch normalization, for (6, 6, 1)."""
    layers = library.layers
    return library.Sequential(
        [
            library.Input((6, 6, 1)),
            layers.Conv2D(3, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3),
        ]
    )


def state_of(model: Any) -> list[np.ndarray]:
    """Values of all weights and seeds, of the optimizer and of the metrics."""
    optimizer = model.optimizer.variables if model.optimizer is not None else []
    metrics = [variable for metric in model.metrics for variable in metric.variables]
    return [variable.numpy() for variable in [*model.variables, *optimizer, *metrics]]


def same_state(before: list[np.ndarray], after: list[np.ndarray]) -> bool:
    """Bit for bit."""
    return len(before) == len(after) and all(
        np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in zip(before, after, strict=True)
    )

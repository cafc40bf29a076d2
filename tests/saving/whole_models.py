"""Compiled models by Keras and by layerlab alike, with data for them: what a `.keras` file has to carry."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["WHOLE", "custom_objects", "make"]

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 3)).astype("float32")
SEQUENCE = RNG.normal(size=(16, 5, 3)).astype("float32")
TOKENS = RNG.integers(0, 7, (16, 5))
Y = RNG.normal(size=(16, 1)).astype("float32")


def custom_objects(library: Any) -> dict[str, Any]:
    """Classes of a user's own, over this library."""

    class Scale(library.layers.Layer):
        def __init__(self, start: float = 1.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.start = start

        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight(
                shape=(input_shape[-1],), initializer=library.initializers.Constant(self.start)
            )

        def call(self, inputs: Any) -> Any:
            return inputs * self.factor

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "start": self.start}

    class Blocks(library.Model):
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.blocks = [library.layers.Dense(units, activation="tanh"), Scale(2.0)]
            self.norm = library.layers.BatchNormalization()
            self.head = library.layers.Dense(1)

        def call(self, inputs: Any, training: bool = False) -> Any:
            for block in self.blocks:
                inputs = block(inputs)
            return self.head(self.norm(inputs, training=training))

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    def squared(y_true: Any, y_pred: Any) -> Any:
        return library.ops.mean(library.ops.square(y_true - y_pred), axis=-1)

    return {"Scale": Scale, "Blocks": Blocks, "squared": squared}


def functional(library: Any) -> tuple[Any, Any, Any]:
    layers = library.layers
    first, second = library.Input((3,), name="first"), library.Input((3,), name="second")
    shared = layers.Dense(4, activation="relu")
    hidden = layers.Concatenate()([shared(first), shared(second)])
    hidden = layers.BatchNormalization()(hidden)
    hidden = hidden * 2.0 + library.ops.tanh(hidden)
    outputs = {"left": layers.Dense(1, name="left")(hidden), "right": layers.Dense(1, name="right")(hidden)}
    model = library.Model({"first": first, "second": second}, outputs)
    model.compile(
        library.optimizers.Adam(0.01),
        loss={"left": "mse", "right": library.losses.Huber()},
        loss_weights={"left": 0.5, "right": 2.0},
        metrics={"left": ["mae"]},
    )
    return model, {"first": X, "second": X[::-1].copy()}, {"left": Y, "right": -Y}


def sequential(library: Any) -> tuple[Any, Any, Any]:
    layers = library.layers
    model = library.Sequential([library.Input((3,)), layers.Dense(4, "gelu"), layers.Dense(1)], name="plain")
    model.compile(library.optimizers.SGD(0.01, momentum=0.9, nesterov=True), "mse")
    return model, X, Y


def deferred(library: Any) -> tuple[Any, Any, Any]:
    model = library.Sequential([library.layers.Dense(4, "relu"), library.layers.Dense(1)])
    model.compile(library.optimizers.RMSprop(0.01, momentum=0.5, centered=True), "mae")
    return model, X, Y


def nested(library: Any) -> tuple[Any, Any, Any]:
    layers = library.layers
    inner = library.Sequential([library.Input((3,)), layers.Dense(3, kernel_regularizer="l2")], name="inner")
    inputs = library.Input((3,))
    deeper = library.Model(inputs, layers.LayerNormalization()(inputs), name="deeper")
    outer = library.Input((3,))
    model = library.Model(outer, layers.Dense(1)(deeper(inner(inner(outer)))))
    model.compile(library.optimizers.AdamW(0.01, weight_decay=0.1, clipnorm=1.0), "mse")
    return model, X, Y


def recurrent(library: Any) -> tuple[Any, Any, Any]:
    layers = library.layers
    inputs = library.Input((5,), dtype="int32")
    hidden = layers.Embedding(7, 4, mask_zero=True)(inputs)
    hidden = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(hidden)
    hidden = layers.GRU(3)(hidden)
    model = library.Model(inputs, layers.Dense(1)(hidden))
    model.compile(library.optimizers.Nadam(0.01), "mse")
    return model, TOKENS, Y


def normalized(library: Any) -> tuple[Any, Any, Any]:
    norm = library.layers.Normalization()
    norm.adapt(X)
    model = library.Sequential([library.Input((3,)), norm, library.layers.Dense(1)])
    schedule = library.optimizers.schedules.ExponentialDecay(0.1, decay_steps=2, decay_rate=0.5)
    model.compile(library.optimizers.Adam(schedule, amsgrad=True), "mse", metrics=["mse"])
    return model, X * 3 + 1, Y


def subclassed(library: Any) -> tuple[Any, Any, Any]:
    own = custom_objects(library)
    model = own["Blocks"](4)
    model.compile(library.optimizers.Adagrad(0.05), loss=own["squared"])
    return model, X, Y


def convolutional(library: Any) -> tuple[Any, Any, Any]:
    layers = library.layers
    model = library.Sequential(
        [
            library.Input((5, 3)),
            layers.Conv1D(4, 3, padding="same", activation="relu"),
            layers.MaxPooling1D(2),
            layers.Flatten(),
            layers.Dense(1),
        ]
    )
    model.compile(library.optimizers.Lion(0.001), "mse")
    return model, SEQUENCE, Y


def mixed(library: Any) -> tuple[Any, Any, Any]:
    layers = library.layers
    policy = "mixed_bfloat16"
    inputs = library.Input((3,))
    hidden = layers.Dense(4, "relu", dtype=policy)(inputs)
    model = library.Model(inputs, layers.Dense(1, dtype="float32")(hidden))
    model.compile(library.optimizers.Adamax(0.01), "mse")
    return model, X, Y


def scaled(library: Any) -> tuple[Any, Any, Any]:
    library.config.set_dtype_policy("mixed_float16")
    layers = library.layers
    model = library.Sequential(
        [library.Input((3,)), layers.Dense(4, "relu"), layers.Dense(1, dtype="float32")]
    )
    model.compile(library.optimizers.Adam(0.01), "mse")
    library.config.set_dtype_policy("float32")
    return model, X, Y


def halves(library: Any) -> tuple[Any, Any, Any]:
    dense = library.layers.Dense(1, dtype="bfloat16")
    model = library.Sequential([library.Input((3,), dtype="bfloat16"), dense])
    model.compile(library.optimizers.SGD(0.01), "mse")
    return model, X, Y


WHOLE = {
    make.__name__: make
    for make in (
        functional, sequential, deferred, nested, recurrent, normalized, subclassed, convolutional, mixed,
        scaled, halves,
    )
}  # fmt: skip


def make(name: str, library: Any, epochs: int = 2) -> tuple[Any, Any, Any]:
    """(model, x, y): the model of this name, trained for some epochs."""
    model, x, y = WHOLE[name](library)
    model.fit(x, y, epochs=epochs, batch_size=8, shuffle=False, verbose=0)
    return model, x, y

"""Names that users give to private attributes and methods of their own do not meet layerlab's."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from tests.oracle import agree

# Words that a class of a user may well put an underscore before.
WORDS = """
accumulate accumulators average averages batch batches blocks built_by cache callbacks cast cells
check compiled config convert count data decoder early embed encode encoder evaluate features
forward gathering gradients graph head heads hidden index indices init inputs layers learning_rate
loss_of made mask metric model models names nodes norm on_batch output outputs overwrite owner pace
parse parts predict prepare project queue ran record reporting reset rnn run runner runners scalar
scale scope set_learning_rate shape slots stack state states step steps table track tracker train
transform units update variables
""".split()  # noqa: SIM905
PRIVATE = [f"_{word}" for word in WORDS]
X = np.arange(8, dtype="float32").reshape(4, 2)


def odd(name: str) -> Any:
    """Something that is no list, no function and no None."""
    return {"taken": name}


class Block(layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name in PRIVATE:
            setattr(self, name, odd(name))

    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight((input_shape[-1],), "ones", name="w")

    def call(self, inputs: Any) -> Any:
        return inputs * self.w


class Net(keras.Model):
    """Its layers are in an attribute `_layers`."""

    def __init__(self) -> None:
        super().__init__(name="net")
        for name in PRIVATE:
            setattr(self, name, odd(name))
        self._layers = [Block(), layers.Dense(1, kernel_initializer="ones")]

    def call(self, inputs: Any) -> Any:
        for layer in self._layers:
            inputs = layer(inputs)
        return inputs


def with_methods(base: type, *takes: Any) -> type:
    """A subclass with a method of each name, of which none may be called."""

    def taken(self: Any) -> None:
        raise AssertionError("a method of the user's was called by the engine")

    return type("Mine", (base,), dict.fromkeys(PRIVATE, taken))


def test_a_model_with_private_names_of_its_own_trains_and_is_saved(backend: str, tmp_path: Path) -> None:
    model = Net()
    model.compile("sgd", "mse", metrics=["mae"])
    model.fit(X, X[:, :1], batch_size=2, verbose=0, validation_data=(X, X[:, :1]))
    assert [layer.name for layer in model.layers] == ["block", "dense"]
    assert [v.path for v in model.weights] == ["net/block/w", "net/dense/kernel", "net/dense/bias"]
    assert all(getattr(model, name) == odd(name) for name in PRIVATE if name != "_layers")
    expected = model.predict(X, verbose=0)
    model.save_weights(tmp_path / "w.weights.h5")
    other = Net()
    other(X)
    other.load_weights(tmp_path / "w.weights.h5")
    assert np.array_equal(other.predict(X, verbose=0), expected)
    copied = pickle.loads(pickle.dumps(model))
    assert np.array_equal(copied.predict(X, verbose=0), expected)
    model.summary(print_fn=lambda line: None)


def test_methods_of_users_are_not_taken_for_the_engines(backend: str) -> None:
    make = with_methods(keras.Sequential)
    model = make([keras.Input((2,)), with_methods(layers.Dense)(1, kernel_initializer="ones")])
    optimizer = with_methods(keras.optimizers.SGD)(
        0.5, momentum=0.5, use_ema=True, gradient_accumulation_steps=2, weight_decay=0.1
    )
    model.compile(
        optimizer,
        with_methods(keras.losses.MeanSquaredError)(),
        metrics=[with_methods(keras.metrics.MeanAbsoluteError)()],
    )
    model.fit(X, X[:, :1], batch_size=2, verbose=0, callbacks=[with_methods(keras.callbacks.Callback)()])
    model.evaluate(X, X[:, :1], verbose=0)
    model.train_on_batch(X, X[:, :1])
    model.test_on_batch(X, X[:, :1])
    assert model.predict_on_batch(X).shape == model.predict(X, verbose=0).shape == (4, 1)
    metric = with_methods(keras.metrics.Mean)()
    values = metric.stateless_update_state(metric.variables, [2.0])
    assert float(ops.convert_to_numpy(metric.stateless_result(values))) == 2.0
    model.get_config(), model.to_json()


def test_a_functional_model_may_keep_a_graph_and_a_stack(backend: str) -> None:
    class Mine(keras.Model):
        def __init__(self) -> None:
            inputs = keras.Input((2,))
            super().__init__(inputs, layers.Dense(1, kernel_initializer="ones")(inputs))
            self._graph, self._stack = {"a": ["b"]}, ["a", "b"]

    model = Mine()
    assert ops.convert_to_numpy(model(X)).tolist() == X.sum(1, keepdims=True).tolist()
    assert model.output_shape == (None, 1) and len(model.layers) == 2


@pytest.mark.oracle
def test_layers_in_an_attribute_of_that_name_are_those_of_keras() -> None:
    def scenario(k: Any) -> Any:
        class Mine(k.Model):
            def __init__(self) -> None:
                super().__init__(name="mine")
                self._layers = [k.layers.Dense(2), k.layers.Dense(1)]

            def call(self, inputs: Any) -> Any:
                return self._layers[1](self._layers[0](inputs))

        model = Mine()
        model(X)
        return [v.path for v in model.weights], [type(layer).__name__ for layer in model._layers]

    assert len(agree(scenario)[0]) == 4

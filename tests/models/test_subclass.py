"""Subclassed models: tracking, building, the training flag, several inputs, the constructor's traps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from layerlab.errors import InvalidArgumentError, NotBuiltError, UnsupportedError
from tests.oracle import agree

X = np.ones((2, 4), "float32")


class Plain(keras.Model):
    def __init__(self):
        super(Plain, self).__init__()  # noqa: UP008  # as older scripts write it
        self.dense = layers.Dense(3)
        self.dropout = layers.Dropout(0.5)

    def call(self, inputs):
        return self.dropout(self.dense(inputs))


class WithTraining(Plain):
    def call(self, inputs, training=False):
        self.seen = training
        return self.dropout(self.dense(inputs), training=training) if training else self.dense(inputs)


@pytest.mark.oracle
def test_paths_layers_and_names_are_those_of_keras() -> None:
    def scenario(k: Any) -> Any:
        class Block(k.layers.Layer):
            def __init__(self, units):
                super().__init__()
                self.dense, self.norm = k.layers.Dense(units), k.layers.BatchNormalization()

            def call(self, x, training=None):
                return self.norm(self.dense(x), training=training)

        class Net(k.Model):
            def __init__(self):
                super().__init__()
                self.head = k.layers.Dense(1)
                self.blocks = [Block(3), Block(2)]
                self.tail = k.Sequential([k.layers.Dense(2)])

            def call(self, x):
                for block in self.blocks:
                    x = block(x)
                return self.head(self.tail(x))

        model = Net()
        model(X)
        inputs = k.Input((4,), name="i")
        around = k.Model(inputs, Net()(inputs))
        return (
            [v.path for v in model.variables],
            [layer.name for layer in model.layers],
            [v.path for v in around.weights],
            model.name,
        )

    agree(scenario)


def test_the_training_flag_is_a_python_bool(backend: str) -> None:
    model = WithTraining()
    for said, expected in (({}, False), ({"training": True}, True), ({"training": False}, False)):
        model(X, **said)
        assert model.seen is expected


def test_without_a_parameter_the_layers_inside_still_know(backend: str) -> None:
    model = Plain()
    model(X)
    wide = np.ones((1, 4), "float32").repeat(50, axis=0)
    assert not (ops.convert_to_numpy(model(wide)) == 0).any()
    assert (ops.convert_to_numpy(model(wide, training=True)) == 0).any()


def test_build_makes_the_weights_from_shapes_alone(backend: str) -> None:
    class Two(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, inputs):
            return self.dense(inputs["a"]) + self.dense(inputs["b"])

    model, plain = Two(), Plain()
    model.build({"a": (None, 4), "b": (None, 4)})
    plain.build((None, 4))
    assert model.count_params() == plain.count_params() == 15
    assert model({"b": X, "a": X}).shape == (2, 3)


def test_a_failed_build_can_be_repeated(backend: str) -> None:
    class Picky(Plain):
        def call(self, inputs):
            if inputs.shape[-1] != 4:
                raise ValueError("four features, please")
            return super().call(inputs)

    model = Picky()
    with pytest.raises(ValueError, match="four features"):
        model.build((None, 5))
    assert not model.built
    model.build((None, 4))
    assert model.built and len(model.weights) == 2


def test_attributes_may_be_set_before_super_init(backend: str) -> None:
    class Early(keras.Model):
        def __init__(self):
            self.dense = layers.Dense(3)
            self.units = 3
            super().__init__()

        def call(self, inputs):
            return self.dense(inputs)

    model = Early()
    model(X)
    assert [v.path for v in model.weights] == ["early/dense/kernel", "early/dense/bias"]


def test_forgetting_super_init_is_explained() -> None:
    class Forgetful(keras.Model):
        def __init__(self):
            self.dense = layers.Dense(3)

        def call(self, inputs):
            return self.dense(inputs)

    with pytest.raises(
        InvalidArgumentError, match=r"Forgetful was not initialised(?s:.*)super\(\).__init__\(\)"
    ):
        Forgetful()(X)


def test_a_model_without_a_forward_pass_says_so() -> None:
    class Empty(keras.Model):
        pass

    with pytest.raises(UnsupportedError, match="define call"):
        Empty()(X)


def test_before_it_is_built_there_is_nothing_to_show() -> None:
    with pytest.raises(NotBuiltError):
        Plain().summary()
    assert Plain().inputs is None and Plain().weights == []


def test_given_inputs_and_outputs_a_subclass_has_graph_and_methods(backend: str) -> None:
    class Noisy(keras.Model):
        def train_step_name(self):
            return "mine"

    class Scaled(keras.Model):
        def call(self, inputs, training=None):
            return super().call(inputs) * 10

    inputs = keras.Input((4,))
    noisy = Noisy(inputs, inputs * 2)
    assert noisy.train_step_name() == "mine" and len(noisy.inputs) == 1
    scaled = Scaled(inputs=inputs, outputs=inputs * 2)
    assert ops.convert_to_numpy(scaled(X)).tolist() == [[20.0] * 4] * 2


def test_a_config_follows_from_the_constructor(backend: str) -> None:
    class Sized(keras.Model):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.dense = layers.Dense(units)

        def call(self, inputs):
            return self.dense(inputs)

    config = Sized(5, name="sized").get_config()
    again = Sized.from_config(config)
    assert (again.dense.units, again.name) == (5, "sized")


def test_several_tensors_in_a_call_are_given_by_position_and_name(backend: str) -> None:
    class Pair(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3)

        def call(self, a, b=None, training=None):
            return self.dense(a) if b is None else self.dense(a) - self.dense(b)

    model = Pair()
    assert not ops.convert_to_numpy(model(X, b=X)).any()
    assert not ops.convert_to_numpy(model(X, X)).any()
    assert ops.convert_to_numpy(model(X)).shape == (2, 3)

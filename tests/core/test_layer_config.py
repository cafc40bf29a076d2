"""Layers to configs and back: signature, registration, files of Keras, names that are unknown."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops, utils
from layerlab.core.registry import find
from layerlab.errors import ConfigError, InvalidArgumentError, UnknownNameError, UnsupportedError
from tests.oracle import agree


class Plain(layers.Layer):
    """A layer of a user that writes no get_config."""

    def __init__(self, units, inner=None, *, rate=0.5, **kwargs):
        super().__init__(**kwargs)
        self.units = units * 2  # an attribute may mean something else than the argument
        self.inner = inner
        self.rate = rate

    def call(self, inputs):
        return inputs


class Wider(layers.Dense):
    """A layer of layerlab with one more argument."""

    def __init__(self, units, extra=1, **kwargs):
        super().__init__(units, **kwargs)
        self.extra = extra


def test_a_layer_of_a_user_has_a_config_without_writing_one() -> None:
    config = Plain(3, rate=0.1, name="p", dtype="float16").get_config()
    assert config.pop("dtype")["config"] == {"name": "float16"}
    assert config == {"name": "p", "trainable": True, "units": 3, "inner": None, "rate": 0.1}


def test_such_a_config_makes_an_equal_layer_with_objects_turned_back() -> None:
    layer = Plain(3, inner=layers.Dense(2, activation="relu"), name="p")
    config = json.loads(json.dumps(layer.get_config()))
    again = Plain.from_config(config)
    assert again.units == 6
    assert isinstance(again.inner, layers.Dense) and again.inner.units == 2
    assert again.get_config() == layer.get_config()


def test_a_subclass_of_a_layer_of_ours_keeps_both_kinds_of_arguments() -> None:
    layer = Wider(3, extra=7, activation="relu", kernel_initializer="zeros", name="w")
    again = Wider.from_config(json.loads(json.dumps(layer.get_config())))
    assert (again.units, again.extra, again.name) == (3, 7, "w")
    assert again.get_config() == layer.get_config()
    again.build((None, 2))
    assert not again.kernel.numpy().any()


@pytest.mark.oracle
def test_a_config_written_by_hand_is_that_of_keras() -> None:
    def scenario(k: Any) -> Any:
        class Handmade(k.layers.Dense):
            def __init__(self, units, extra=1, **kwargs):
                super().__init__(units, **kwargs)
                self.extra = extra

            def get_config(self):
                return {**super().get_config(), "extra": self.extra}

        layer = Handmade(3, extra=7, activation="relu", name="h")
        config = layer.get_config()
        return config, Handmade.from_config(config).extra

    assert agree(scenario)[1] == 7


@pytest.mark.oracle
@pytest.mark.parametrize("built", [False, True])
def test_a_serialized_layer_is_that_of_keras(built: bool) -> None:
    def scenario(k: Any) -> Any:
        layer = k.layers.Dense(2, activation="gelu", kernel_regularizer="l2", dtype="mixed_float16")
        if built:
            layer.build((None, 4))
        return json.loads(json.dumps(k.utils.serialize_keras_object(layer)))

    assert ("build_config" in agree(scenario)) == built


def test_deserializing_builds_what_was_built(backend: str) -> None:
    layer = layers.Dense(2, name="d")
    layer(np.ones((3, 4)))
    again = utils.deserialize_keras_object(json.loads(json.dumps(utils.serialize_keras_object(layer))))
    assert again.built and again.kernel.shape == (4, 2)
    assert [v.path for v in again.weights] == ["d/kernel", "d/bias"]


@pytest.mark.oracle
def test_registered_classes_and_functions_are_found_by_keras_names() -> None:
    def scenario(k: Any) -> Any:
        @k.utils.register_keras_serializable("tests_of_core")
        class Mine(k.layers.Layer):
            def __init__(self, units=2, **kwargs):
                super().__init__(**kwargs)
                self.units = units

            def get_config(self):
                return {**super().get_config(), "units": self.units}

        @k.utils.register_keras_serializable("tests_of_core", "named")
        def activation(x):
            return x

        config = k.utils.serialize_keras_object(Mine(5))
        again = k.utils.deserialize_keras_object(config)
        dense = k.layers.Dense(1, activation=activation)
        restored = k.layers.Dense.from_config(dense.get_config())
        return (
            config["registered_name"],
            again.units,
            k.utils.get_registered_name(Mine),
            k.utils.get_registered_object("tests_of_core>Mine") is Mine,
            restored.activation is activation,
        )

    assert agree(scenario) == ("tests_of_core>Mine", 5, "tests_of_core>Mine", True, True)


def test_custom_objects_are_known_inside_their_scope_only() -> None:
    config = utils.serialize_keras_object(Plain(3))
    with pytest.raises(UnknownNameError, match="Unknown layer 'Plain'"):
        utils.deserialize_keras_object(config)
    assert utils.deserialize_keras_object(config, custom_objects={"Plain": Plain}).units == 6
    with utils.custom_object_scope({"Plain": Plain, "twice": lambda x: x * 2}):
        assert utils.deserialize_keras_object(config).units == 6
        with utils.CustomObjectScope({"Plain": Wider}):
            assert find("layers", "Plain") is Wider
        assert layers.Dense(1, activation="twice").activation is not None
    assert find("layers", "Plain") is None
    utils.get_custom_objects()["Plain"] = Plain
    try:
        assert utils.deserialize_keras_object(config).units == 6
    finally:
        utils.get_custom_objects().clear()


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'relu'"):
        layers.Dense(1, activation="rleu")
    with pytest.raises(UnknownNameError, match="Did you mean 'Dense'"):
        layers.deserialize({"class_name": "Dens", "config": {}})


def test_a_config_can_name_nothing_outside_of_the_registry() -> None:
    for module, name in (("os", "system"), ("builtins", "eval"), ("subprocess", "Popen")):
        with pytest.raises(UnknownNameError):
            utils.deserialize_keras_object(
                {"module": module, "class_name": name, "config": {}, "registered_name": None}
            )
        with pytest.raises(UnknownNameError):
            utils.deserialize_keras_object({"module": module, "class_name": "function", "config": name})


@pytest.mark.parametrize(
    "config",
    [
        {"class_name": 3, "config": {}},
        {"class_name": "Dense", "config": []},
        {"class_name": "Dense", "config": {"nonsense": 1}},
        {"class_name": "Dense", "config": {}},
    ],
)
def test_a_malformed_config_is_an_error_of_ours(config: Any) -> None:
    with pytest.raises((ConfigError, InvalidArgumentError)):
        layers.deserialize(config)


@pytest.mark.parametrize(
    "value",
    [
        None,
        3,
        "text",
        [1, [2.5]],
        {"a": [1, None]},
        b"bytes",
        slice(1, None, 2),
        ...,
        np.arange(3, dtype="int8"),
    ],
)
def test_values_survive_json(value: Any) -> None:
    again = utils.deserialize_keras_object(json.loads(json.dumps(utils.serialize_keras_object(value))))
    if isinstance(value, np.ndarray):
        assert again.tolist() == value.tolist() and again.dtype == value.dtype
    else:
        assert again == value


def test_what_has_no_config_is_refused_with_advice() -> None:
    with pytest.raises(UnsupportedError, match="give it get_config"):
        utils.serialize_keras_object(object())


@pytest.mark.parametrize(("package", "name"), [("a>b", None), ("a", "b>c")])
def test_a_registered_name_has_no_angle_bracket(package: str, name: str | None) -> None:
    with pytest.raises(InvalidArgumentError, match="no '>'"):
        utils.register_keras_serializable(package, name)(Plain)


def test_repr_says_name_and_state() -> None:
    assert repr(layers.Dense(1, name="d")) == "<Dense name=d, built=False>"


def test_ops_of_functions_are_named_in_configs() -> None:
    layer = layers.Dense(1, activation=keras.activations.relu)
    assert layer.get_config()["activation"] == "relu"
    assert ops.convert_to_numpy(layers.Dense.from_config(layer.get_config())(np.ones((1, 1)))).shape == (1, 1)

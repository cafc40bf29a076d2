"""Graphs to configs and back: sharing, names, custom classes, configs of Keras 2, malformed ones."""

from __future__ import annotations

import copy
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import layerlab as keras
from layerlab import layers, ops, tree, utils
from layerlab.errors import ConfigError, GraphError, UnknownNameError, UnsupportedError

X = np.arange(6, dtype="float32").reshape(2, 3)


def small() -> Any:
    inputs = keras.Input((3,), name="in")
    hidden = layers.Dense(3, name="d1")(inputs)
    return keras.Model(
        inputs, layers.Add(name="add")([layers.Dense(3, name="d2")(hidden), hidden]), name="net"
    )


def rebuilt(model: Any, **custom: Any) -> Any:
    """The model through JSON, with the same weights."""
    config = json.loads(json.dumps(model.get_config()))
    again = type(model).from_config(config, custom_objects=custom)
    again.set_weights(model.get_weights())
    return again


def values(outputs: Any) -> list[Any]:
    return [ops.convert_to_numpy(leaf).tolist() for leaf in tree.flatten(outputs)]


def test_the_graph_comes_back_with_its_names_and_sharing(backend: str) -> None:
    model = small()
    again = rebuilt(model)
    assert again.name == "net"
    assert [layer.name for layer in again.layers] == ["in", "d1", "d2", "add"]
    assert [v.path for v in again.weights] == [v.path for v in model.weights]
    assert values(again(X)) == values(model(X))


def test_a_layer_called_twice_stays_one_layer() -> None:
    inputs = keras.Input((3,))
    dense = layers.Dense(3)
    again = rebuilt(keras.Model(inputs, [dense(inputs), dense(dense(inputs))]))
    assert len(again.layers) == 2 and len(again.weights) == 2


def test_calls_outside_of_the_model_are_not_in_its_config() -> None:
    dense = layers.Dense(3, name="shared")
    first, second = keras.Input((3,), name="first"), keras.Input((3,), name="second")
    dense(first)
    config = keras.Model(second, dense(second)).get_config()
    assert [len(data["inbound_nodes"]) for data in config["layers"]] == [0, 1]
    assert config["output_layers"] == ["shared", 0, 0]


def test_a_config_is_not_tied_to_the_model() -> None:
    model = small()
    config = model.get_config()
    config["layers"][1]["config"]["units"] = 7
    assert model.get_config()["layers"][1]["config"]["units"] == 3


def test_reading_leaves_the_config_as_it_was() -> None:
    config = small().get_config()
    before = copy.deepcopy(config)
    keras.Model.from_config(config)
    assert config == before


def test_a_subclass_of_model_with_a_graph_comes_back_as_itself() -> None:
    class Mine(keras.Model):
        def extra(self) -> int:
            return 3

    inputs = keras.Input((3,))
    again = rebuilt(Mine(inputs, layers.Dense(1)(inputs)))
    assert type(again) is Mine and again.extra() == 3


def test_a_subclassed_model_is_made_anew_from_its_constructors_arguments() -> None:
    class Net(keras.Model):
        def __init__(self, units: int, inner: Any = None, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.dense = layers.Dense(units)
            self.inner = inner

        def call(self, inputs: Any) -> Any:
            return self.inner(self.dense(inputs))

    net = Net(3, inner=layers.Dense(2, activation="relu"), name="mine")
    net(X)
    with utils.custom_object_scope({"Net": Net}):
        again = utils.deserialize_keras_object(json.loads(json.dumps(utils.serialize_keras_object(net))))
    assert (again.name, again.units, again.inner.units) == ("mine", 3, 2)
    assert again.built and [w.shape for w in again.get_weights()] == [w.shape for w in net.get_weights()]
    assert Net.from_config(net.get_config()).units == 3


def test_two_ops_of_one_name_get_different_ones_in_the_config() -> None:
    inputs = keras.Input((3,))
    first = inputs + 1.0
    utils.clear_session()
    model = keras.Model(inputs, (first * 2.0) + 1.0)
    names = [data["name"] for data in model.get_config()["layers"]]
    assert len(set(names)) == len(names) == 4
    assert values(rebuilt(model)(X)) == values(model(X))


def test_two_layers_of_one_name_cannot_be_told_apart() -> None:
    inputs = keras.Input((3,))
    model = keras.Model(inputs, layers.Dense(2, name="d")(layers.Dense(2, name="d")(inputs)))
    with pytest.raises(ConfigError, match="Two layers are named 'd'"):
        model.get_config()


def test_index_arrays_and_slices_survive_json(backend: str) -> None:
    x = keras.Input((4, 3))
    model = keras.Model(x, [x[:, [0, 2]], x[:, 1:3, None], x[..., -1], x[:, 0]])
    data = np.arange(24, dtype="float32").reshape(2, 4, 3)
    assert values(rebuilt(model)(data)) == values(model(data))


@pytest.mark.slow
def test_a_chain_of_a_thousand_layers_needs_no_recursion() -> None:
    x = inputs = keras.Input((1,))
    for number in range(1000):
        x = layers.Identity(name=f"l{number}")(x)
    assert len(rebuilt(keras.Model(inputs, x)).layers) == 1001


# -- random graphs -----------------------------------------------------------------------------------------


def grown(choices: list[tuple[int, int, int]], outputs: list[int]) -> Any:
    """A graph over two inputs: each choice is (kind of call, first tensor, second tensor)."""
    utils.clear_session()
    tensors = [keras.Input((3,), name="a"), keras.Input((3,), name="b")]
    shared = layers.Dense(3, name="shared")
    inner_input = keras.Input((3,))
    inner = keras.Model(inner_input, layers.Dense(3)(inner_input), name="inner")
    for kind, first, second in choices:
        x, y = tensors[first % len(tensors)], tensors[second % len(tensors)]
        calls = [
            lambda x=x, y=y: layers.Add()([x, y]),
            lambda x=x: shared(x),
            lambda x=x: inner(x),
            lambda x=x, y=y: x * 2.0 - y,
            lambda x=x: ops.sum(x, axis=-1, keepdims=True) + x,
            lambda x=x: layers.Dense(3, activation="tanh")(x),
            lambda x=x, y=y: ops.split(ops.concatenate([x, y], axis=-1), 2, axis=-1)[1],
        ]
        tensors.append(calls[kind]())
    return keras.Model(tensors[:2], [tensors[index % len(tensors)] for index in outputs])


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=6),
    st.lists(st.integers(0, 9), min_size=1, max_size=3),
)
def test_any_graph_survives_its_config(choices: list[tuple[int, int, int]], outputs: list[int]) -> None:
    model = grown(choices, outputs)
    again = rebuilt(model)
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())
    data = [X, X[::-1] / 7]
    for one, other in zip(values(again(data)), values(model(data)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


# -- Keras 2 -------------------------------------------------------------------------------------------------


def dense_of_keras_2(name: str, units: int, **more: Any) -> dict[str, Any]:
    return {
        "class_name": "Dense",
        "config": {
            "name": name,
            "trainable": True,
            "dtype": "float32",
            "units": units,
            "activation": "relu",
            "use_bias": True,
            "kernel_initializer": {
                "class_name": "VarianceScaling",
                "config": {
                    "scale": 1.0,
                    "mode": "fan_avg",
                    "distribution": "uniform",
                    "seed": None,
                    "dtype": "float32",
                },
            },
            "bias_initializer": {"class_name": "Zeros", "config": {"dtype": "float32"}},
            "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.01}},
            "bias_regularizer": None,
            "activity_regularizer": None,
            "kernel_constraint": None,
            "bias_constraint": None,
            **more,
        },
    }


def input_of_keras_2(name: str, shape: list[Any]) -> dict[str, Any]:
    config = {"batch_input_shape": shape, "dtype": "float32", "sparse": False, "ragged": False, "name": name}
    return {"class_name": "InputLayer", "config": config, "name": name, "inbound_nodes": []}


def graph_of_keras_2() -> dict[str, Any]:
    def placed(layer: dict[str, Any], nodes: list[Any]) -> dict[str, Any]:
        return {**layer, "name": layer["config"]["name"], "inbound_nodes": nodes}

    inner = {
        "name": "inner",
        "layers": [
            input_of_keras_2("i", [None, 3]),
            placed(dense_of_keras_2("deep", 3), [[["i", 0, 0, {}]]]),
        ],
        "input_layers": [["i", 0, 0]],
        "output_layers": [["deep", 0, 0]],
    }
    norm = {"class_name": "BatchNormalization", "config": {"name": "norm", "axis": [1], "momentum": 0.9}}
    merge = {"class_name": "Concatenate", "config": {"name": "merge", "axis": -1}}
    drop = {
        "class_name": "Dropout",
        "config": {"name": "drop", "rate": 0.5, "noise_shape": None, "seed": None},
    }
    return {
        "class_name": "Model",
        "config": {
            "name": "old",
            "layers": [
                input_of_keras_2("x", [None, 3]),
                placed(
                    {"class_name": "Functional", "config": inner}, [[["x", 0, 0, {}]], [["inner", 1, 0, {}]]]
                ),
                placed(norm, [["inner", 2, 0, {}]]),
                placed(merge, [[["norm", 0, 0, {}], ["inner", 1, 0, {}]]]),
                placed(drop, [[["merge", 0, 0, {"training": True}]]]),
                placed(dense_of_keras_2("head", 2), [[["drop", 0, 0, {}]]]),
            ],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["head", 0, 0], ["inner", 2, 0]],
        },
        "keras_version": "2.2.4",
        "backend": "tensorflow",
    }


def test_a_functional_model_of_keras_2_is_read(backend: str) -> None:
    model = keras.models.model_from_json(json.dumps(graph_of_keras_2()))
    assert [layer.name for layer in model.layers] == ["x", "inner", "norm", "merge", "drop", "head"]
    assert model.output_shape == [(None, 2), (None, 3)]
    assert model.get_layer("norm").axis == 1
    assert model.get_layer("head").kernel_initializer.distribution == "uniform"
    assert len(model(X)) == 2


def test_a_sequential_of_keras_2_is_read_in_both_of_its_forms() -> None:
    first = dense_of_keras_2("one", 4, batch_input_shape=[None, 3])
    lstm = {
        "class_name": "LSTM",
        "config": {"name": "r", "units": 2, "implementation": 1, "time_major": False},
    }
    reshape = {"class_name": "Reshape", "config": {"name": "s", "target_shape": [2, 2]}}
    for config in ([first, reshape, lstm], {"name": "seq", "layers": [first, reshape, lstm]}):
        text = json.dumps({"class_name": "Sequential", "config": config})
        model = keras.models.model_from_json(text)
        assert model.output_shape == (None, 2)
        assert [layer.name for layer in model.layers] == ["one", "s", "r"]


def test_a_lambda_of_keras_2_is_refused() -> None:
    config = {"name": "l", "function": ["4wEAAAA=", None, None], "function_type": "lambda", "arguments": {}}
    text = json.dumps({"class_name": "Sequential", "config": [{"class_name": "Lambda", "config": config}]})
    with pytest.raises(ValueError, match="bytecode"):
        keras.models.model_from_json(text)


def test_a_function_of_tensorflow_is_refused_with_advice() -> None:
    layer = {"class_name": "TFOpLambda", "config": {"name": "tf.math.add", "function": "math.add"}}
    with pytest.raises(UnsupportedError, match=r"tf\.math\.add"):
        keras.Sequential.from_config({"name": "s", "layers": [layer]})


# -- malformed -----------------------------------------------------------------------------------------------


def changed(change: Any) -> dict[str, Any]:
    config = json.loads(json.dumps(small().get_config()))
    change(config)
    return config


def point(config: dict[str, Any], layer: int, history: Any) -> None:
    described = config["layers"][layer]["inbound_nodes"][0]["args"][0]
    described["config"]["keras_history"] = history


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: point(c, 1, ["nobody", 0, 0]), "no layer 'nobody'"),
        (lambda c: point(c, 1, ["in", 5, 0]), "a number below 1"),
        (lambda c: point(c, 1, ["in", -1, 0]), "a number below 1"),
        (lambda c: point(c, 1, ["in", 0, 3]), "one of its 1 outputs"),
        (lambda c: point(c, 1, ["in", True, 0]), "a place like"),
        (lambda c: point(c, 1, None), "a place like"),
        (lambda c: point(c, 1, ["d2", 0, 0]), "loops"),
        (lambda c: point(c, 1, ["d1", 0, 0]), "loops"),
        (lambda c: c.update(layers={}), "a list"),
        (lambda c: c["layers"].append(3), "a dict"),
        (lambda c: c["layers"].append(c["layers"][0]), "two layers named 'in'"),
        (lambda c: c["layers"].pop(0), "no layer 'in'"),
        (lambda c: c["layers"][1].update(name=3), "a name"),
        (lambda c: c["layers"][1].update(inbound_nodes=3), "a name"),
        (lambda c: c["layers"][1].update(inbound_nodes=[3]), "a list or a dict"),
        (lambda c: c["layers"][1].update(inbound_nodes=[{"args": 3, "kwargs": {}}]), "list of args"),
        (lambda c: c["layers"][1].update(build_config={"class_name": "ReLU", "config": {}}), "build_config"),
        (lambda c: c["layers"][1]["config"].update(units=-1), "units"),
        (lambda c: c["layers"][1]["config"].update(units="many"), "units"),
        (lambda c: c.update(output_layers=[["d2", 0]]), "entries like"),
        (lambda c: c.update(output_layers=["d9", 0, 0]), "no layer 'd9'"),
        (lambda c: c.update(output_layers=[]), "at least one symbolic tensor"),
        (lambda c: c.update(nonsense=3), "unknown arguments"),
    ],
)
def test_a_malformed_graph_is_an_error_that_says_where(change: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        keras.Model.from_config(changed(change))


def test_a_loop_is_a_graph_error() -> None:
    with pytest.raises(GraphError, match="d1"):
        keras.Model.from_config(changed(lambda c: point(c, 1, ["add", 0, 0])))


@pytest.mark.parametrize(
    ("module", "class_name"),
    [
        ("os", "system"),
        ("keras.utils", "get_file"),
        ("keras.config", "set_floatx"),
        ("keras.saving", "load_model"),
        ("keras_hub.layers", "Evil"),
        ("tests.architectures.example_models", "masks"),
        ("keras.src.ops.numpy", "__builtins__"),
        ("some_package.layers", "Dense"),
        (None, "Dense"),
    ],
)
def test_a_graph_can_name_nothing_but_what_is_registered(module: Any, class_name: str) -> None:
    config = changed(lambda c: c["layers"][1].update(module=module, class_name=class_name))
    with pytest.raises(UnknownNameError):
        keras.Model.from_config(config)


def test_an_op_takes_no_arguments_that_it_does_not_have() -> None:
    inputs = keras.Input((3,))
    config = keras.Model(inputs, ops.sum(inputs, axis=1)).get_config()
    config["layers"][1]["config"]["function"] = "system"
    with pytest.raises(ConfigError, match="unknown arguments"):
        keras.Model.from_config(config)

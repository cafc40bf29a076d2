"""Small public attributes and methods of models: layers, get_layer, state, distribution, signatures."""

from __future__ import annotations

import inspect
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab import layers
from tests.oracle import agree


def test_a_graph_lists_its_inputs_a_stack_does_not() -> None:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    model = keras.Model([a, b], layers.Dense(2, name="d")(layers.Add(name="sum")([a, b])))
    assert [layer.name for layer in model.layers] == ["a", "b", "sum", "d"]
    stack = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="e")])
    assert [layer.name for layer in stack.layers] == ["e"]


@pytest.mark.oracle
def test_layers_are_in_the_order_of_keras() -> None:
    def scenario(k: Any) -> Any:
        a, b = k.Input((3,), name="a"), k.Input((3,), name="b")
        left = k.layers.Dense(2, name="left2")(k.layers.Dense(2, name="left1")(a))
        right = k.layers.Dense(2, name="right")(b)
        both = k.layers.Concatenate(name="both")([right, left])
        model = k.Model([a, b], [k.layers.Dense(1, name="out")(both), right])
        names = [layer.name for layer in model.layers]
        return names, [model.get_layer(index=index).name for index in range(-len(names), len(names))]

    assert agree(scenario)[0][-1] == "out"


def test_an_index_wins_over_a_name() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="a"), layers.Dense(2, name="b")])
    assert model.get_layer("a", 1).name == model.get_layer(name="nobody", index=1).name == "b"


def test_stateful_layers_show_and_forget_their_states(backend: str) -> None:
    inputs = keras.Input(batch_shape=(2, 4, 1))
    both = layers.Bidirectional(layers.GRU(2, return_sequences=True, stateful=True))(inputs)
    inner_inputs = keras.Input(batch_shape=(2, 4, 4))
    inner = keras.Model(inner_inputs, layers.LSTM(3, stateful=True)(inner_inputs))
    model = keras.Model(inputs, inner(both))
    x = np.ones((2, 4, 1), "float32")
    first = model.predict(x, batch_size=2, verbose=0)
    assert len(model.state_updates) == 4
    assert not np.allclose(model.predict(x, batch_size=2, verbose=0), first)
    model.reset_states()
    assert all(not state.numpy().any() for state in model.state_updates)
    np.testing.assert_allclose(model.predict(x, batch_size=2, verbose=0), first, atol=1e-6)


def test_a_model_without_stateful_layers_has_nothing_to_forget() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    assert model.state_updates == []
    model.reset_states()
    assert model.distribute_strategy is None and model.distribute_reduction_method == "auto"
    assert model.get_quantization_layer_structure("gptq") is None


def test_a_symbolic_call_infers_the_shape() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    assert model.symbolic_call(keras.KerasTensor((5, 3))).shape == (5, 2)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "name",
    [
        "get_config",
        "from_config",
        "to_json",
        "get_compile_config",
        "compile_from_config",
        "get_state_tree",
        "set_state_tree",
        "get_quantization_layer_structure",
        "get_layer",
        "summary",
        "symbolic_call",
    ],
)
def test_the_parameters_of_methods_are_those_of_keras(name: str) -> None:
    theirs, ours = (
        [
            (p.name, p.default, p.kind)
            for p in inspect.signature(getattr(library.Model, name)).parameters.values()
        ]
        for library in (oracle, keras)
    )
    if name == "get_quantization_layer_structure":  # Keras' page shows a default
        theirs = [(n, None if n == "mode" else default, kind) for n, default, kind in theirs]
    assert ours == theirs


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("module", "name"),
    [
        *[("models", name) for name in ("clone_model", "model_from_json")],
        *[
            (module, name)
            for module in ("saving", "utils")
            for name in (
                "CustomObjectScope",
                "custom_object_scope",
                "get_custom_objects",
                "get_registered_name",
                "get_registered_object",
                "register_keras_serializable",
                "serialize_keras_object",
            )
        ],
        *[(module, name) for module in ("layers",) for name in ("serialize", "deserialize")],
        *[
            (module, name)
            for module in (
                "activations",
                "constraints",
                "dtype_policies",
                "initializers",
                "losses",
                "metrics",
                "optimizers",
                "regularizers",
            )
            for name in ("serialize", "deserialize", "get")
        ],
    ],
)
def test_the_parameters_of_functions_are_those_of_keras(module: str, name: str) -> None:
    theirs, ours = (
        list(inspect.signature(getattr(getattr(library, module), name)).parameters)
        for library in (oracle, keras)
    )
    assert ours == theirs

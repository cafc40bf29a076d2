"""Configs that Keras 2.0 to 2.15 and 3.0 to 3.3 wrote: what they meant is what is computed."""

from __future__ import annotations

import json
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab.errors import UnsupportedError
from layerlab.models import model_from_json
from tests.architectures.full_configs import LAYERS
from tests.helpers import tolerance
from tests.saving.old_files import (
    as_json,
    first,
    graph,
    gru,
    hard_sigmoid,
    layer,
    lstm,
    numbers,
    sequential,
    sigmoid,
    with_modules,
)

IMAGES = numbers(3, 4, 4, 2)


def read(model: dict[str, Any], version: str | None = "2.4.0") -> Any:
    return model_from_json(as_json(model, version))


def computed(model: Any, x: Any) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(x))


# -- one output, written as a list of one ----------------------------------------------------------------


def halving(class_name: str = "Functional", name: str = "inner") -> dict[str, Any]:
    layers = [first("i", [4, 4, 2]), layer("ReLU", "r", [["i", 0, 0, {}]])]
    return graph(name, layers, [["i", 0, 0]], [["r", 0, 0]], class_name)


@pytest.mark.parametrize(
    ("version", "class_name"),
    [("2.0.8", "Model"), ("2.2.4", "Model"), ("2.4.0", "Functional"), (None, "Model")],
)
def test_a_model_of_one_output_inside_a_sequential_gives_a_tensor(
    backend: str, version: str | None, class_name: str
) -> None:
    pool = layer("GlobalAveragePooling2D", "p", data_format="channels_last")
    model = read(sequential(first("x", [4, 4, 2], in_graph=False), halving(class_name), pool), version)

    assert model.output_shape == (None, 2)
    expected = np.maximum(IMAGES, 0).mean((1, 2))
    np.testing.assert_allclose(model.predict(IMAGES, verbose=0), expected, **tolerance())


def test_models_in_models_and_in_wrappers_give_tensors() -> None:
    outer = sequential(
        first("x", [4, 4, 2], in_graph=False),
        sequential(halving(), layer("ReLU", "again"), name="middle"),
        layer("GlobalMaxPooling2D", "p", data_format="channels_last"),
    )
    expected = np.maximum(IMAGES, 0).max((1, 2))
    np.testing.assert_allclose(computed(read(outer), IMAGES), expected, **tolerance())

    over_time = sequential(
        layer("TimeDistributed", "t", layer=halving(), batch_input_shape=[None, 3, 4, 4, 2]),
        layer("TimeDistributed", "u", layer=layer("GlobalAveragePooling2D", "p")),
    )
    films = np.stack([IMAGES, -IMAGES])
    np.testing.assert_allclose(
        computed(read(over_time), films), np.maximum(films, 0).mean((2, 3)), **tolerance()
    )


@pytest.mark.parametrize("version", ["3.0.5", "3.3.3"])
def test_the_first_releases_of_keras_3_also_wrote_lists_of_one(version: str) -> None:
    inner = keras.Model(i := keras.Input((4, 4, 2)), keras.layers.ReLU(name="r")(i), name="inner")
    model = keras.Sequential([keras.Input((4, 4, 2)), inner, keras.layers.GlobalAveragePooling2D()])
    config = json.loads(model.to_json())
    inner_config = config["config"]["layers"][1]["config"]
    inner_config["output_layers"] = [inner_config["output_layers"]]
    again = model_from_json(json.dumps({**config, "keras_version": version}))

    np.testing.assert_allclose(computed(again, IMAGES), computed(model, IMAGES), **tolerance())
    assert again.layers[0].output_shape == (None, 4, 4, 2) and not isinstance(again.layers[0].output, list)


def test_a_model_of_a_list_of_one_output_is_a_layer_like_any_other(backend: str) -> None:
    inner = keras.Model(i := keras.Input((4, 4, 2)), [keras.layers.ReLU()(i)])
    model = keras.Sequential([keras.Input((4, 4, 2)), inner, keras.layers.GlobalAveragePooling2D()])
    np.testing.assert_allclose(computed(model, IMAGES), np.maximum(IMAGES, 0).mean((1, 2)), **tolerance())


# -- names that meant another thing ----------------------------------------------------------------------

POINTS = np.array([[-3.0, -1.0, 0.0, 1.0, 2.6, 4.0]], "float32")
HARD = [[0.0, 0.3, 0.5, 0.7, 1.0, 1.0]]  # clip(x / 5 + 1/2, 0, 1)
HARD_TODAY = [[0.0, 1 / 3, 0.5, 2 / 3, 0.9333333, 1.0]]


@pytest.mark.parametrize(
    ("version", "has_modules", "expected"),
    [
        (None, False, HARD),
        ("2.0.8", False, HARD),
        ("2.2.4-tf", False, HARD),
        ("2.10.0", False, HARD),
        ("2.15.0", True, HARD),
        ("3.3.3", True, HARD_TODAY),
        (None, True, HARD_TODAY),
    ],
)
def test_hard_sigmoid_is_that_of_the_release(
    backend: str, version: str | None, has_modules: bool, expected: Any
) -> None:
    config = sequential(
        layer("Activation", "a", activation="hard_sigmoid", batch_input_shape=[None, 6]),
    )
    model = read(with_modules(config) if has_modules else config, version)
    np.testing.assert_allclose(computed(model, POINTS), expected, **tolerance())
    again = model_from_json(model.to_json())  # what we write keeps the meaning
    np.testing.assert_allclose(computed(again, POINTS), expected, **tolerance())


def recurrent(class_name: str, **config: Any) -> dict[str, Any]:
    config = {"units": 3, "implementation": 1, "batch_input_shape": [None, 5, 2], **config}
    return sequential(layer(class_name, "r", **config))


@pytest.mark.parametrize(
    ("version", "config", "gate"),
    [
        ("2.2.4", {"recurrent_activation": "hard_sigmoid"}, hard_sigmoid),
        ("2.2.4", {"recurrent_activation": "sigmoid"}, sigmoid),
        ("2.1.0", {}, hard_sigmoid),
        ("2.3.1", {}, sigmoid),
        ("2.2.4-tf", {}, sigmoid),
    ],
)
def test_the_gates_of_an_lstm_are_those_of_the_release(
    version: str, config: dict[str, Any], gate: Any
) -> None:
    model = read(recurrent("LSTM", **config), version)
    weights = [numbers(2, 12), numbers(3, 12, seed=1), numbers(12, seed=2)]
    model.set_weights(weights)
    x = numbers(4, 5, 2, seed=3)
    np.testing.assert_allclose(computed(model, x), lstm(x, weights, gate)[1], **tolerance())


@pytest.mark.parametrize(
    ("class_name", "config", "reset_after"),
    [
        ("GRU", {"recurrent_activation": "hard_sigmoid"}, False),
        ("GRU", {"recurrent_activation": "hard_sigmoid", "reset_after": True}, True),
        ("CuDNNGRU", {}, True),
    ],
)
def test_a_gru_resets_where_it_did(
    backend: str, class_name: str, config: dict[str, Any], reset_after: bool
) -> None:
    model = read(recurrent(class_name, **config), "2.2.4")
    bias = numbers(2, 9, seed=2) if reset_after else numbers(9, seed=2)
    weights = [numbers(2, 9), numbers(3, 9, seed=1), bias]
    model.set_weights(weights)
    x = numbers(4, 5, 2, seed=3)
    gate = sigmoid if class_name == "CuDNNGRU" else hard_sigmoid
    np.testing.assert_allclose(computed(model, x), gru(x, weights, gate, reset_after), **tolerance())


def test_cells_wrappers_and_custom_classes_mean_the_same() -> None:
    cell = layer("LSTMCell", "cell", units=3, recurrent_activation="hard_sigmoid", implementation=2)
    rnn = layer("RNN", "r", cell=cell, return_sequences=False, time_major=False)
    both = layer("Bidirectional", "b", layer=layer("GRU", "g", units=3), merge_mode="sum")

    class Gate(keras.layers.Layer):
        def __init__(self, activation: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.activation = keras.activations.get(activation)

        def call(self, inputs: Any) -> Any:
            return self.activation(inputs)

    config = sequential(
        first("x", [5, 2], in_graph=False),
        layer("Gate", "a", activation="hard_sigmoid"),
        layer("TimeDistributed", "t", layer=layer("Dense", "d", units=2, activation="hard_sigmoid")),
        layer("Bidirectional", "b", layer=layer("LSTM", "l", units=2, return_sequences=True)),
        rnn,
    )
    model = model_from_json(as_json(config, "2.2.4"), {"Gate": Gate})
    old = keras.activations.get("legacy_hard_sigmoid")
    assert model.layers[0].activation is old and model.layers[1].layer.activation is old
    assert model.layers[2].forward_layer.recurrent_activation is old
    assert model.layers[2].backward_layer.recurrent_activation is old
    assert model.layers[3].cell.recurrent_activation is old
    grus = read(sequential(first("x", [5, 2], in_graph=False), both), "2.0.0").layers[0]
    assert not grus.forward_layer.reset_after and not grus.backward_layer.reset_after


# -- arguments, layer by layer ---------------------------------------------------------------------------

ARRAY = {"type": "ndarray", "value": 0.25}


@pytest.mark.parametrize(
    ("class_name", "config", "shape", "expected"),
    [
        ("LeakyReLU", {"alpha": ARRAY}, [3], lambda x: np.where(x > 0, x, 0.25 * x)),
        ("LeakyReLU", {"alpha": 0.5}, [3], lambda x: np.where(x > 0, x, 0.5 * x)),
        ("ELU", {"alpha": ARRAY}, [3], lambda x: np.where(x > 0, x, 0.25 * np.expm1(x))),
        (
            "ReLU",
            {"max_value": {"type": "ndarray", "value": 1.0}, "negative_slope": ARRAY, "threshold": ARRAY},
            [3],
            lambda x: np.where(x > 1, 1, np.where(x > 0.25, x, 0.25 * (x - 0.25))),
        ),
        ("ReLU", {"max_value": None}, [3], lambda x: np.maximum(x, 0)),
        ("ThresholdedReLU", {"theta": ARRAY}, [3], lambda x: np.where(x > 0.25, x, 0)),
        ("ThresholdedReLU", {"theta": 1.0}, [3], lambda x: np.where(x > 1, x, 0)),
        ("Activation", {"activation": "softmax_v2"}, [3], lambda x: np.exp(x) / np.exp(x).sum(1)[:, None]),
        ("SpatialDropout1D", {"rate": 0.5, "noise_shape": None, "seed": None}, [4, 3], lambda x: x),
        ("SpatialDropout2D", {"rate": 0.5, "noise_shape": None, "seed": None}, [4, 4, 3], lambda x: x),
        ("Masking", {"mask_value": {"type": "ndarray", "value": 9.0}}, [4, 3], lambda x: x),
        (
            "BatchNormalization",
            {"axis": [1], "momentum": 0.9, "epsilon": 0.0, "fused": None, "virtual_batch_size": None},
            [3],
            lambda x: x,
        ),
        ("BatchNormalizationV1", {"axis": 1, "epsilon": 0.0, "fused": True}, [4, 3], lambda x: x),
        ("LayerNormalization", {"axis": [2], "epsilon": 1.0}, [4, 3], None),
        ("UpSampling2D", {"size": [2, 1], "interpolation": "nearest"}, [2, 2, 1], lambda x: x.repeat(2, 1)),
        ("Lambda", {"function": "tanh", "function_type": "function", "arguments": {}}, [3], np.tanh),
    ],
)
def test_the_arguments_of_keras_2_mean_what_they_did(
    class_name: str, config: dict[str, Any], shape: list[int], expected: Any
) -> None:
    start = first("x", shape, in_graph=False)
    model = model_from_json(
        as_json(sequential(start, layer(class_name, "l", dtype="float32", **config)), "2.2.4"),
        {"tanh": keras.ops.tanh},
    )
    x = numbers(2, *shape)
    if expected is None:
        centred = x - x.mean(-1, keepdims=True)
        values = centred / np.sqrt(x.var(-1, keepdims=True) + 1)
    else:
        values = expected(x)
    np.testing.assert_allclose(computed(model, x), values, **tolerance())
    assert model.layers[0].name == "l"


INITIALIZER = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1.0, "mode": "fan_avg", "dtype": "float32"},
}


@pytest.mark.parametrize(
    ("class_name", "config", "shape"),
    [
        ("SeparableConv2D", {"filters": 2, "kernel_size": [3, 3], "groups": 1}, [5, 5, 2]),
        ("SeparableConv1D", {"filters": 2, "kernel_size": [3], "groups": 1}, [5, 2]),
        ("DepthwiseConv2D", {"kernel_size": [3, 3], "groups": 1, "depth_multiplier": 2}, [5, 5, 2]),
        (
            "Conv2DTranspose",
            {"filters": 2, "kernel_size": [3, 3], "groups": 1, "output_padding": None},
            [5, 5, 2],
        ),
        ("Embedding", {"input_dim": 7, "output_dim": 2, "input_length": 5, "sparse": False}, [5]),
        ("SyncBatchNormalization", {"axis": [3]}, [5, 5, 2]),
    ],
)
def test_arguments_that_said_nothing_are_left_out(
    class_name: str, config: dict[str, Any], shape: list[int]
) -> None:
    kernel = (
        {}
        if class_name in ("Embedding", "SyncBatchNormalization")
        else {"kernel_initializer": INITIALIZER, "kernel_regularizer": None, "kernel_constraint": None}
    )
    model = read(sequential(layer(class_name, "l", batch_input_shape=[None, *shape], **config, **kernel)))
    assert model.built and model.layers[0].weights


@pytest.mark.parametrize("version", ["2.10.0", "3.0.5"])
def test_attention_is_made_with_what_it_was_built_on(version: str) -> None:
    shapes = {
        f"{which}_shape": {"class_name": "TensorShape", "items": [None, 5, 4]}
        for which in ("query", "key", "value")
    }
    attention = layer(
        "MultiHeadAttention", "a", [["x", 0, 0, {"value": ["x", 0, 0]}]], num_heads=2, key_dim=3, **shapes
    )
    model = read(graph("g", [first("x", [5, 4]), attention], [["x", 0, 0]], [["a", 0, 0]]), version)
    assert model.output_shape == (None, 5, 4) and len(model.weights) == 8


@pytest.mark.parametrize(
    ("class_name", "config", "message"),
    [
        ("LSTM", {"units": 3, "time_major": True}, "time_major"),
        ("BatchNormalization", {"virtual_batch_size": 2}, "virtual_batch_size"),
        ("BatchNormalization", {"renorm": True}, "renorm"),
        ("DepthwiseConv2D", {"kernel_size": 2, "groups": 2}, "groups"),
        ("Attention", {"causal": True}, "causal"),
        ("StackedRNNCells", {"cells": [], "reverse_state_order": True}, "reverse_state_order"),
        ("SpatialDropout1D", {"rate": 0.5, "noise_shape": [2, 1, 1]}, "noise_shape"),
        ("LocallyConnected2D", {"filters": 2}, "taken out of Keras 3"),
    ],
)
def test_what_cannot_be_honoured_is_refused(class_name: str, config: dict[str, Any], message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        read(sequential(layer(class_name, "l", batch_input_shape=[None, 4, 4], **config)))


def test_bilinear_pixels_of_old_releases_are_told() -> None:
    config = {"size": [2, 2], "interpolation": "bilinear", "batch_input_shape": [None, 4, 4, 1]}
    with pytest.warns(UserWarning, match="at other places before Keras"):
        read(sequential(layer("UpSampling2D", "l", **config)), "2.2.4")


@pytest.mark.slow
@pytest.mark.oracle
def test_every_layer_as_tensorflow_wrote_it_has_the_shapes_of_keras() -> None:
    """Keras makes the same layer from the arguments that it still knows."""
    policy = {"class_name": "Policy", "config": {"name": "mixed_float16"}}
    different = []
    for class_name, config, shape in LAYERS:
        start = first("x", shape, in_graph=False)
        model = read(sequential(start, layer(class_name, "l", dtype=policy, **config)), "2.10.0")
        made = model.layers[0]
        assert made.compute_dtype == "float16"
        theirs = getattr(oracle.layers, type(made).__name__).from_config(made.get_config())
        output, weights = tuple(theirs(oracle.Input(shape)).shape), [tuple(w.shape) for w in theirs.weights]
        known = tuple(
            size if wanted is not None else None
            for size, wanted in zip(model.output_shape, output, strict=True)
        )
        if (output, weights) != (known, [w.shape for w in made.weights]):
            different.append((class_name, output, weights))
    assert different == []


@pytest.mark.parametrize("class_name", ["Dense", "SpatialDropout1D"])
def test_a_first_layer_that_knows_its_shape_is_fed_by_the_name_of_keras_2(class_name: str) -> None:
    config = {"units": 3} if class_name == "Dense" else {"rate": 0.5, "noise_shape": None, "seed": None}
    model = read(sequential(layer(class_name, "one", batch_input_shape=[None, 4, 3], **config)))
    x = numbers(2, 4, 3)
    assert model.input_shape == (None, 4, 3) and model.input_names == ["one_input"]
    np.testing.assert_array_equal(model.predict({"one_input": x}, verbose=0), computed(model, x))


def test_a_layer_may_be_an_activation() -> None:
    leaky = layer("LeakyReLU", "inner", alpha=0.25, dtype="float32")
    model = read(sequential(layer("Activation", "a", activation=leaky, batch_input_shape=[None, 6])))
    np.testing.assert_allclose(
        computed(model, POINTS), np.where(POINTS > 0, POINTS, 0.25 * POINTS), **tolerance()
    )


def test_a_graph_without_a_version_is_known_by_its_calls() -> None:
    layers = [first("x", [6]), layer("Activation", "a", [["x", 0, 0, {}]], activation="hard_sigmoid")]
    config = with_modules(graph("g", layers, [["x", 0, 0]], [["a", 0, 0]]))["config"]
    model = keras.Model.from_config(config)
    np.testing.assert_allclose(computed(model, POINTS), HARD, **tolerance())
    assert not isinstance(model.output, list)


def test_a_class_of_the_readers_own_gets_what_the_file_says() -> None:
    seen = {}

    class Mine(keras.layers.DepthwiseConv2D):
        def __init__(self, **kwargs: Any) -> None:
            seen.update({key: kwargs.pop(key) for key in ("groups", "axis")})
            super().__init__(**kwargs)

    config = {"kernel_size": [2, 2], "groups": 1, "axis": [3], "batch_input_shape": [None, 4, 4, 2]}
    text = as_json(sequential(layer("DepthwiseConv2D", "l", **config)), "2.4.0")
    made = model_from_json(text, {"DepthwiseConv2D": Mine}).layers[0]
    assert isinstance(made, Mine) and seen == {"groups": 1, "axis": [3]}


# -- Keras 1, functions of TensorFlow --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "entry"),
    [
        ("1.2.2", layer("Dense", "d", output_dim=3, init="glorot_uniform", W_regularizer=None)),
        (None, layer("Dense", "d", output_dim=3, init="glorot_uniform", W_regularizer=None)),
        (None, layer("Convolution2D", "c", nb_filter=3, nb_row=2, nb_col=2, dim_ordering="th")),
        (None, layer("LSTM", "l", output_dim=3, inner_activation="hard_sigmoid", consume_less="cpu")),
        (None, layer("MaxPooling2D", "m", pool_size=[2, 2], border_mode="valid", dim_ordering="tf")),
        (None, layer("Merge", "m", mode="concat")),
    ],
)
def test_configs_of_keras_1_are_told_from_others(version: str | None, entry: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError, match=r"written by Keras 1(.|\n)*Fix: load it with Keras 2"):
        read(sequential(entry, as_list=True), version)


@pytest.mark.parametrize("has_modules", [False, True])
@pytest.mark.parametrize("class_name", ["TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer"])
def test_functions_of_tensorflow_are_told_by_name(class_name: str, has_modules: bool) -> None:
    op = layer(class_name, "tf.math.add", ["x", 0, 0, {"y": 1.0}], function="math.add")
    config = graph("g", [first("x", [3]), op], [["x", 0, 0]], [["tf.math.add", 0, 0]], "Functional")
    with pytest.raises(UnsupportedError, match=rf"tf\.math\.add(.|\n)*{class_name}(.|\n)*layerlab\.ops"):
        read(with_modules(config) if has_modules else config, "2.12.0" if has_modules else "2.8.0")


# -- states in the list of inputs ------------------------------------------------------------------------


def seq2seq(units: int = 3) -> dict[str, Any]:
    """The translator of the Keras blog, as 2.0 to 2.15 wrote it."""
    common = {"units": units, "recurrent_activation": "hard_sigmoid", "return_state": True}
    layers = [
        first("e", [None, 2]),
        first("d", [None, 2]),
        layer("LSTM", "enc", [["e", 0, 0, {}]], **common),
        layer(
            "LSTM",
            "dec",
            [["d", 0, 0, {}], ["enc", 0, 1, {}], ["enc", 0, 2, {}]],
            **common,
            return_sequences=True,
        ),
    ]
    return graph("s2s", layers, [["e", 0, 0], ["d", 0, 0]], [["dec", 0, 0]])


@pytest.mark.parametrize("version", ["2.0.8", "2.2.4", "2.10.0"])
def test_a_decoder_begins_with_the_states_of_its_encoder(backend: str, version: str) -> None:
    model = read(seq2seq(), version)
    one = [numbers(2, 12), numbers(3, 12, seed=1), numbers(12, seed=2)]
    two = [numbers(2, 12, seed=3), numbers(3, 12, seed=4), numbers(12, seed=5)]
    model.set_weights(one + two)
    e, d = numbers(4, 6, 2, seed=6), numbers(4, 5, 2, seed=7)

    expected = lstm(d, two, hard_sigmoid, lstm(e, one, hard_sigmoid)[1:])[0]

    np.testing.assert_allclose(computed(model, [e, d]), expected, **tolerance())


def test_states_reach_every_kind_of_recurrent_layer() -> None:
    def with_states(entry: dict[str, Any], units: int, count: int) -> Any:
        names = [f"s{number}" for number in range(count)]
        entry["inbound_nodes"] = [[["x", 0, 0, {}], *([name, 0, 0, {}] for name in names)]]
        inputs = [first("x", [5, 2]), *(first(name, [units]) for name in names)]
        ends = [[name, 0, 0] for name in ["x", *names]]
        return read(graph("g", [*inputs, entry], ends, [["r", 0, 0]]), "2.2.4")

    x, states = numbers(4, 5, 2), [numbers(4, 3, seed=seed) for seed in range(4)]
    model = with_states(layer("GRU", "r", None, units=3, reset_after=False), 3, 1)
    weights = [numbers(2, 9), numbers(3, 9, seed=1), numbers(9, seed=2)]
    model.set_weights(weights)
    np.testing.assert_allclose(
        computed(model, [x, states[0]]), gru(x, weights, hard_sigmoid, False, states[0]), **tolerance()
    )

    two_ways = layer("Bidirectional", "r", None, layer=layer("LSTM", "l", units=3), merge_mode="concat")
    model = with_states(two_ways, 3, 4)
    weights = [numbers(2, 12), numbers(3, 12, seed=1), numbers(12, seed=2)]
    model.set_weights(weights * 2)
    ends = [
        lstm(x, weights, hard_sigmoid, states[:2])[1],
        lstm(x[:, ::-1], weights, hard_sigmoid, states[2:])[1],
    ]
    np.testing.assert_allclose(computed(model, [x, *states]), np.concatenate(ends, 1), **tolerance())

    cells = [layer("LSTMCell", f"c{number}", units=3, recurrent_activation="sigmoid") for number in range(2)]
    stacked = layer("StackedRNNCells", "cells", cells=cells)
    model = with_states(layer("RNN", "r", None, cell=stacked), 3, 4)  # h and c of the first, then the second
    above = [numbers(3, 12, seed=4), numbers(3, 12, seed=5), numbers(12, seed=6)]
    model.set_weights(weights + above)
    expected = lstm(lstm(x, weights, sigmoid, states[:2])[0], above, sigmoid, states[2:])[1]
    np.testing.assert_allclose(computed(model, [x, *states]), expected, **tolerance())

"""Architectures go both ways between Keras and layerlab, as JSON: same text, same predictions."""

from __future__ import annotations

import json
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab import tree
from tests.architectures.example_models import ARCHITECTURES, inputs_for

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]


def both(name: str) -> tuple[Any, Any]:
    """The model by Keras and by layerlab, from fresh names."""
    models = []
    for library in (oracle, keras):
        library.utils.clear_session()
        models.append(ARCHITECTURES[name](library))
    return models[0], models[1]


def fresh(library: Any, text: str) -> Any:
    library.utils.clear_session()
    return library.models.model_from_json(text)


def arrays(outputs: Any) -> list[np.ndarray]:
    return [np.asarray(leaf, "float32") for leaf in tree.flatten(outputs)]


def assert_same_outputs(model: Any, expected: list[np.ndarray], x: Any) -> None:
    got = arrays(model(x))
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_model_goes_both_ways_as_json(name: str) -> None:
    theirs, ours = both(name)
    weights = [np.asarray(weight) for weight in theirs.get_weights()]
    x = inputs_for(ours)
    expected = arrays(theirs(x))
    texts = {oracle: theirs.to_json(), keras: ours.to_json()}
    for writer, reader in ((oracle, keras), (keras, oracle), (keras, keras)):
        model = fresh(reader, texts[writer])
        model.set_weights(weights)
        assert_same_outputs(model, expected, x)


# What a config of Keras may hold that says nothing: arguments that are not set, and default arguments.
_SILENT = {"mask": None, "training": False, "constant_values": None}
_NAMES = {"TrueDivide": "Divide", "true_divide": "divide"}


def plain(config: Any) -> Any:
    """A config without what differs between the two libraries and means the same."""
    if isinstance(config, dict):
        layer_like = "inbound_nodes" in config
        dropped = {"build_config"} if layer_like else set()
        return {
            key: plain(value)
            for key, value in config.items()
            if key not in dropped and not (key in _SILENT and value == _SILENT[key])
        }
    if isinstance(config, list):
        return [plain(item) for item in config]
    return _NAMES.get(config, config) if isinstance(config, str) else config


@pytest.mark.parametrize(
    "name", sorted(ARCHITECTURES.keys() - {"cut_out", "masks", "many_ops", "image", "frozen"})
)
def test_the_text_is_that_of_keras(name: str) -> None:
    theirs, ours = both(name)
    assert plain(json.loads(ours.to_json())) == plain(json.loads(theirs.to_json()))


@pytest.mark.parametrize("name", ["image", "nested", "masks", "many_ops"])
def test_reading_and_writing_again_changes_nothing(name: str) -> None:
    text = both(name)[1].to_json()
    assert json.loads(fresh(keras, text).to_json()) == json.loads(text)


@pytest.mark.parametrize("name", ["image", "many_ops", "masks"])
def test_a_config_read_on_pytorch_gives_the_same_numbers(name: str) -> None:
    theirs, ours = both(name)
    x, text = inputs_for(ours), theirs.to_json()
    keras.config.set_backend("torch")
    try:
        model = fresh(keras, text)
        model.set_weights([np.asarray(weight) for weight in theirs.get_weights()])
        got = [keras.ops.convert_to_numpy(leaf) for leaf in tree.flatten(model(x))]
    finally:
        keras.config.set_backend("jax")
    for one, other in zip(got, arrays(theirs(x)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def compiled(k: Any) -> Any:
    x = k.Input((3,))
    outputs = [k.layers.Dense(1, name="one")(x), k.layers.Dense(2, name="two")(x)]
    model = k.Model(x, outputs)
    model.compile(
        k.optimizers.Adam(k.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9), clipnorm=1.0),
        {"one": k.losses.MeanAbsoluteError(name="distance"), "two": "mse"},
        loss_weights={"one": 2.0, "two": 0.5},
        metrics={"one": ["mae"], "two": [k.metrics.RootMeanSquaredError(name="root")]},
        weighted_metrics={"one": [], "two": ["mse"]},
    )
    return model


def test_what_a_model_was_compiled_with_goes_both_ways() -> None:
    x = np.random.default_rng(0).normal(size=(16, 3)).astype("float32")
    y = {"one": x[:, :1], "two": x[:, 1:]}
    theirs = compiled(oracle)
    weights = [np.asarray(weight) for weight in theirs.get_weights()]
    models = [theirs, fresh(keras, theirs.to_json()), fresh(oracle, compiled(keras).to_json())]
    histories = []
    for model in models:
        model.set_weights(weights)
        histories.append(model.fit(x, y, epochs=2, shuffle=False, verbose=0).history)
    for other in histories[1:]:
        assert list(other) == list(histories[0])
        for key, values in histories[0].items():
            np.testing.assert_allclose(other[key], values, rtol=1e-4)


def test_the_compile_config_is_that_of_keras() -> None:
    configs = []
    for library in (oracle, keras):
        library.utils.clear_session()
        configs.append(json.loads(json.dumps(compiled(library).get_compile_config())))
    theirs, ours = configs
    assert theirs.pop("jit_compile") is True and ours.pop("jit_compile") == "auto"
    assert ours == theirs

"""Graphs in `.keras` files that cannot be, names that steer, and chains of thousands of layers."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerlab as keras

CONFIG = "config.json"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "graph.keras"
    inputs = keras.Input((3,), name="input")
    hidden = keras.layers.Dense(3, name="first")(inputs)
    hidden = keras.layers.Add(name="sum")([hidden, keras.layers.Dense(3, name="second")(hidden)])
    keras.Model(inputs, hidden, name="graph").save(path)
    return path


def changed(whole: Path, path: Path, change: Callable[[Any], Any]) -> Path:
    """A copy of the file with another config."""
    with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(path, "w") as copy:
        for name in archive.namelist():
            data = archive.read(name)
            if name == CONFIG:
                config = json.loads(data)
                change(
                    {layer["name"]: layer for layer in config["config"]["layers"]}
                    | {"graph": config["config"]}
                )
                data = json.dumps(config).encode()
            copy.writestr(name, data)
    return path


def source(layers: Any, layer: str, history: Any) -> None:
    """Say that a layer takes the output (name, node, number) of another one."""
    layers[layer]["inbound_nodes"][0]["args"][0]["config"]["keras_history"] = history


GRAPHS: dict[str, Callable[[Any], Any]] = {
    "a layer of itself": lambda layers: source(layers, "first", ["first", 0, 0]),
    "a circle": lambda layers: source(layers, "first", ["second", 0, 0]),
    "a layer that is not there": lambda layers: source(layers, "first", ["nobody", 0, 0]),
    "a call that is not there": lambda layers: source(layers, "second", ["first", 7, 0]),
    "a call before the first": lambda layers: source(layers, "second", ["first", -1, 0]),
    "a huge number of a call": lambda layers: source(layers, "second", ["first", 2**70, 0]),
    "an output that is not there": lambda layers: source(layers, "second", ["first", 0, 9]),
    "a history that is none": lambda layers: source(layers, "second", "first"),
    "a shape that is none": lambda layers: layers["input"]["config"].update(batch_shape="wide"),
    "a negative shape": lambda layers: layers["input"]["config"].update(batch_shape=[None, -3]),
    "an output of nobody": lambda layers: layers["graph"].update(output_layers=["nobody", 0, 0]),
    "no outputs": lambda layers: layers["graph"].update(output_layers=[]),
    "an input that is a layer": lambda layers: layers["graph"].update(input_layers=["first", 0, 0]),
    "layers of one name": lambda layers: layers["second"].update(name="first"),
    "calls that are none": lambda layers: layers["second"].update(inbound_nodes={"a": 1}),
    "millions of axes": lambda layers: layers["input"]["config"].update(batch_shape=[1] * 100_000),
}  # fmt: skip


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_that_cannot_be_is_refused(name: str, whole: Path, tmp_path: Path) -> None:
    path = changed(whole, tmp_path / "bad.keras", GRAPHS[name])
    with pytest.raises(ValueError, match=r"bad\.keras") as caught:
        keras.saving.load_model(path)
    assert len(str(caught.value)) < 1500


NAMES = {
    "a megabyte": "x" * 2**20, "bidi": "a\u202eb", "ANSI": "\x1b[31mred\x1b[0m", "proto": "__proto__",
    "HTML": "<img src=x onerror=alert(1)>", "lines": "a\nTraceback (most recent call last):\n",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_that_steer_do_not(name: str, whole: Path, tmp_path: Path) -> None:
    def rename(layers: Any) -> None:
        layers["first"]["name"] = layers["first"]["config"]["name"] = NAMES[name]
        source(layers, "second", [NAMES[name], 0, 0])
        layers["sum"]["inbound_nodes"][0]["args"][0][0]["config"]["keras_history"] = [NAMES[name], 0, 0]

    path = changed(whole, tmp_path / "named.keras", rename)
    try:
        model = keras.saving.load_model(path)
    except ValueError as error:
        message = str(error)
    else:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            model.summary()
        with pytest.raises(ValueError) as caught:
            model.predict(np.ones((2, 7)), verbose=0)
        message = printed.getvalue() + str(caught.value)
    assert len(message) < 20_000
    assert not any(bad in message for bad in ("\x1b[31m", "\u202e", "\nTraceback"))


@pytest.mark.slow
def test_a_chain_of_five_thousand_layers_is_no_recursion(tmp_path: Path) -> None:
    def described(number: int) -> dict[str, Any]:
        config = {"name": f"a{number}", "activation": "relu"}
        return {
            "module": "keras.layers",
            "class_name": "Activation",
            "config": config,
            "registered_name": None,
        }

    layers = [described(number) for number in range(5000)]
    config = {"name": "chain", "layers": layers}  # without a shape: nothing is run on one
    text = json.dumps(
        {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}
    )
    model = keras.models.model_from_json(text)
    assert len(model.layers) == 5000
    tensor = inputs = keras.Input((1,))
    for layer in model.layers[:1200]:  # more than Python's limit
        tensor = layer(tensor)
    keras.Model(inputs, tensor).save(tmp_path / "chain.keras")
    assert len(keras.saving.load_model(tmp_path / "chain.keras").layers) == 1201

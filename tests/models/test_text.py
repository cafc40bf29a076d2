"""JSON and YAML of models, and text that is damaged or meant to do harm."""

from __future__ import annotations

import base64
import json
import marshal
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import layerlab as keras
from layerlab import layers, ops, saving
from layerlab.errors import ConfigError, UnknownNameError
from layerlab.models import model_from_json, model_from_yaml, text
from tests.timing import cpu_seconds_below

X = np.arange(6, dtype="float32").reshape(2, 3)


class Twice(layers.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs * 2.0


def small() -> Any:
    inputs = keras.Input((3,))
    return keras.Model(inputs, Twice(name="t")(layers.Dense(2, name="d")(inputs)), name="net")


@pytest.mark.parametrize(("write", "read"), [("to_json", model_from_json), ("to_yaml", model_from_yaml)])
def test_a_model_goes_through_text(backend: str, write: str, read: Any) -> None:
    model = small()
    again = read(getattr(model, write)(), custom_objects={"Twice": Twice})
    assert again.name == "net" and not again.compiled
    assert [type(layer).__name__ for layer in again.layers] == ["InputLayer", "Dense", "Twice"]
    again.set_weights(model.get_weights())
    assert np.array_equal(ops.convert_to_numpy(again(X)), ops.convert_to_numpy(model(X)))


def test_keyword_arguments_go_to_the_writers() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    assert json.loads(model.to_json(indent=2)) == json.loads(model.to_json())
    assert "\n  " in model.to_json(indent=2)
    assert model.to_yaml(default_flow_style=True).startswith("{")
    assert yaml.safe_load(model.to_yaml()) == json.loads(model.to_json())


def test_a_compiled_model_comes_back_compiled() -> None:
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.25), "mse", metrics=["mae"])
    again = model_from_json(model.to_json())
    assert again.compiled and again.optimizer.built
    assert float(again.optimizer.learning_rate) == 0.25


def test_without_pyyaml_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "yaml", None)
    for call in (small().to_yaml, lambda: model_from_yaml("{}")):
        with pytest.raises(ImportError, match="pip install pyyaml"):
            call()


def test_yaml_of_keras_2_with_tuples_and_references_is_read() -> None:
    old = """
        class_name: Sequential
        config:
        - class_name: Dense
          config: &shared
            activation: relu
            batch_input_shape: !!python/tuple [null, 3]
            name: dense_1
            units: 4
        keras_version: 2.0.2
    """
    assert model_from_yaml(old).output_shape == (None, 4)


def test_a_custom_class_that_is_not_passed_is_named_in_the_error() -> None:
    with pytest.raises(UnknownNameError, match="Twice"):
        model_from_json(small().to_json())


# -- hostile -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "{",
        "[]",
        "3",
        "null",
        '"Dense"',
        "{}",
        '{"class_name": "Sequential"}',
        '{"class_name": 3, "config": {}}',
        '{"class_name": "Sequential", "config": 3}',
        '{"class_name": "Sequential", "config": {"name": "s", "layers": 3}}',
        '{"class_name": "Sequential", "config": {"name": "s", "layers": [3]}}',
        '{"class_name": "Sequential", "config": {"name": "../s", "layers": []}}',
        '{"class_name": "Functional", "config": {"name": "f"}}',
        '{"class_name": "Dense", "config": {"units": 3}}',
        '{"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}}',
        '{"class_name": "__numpy__", "config": {"value": 1}}',
        '{"class_name": "__keras_tensor__", "config": {"shape": [1e400], "dtype": "float32"}}',
        '{"class_name": "__slice__", "config": {}}',
    ],
)
def test_what_is_no_model_is_a_value_error(bad: str) -> None:
    for read in (model_from_json, model_from_yaml):
        with pytest.raises(ValueError):
            read(bad)


@pytest.mark.parametrize("value", [None, 3, b"{}", {"class_name": "Sequential"}])
def test_what_is_no_text_is_a_value_error(value: Any) -> None:
    for read in (model_from_json, model_from_yaml):
        with pytest.raises(ValueError, match="text"):
            read(value)


def nested_sequentials(depth: int) -> str:
    config = '{"class_name": "Sequential", "config": {"name": "s", "layers": ['
    return config * depth + "]}}" * depth


@pytest.mark.parametrize("depth", [200, 20_000])
def test_deep_nesting_is_refused_without_a_recursion_error(depth: int) -> None:
    for bad in (nested_sequentials(depth), "[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        with pytest.raises(ConfigError):
            model_from_json(bad)
    with pytest.raises(ConfigError):
        model_from_yaml("[" * min(depth, 2000) + "]" * min(depth, 2000))


def test_models_within_models_are_read_to_a_reasonable_depth() -> None:
    assert model_from_json(nested_sequentials(20)).layers[0].name == "s"


def test_references_that_multiply_are_refused_quickly() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for name, before in zip("bcdefghij", "abcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    bomb = "class_name: Sequential\nconfig:\n  name: s\n  layers: []\n" + "\n".join(lines)
    with cpu_seconds_below(5):  # expanded, the first has three thousand million values
        with pytest.raises(ConfigError, match="too large"):
            model_from_yaml(bomb)
        with pytest.raises(ConfigError, match="too large"):  # it contains itself
            model_from_yaml("class_name: Sequential\nconfig: &a {name: s, layers: [*a]}")


def test_yaml_makes_no_objects(tmp_path: Path) -> None:
    target = tmp_path / "made"
    for tag in ("apply:os.system", "new:os.mkdir", "name:os.system", "module:os"):
        with pytest.raises(ConfigError):
            model_from_yaml(f"!!python/object/{tag} ['{target}']")
    assert not target.exists()


def bytecode(source: str) -> list[Any]:
    code = compile(source, "<test>", "eval")
    return [base64.encodebytes(marshal.dumps(code)).decode("ascii"), None, None]


def lambda_layer(source: str) -> dict[str, Any]:
    function = {"class_name": "__lambda__", "config": {"value": bytecode(source)}}
    return {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "l", "function": function}}


def test_bytecode_in_a_text_is_not_run(tmp_path: Path) -> None:
    target = tmp_path / "made"
    layer = lambda_layer(f"(lambda x: __import__('os').mkdir({str(target)!r}))")
    for place in (
        {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [layer]}},
        {"class_name": "Sequential", "config": {"name": "s", "layers": [layer], "safe_mode": False}},
        {**layer, "safe_mode": False},
    ):
        with pytest.raises(ValueError):
            model_from_json(json.dumps(place))
        with pytest.raises(ValueError):
            saving.deserialize_keras_object(place)
    assert not target.exists()


def test_bytecode_is_loaded_for_those_who_trust_it() -> None:
    code = (lambda x: x * 3.0).__code__
    value = [base64.encodebytes(marshal.dumps(code)).decode("ascii"), None, None]
    config = lambda_layer("1")
    config["config"]["function"]["config"]["value"] = value
    layer = saving.deserialize_keras_object(config, safe_mode=False)
    assert ops.convert_to_numpy(layer(X)).tolist() == (X * 3).tolist()
    config["config"]["function"]["config"]["value"] = ["bm8gY29kZQ==", None, None]
    with pytest.raises(ConfigError, match="cannot be loaded"):
        saving.deserialize_keras_object(config, safe_mode=False)


@pytest.mark.parametrize("value", [None, 0, "no"])
def test_safe_mode_is_a_boolean(value: Any) -> None:
    with pytest.raises(ValueError, match="safe_mode"):
        saving.deserialize_keras_object({}, safe_mode=value)


def test_reading_a_bad_text_leaves_no_scope_open() -> None:
    with pytest.raises(ValueError):
        model_from_json(small().to_json().replace("Dense", "Dens"), custom_objects={"Twice": Twice})
    with pytest.raises(UnknownNameError):
        model_from_json(small().to_json())


@pytest.mark.parametrize("units", [2**28, 2**70])
def test_huge_weights_are_refused_before_they_are_made(units: int) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    tracemalloc.start()
    for written, read in ((model.to_json(), model_from_json), (model.to_yaml(), model_from_yaml)):
        huge = written.replace('"units": 4', f'"units": {units}').replace("units: 4", f"units: {units}")
        with pytest.raises(ConfigError, match=f"1073741824 bytes of weights(.|\n)*{3 * 4 * units} bytes"):
            read(huge)
    assert tracemalloc.get_traced_memory()[1] < 50 * 2**20
    tracemalloc.stop()

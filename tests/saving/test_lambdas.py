"""Python lambdas in layers, as activations and as losses: copied, written as in Keras, loaded on request."""

from __future__ import annotations

import base64
import copy
import json
import marshal
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from layerlab.errors import UnsupportedError
from layerlab.models import clone_model, load_model

X = np.arange(6, dtype="float32").reshape(2, 3)
number = ops.convert_to_numpy


def model_of(k: Any) -> Any:
    """(x * 3 + 2) @ ones, times 10."""
    factor = 3.0
    inputs = k.Input((3,), name="x")
    hidden = k.layers.Lambda(lambda t, by=2: t * factor + by, output_shape=lambda shape: shape, name="lam")(
        inputs
    )
    ones = {"kernel_initializer": "ones", "name": "dense"}
    return k.Model(inputs, k.layers.Dense(1, activation=lambda t: t * 10, **ones)(hidden), name="m")


EXPECTED = (X * 3 + 2).sum(1, keepdims=True) * 10


def stacked() -> Any:
    """Lambdas as all that a layer may take, inside a wrapper, with functions that nobody registered."""

    def named(x: Any) -> Any:
        return x + 1

    shift, scale = np.array([1.0, 2.0], "float32"), keras.ops.abs
    return keras.Sequential(
        [
            keras.Input((2, 2)),
            layers.TimeDistributed(layers.Lambda(lambda x: ops.add(scale(x), shift))),
            layers.Dense(
                2,
                activation=named,
                kernel_initializer=lambda shape, dtype=None: ops.ones(shape, dtype),
                kernel_regularizer=lambda w: 0.5 * ops.sum(w),
                bias_constraint=lambda w: w * 0,
            ),
            layers.SimpleRNN(2, activation=lambda x: x * 0.5),
        ]
    )


def test_models_with_lambdas_are_cloned_and_copied(backend: str) -> None:
    for model in (model_of(keras), stacked()):
        x = np.ones((2, *model.input_shape[1:]), "float32")
        rebuilt = type(model).from_config(model.get_config())
        for other in (clone_model(model), rebuilt, copy.deepcopy(model), clone_model(clone_model(model))):
            other.set_weights(model.get_weights())
            assert np.array_equal(number(other(x)), number(model(x)))
    layer = model_of(keras).get_layer("lam")
    again = layers.Lambda.from_config(copy.deepcopy(layer.get_config()))
    assert again.function is layer.function  # with all that it has around it


def test_a_compiled_model_with_a_lambda_as_loss_is_cloned(backend: str) -> None:
    model = model_of(keras)
    model.compile("sgd", loss=lambda y, p: ops.mean((y - p) ** 2))
    clone = clone_model(model)
    assert float(clone.evaluate(X, EXPECTED - 2, verbose=0)) == pytest.approx(4.0)


@pytest.mark.filterwarnings("ignore:save_weights:DeprecationWarning")
@pytest.mark.parametrize("name", ["w.weights.h5", "w.h5", "w.safetensors"])
def test_weights_are_saved_and_loaded(backend: str, tmp_path: Path, name: str) -> None:
    model, other = model_of(keras), model_of(keras)
    model.set_weights([np.full((3, 1), 2.0), np.array([1.0])])
    model.save_weights(tmp_path / name)
    other.load_weights(tmp_path / name)
    assert other.get_weights()[0].tolist() == [[2.0]] * 3


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_files_with_lambdas_load_only_with_safe_mode_off(backend: str, tmp_path: Path, name: str) -> None:
    model = model_of(keras)
    model.compile("sgd", loss=lambda y, p: ops.mean((y - p) ** 2), metrics=["mae"])
    with pytest.warns(UserWarning, match=r"'m' contains Python lambdas(.|\n)*safe_mode=False"):
        model.save(tmp_path / name)
    with pytest.raises(ValueError, match=rf"{name}(.|\n)*was not run(.|\n)*safe_mode=False"):
        load_model(tmp_path / name)
    loaded = load_model(tmp_path / name, safe_mode=False)
    assert number(loaded(X)).tolist() == EXPECTED.tolist()
    assert loaded.evaluate(X, EXPECTED - 2, verbose=0)[0] == pytest.approx(4.0)
    loaded = load_model(tmp_path / name, safe_mode=False, compile=False)
    assert number(loaded.predict(X, verbose=0)).tolist() == EXPECTED.tolist()


def test_a_training_that_checkpoints_goes_to_its_end(backend: str, tmp_path: Path) -> None:
    model = model_of(keras)
    model.compile("sgd", "mse")
    callback = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras")
    with pytest.warns(UserWarning, match="lambdas"):
        model.fit(X, EXPECTED, epochs=2, verbose=0, callbacks=[callback])
    assert load_model(tmp_path / "2.keras", safe_mode=False).count_params() == 4


def without_code(config: Any) -> Any:
    """The config with bytecode, which holds line numbers, as True, and tuples as lists."""
    if isinstance(config, dict):
        return {key: True if key == "code" else without_code(value) for key, value in config.items()}
    return [without_code(item) for item in config] if isinstance(config, list | tuple) else config


@pytest.mark.oracle
def test_the_layer_is_described_as_in_keras() -> None:
    function = lambda x, by=(1, 2): x * by[0]  # noqa: E731
    mine = layers.Lambda(function, output_shape=(3,), name="l").get_config()
    theirs = oracle.layers.Lambda(function, output_shape=(3,), name="l").get_config()
    assert {**mine, "dtype": 0} == {**theirs, "dtype": 0}


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_keras_reads_the_files_and_we_read_those_of_keras(backend: str, tmp_path: Path, name: str) -> None:
    def plain(k: Any) -> Any:  # Keras 3.15 cannot read back lambdas with defaults, nor its own activations
        inputs = k.Input((3,), name="x")
        factor = 3.0
        hidden = k.layers.Lambda(lambda t: t * factor + 2, name="lam")(inputs)
        return k.Model(inputs, k.layers.Dense(1, kernel_initializer="ones", name="dense")(hidden), name="m")

    ours, theirs = tmp_path / f"ours_{name}", tmp_path / f"theirs_{name}"
    with pytest.warns(UserWarning, match="lambdas"):
        plain(keras).save(ours)
    plain(oracle).save(theirs)
    expected = (EXPECTED / 10).tolist()
    assert np.asarray(oracle.models.load_model(ours, safe_mode=False)(X)).tolist() == expected
    assert number(load_model(theirs, safe_mode=False)(X)).tolist() == expected
    for path in (ours, theirs):
        with pytest.raises(ValueError, match="safe_mode=False"):
            load_model(path)
    configs = []
    for path in (ours, theirs):
        if name == "m.h5":
            with h5py.File(path) as file:
                text = file.attrs["model_config"]
        else:
            with zipfile.ZipFile(path) as archive:
                text = archive.read("config.json")
        layer = json.loads(text)["config"]["layers"][1]["config"]
        configs.append(without_code({key: layer[key] for key in ("function", "arguments", "name")}))
    assert configs[0] == configs[1]


@pytest.mark.oracle
def test_an_activation_of_keras_is_read(backend: str, tmp_path: Path) -> None:
    path = tmp_path / "theirs.keras"
    dense = oracle.layers.Dense(1, activation=lambda t: t * 10, kernel_initializer="ones")
    oracle.Sequential([oracle.Input((3,)), dense]).save(path)
    with pytest.raises(ValueError, match="safe_mode=False"):
        load_model(path)
    assert number(load_model(path, safe_mode=False)(X)).tolist() == [[30.0], [120.0]]


def test_global_names_are_found_or_asked_for(backend: str, tmp_path: Path) -> None:
    model = keras.Sequential(
        [keras.Input((3,)), layers.Lambda(lambda x: ops.abs(x) + np.float32(1) + OFFSET)]
    )
    with pytest.warns(UserWarning, match="lambdas"):
        model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match=r"names that no file holds: OFFSET(.|\n)*custom_objects=\{'OFFSET'"):
        load_model(tmp_path / "m.keras", safe_mode=False)
    loaded = load_model(tmp_path / "m.keras", {"OFFSET": 4.0}, safe_mode=False)
    assert number(loaded(-X)).tolist() == (X + 5).tolist()


OFFSET = 7.0


def test_a_lambda_that_uses_what_no_file_holds_is_told_before_a_file_is_touched(tmp_path: Path) -> None:
    path, table = tmp_path / "m.keras", keras.Variable([1.0, 2.0, 3.0])
    model = keras.Sequential([keras.Input((3,)), layers.Lambda(lambda x: x * table)])
    path.write_text("as it was")
    for name in ("m.keras", "m.h5"):
        with pytest.raises(UnsupportedError, match=r"uses 'table'(.|\n)*Got: Variable"):
            model.save(tmp_path / name)
    with pytest.raises(UnsupportedError, match="uses 'table'"):
        model.to_json()
    assert path.read_text() == "as it was" and not (tmp_path / "m.h5").exists()
    assert number(clone_model(model)(X)).tolist() == (X * [1.0, 2.0, 3.0]).tolist()  # the same variable


def test_nothing_of_a_file_is_run(tmp_path: Path) -> None:
    """Wherever bytecode stands; also where a lambda of this process has the very same code."""
    target = tmp_path / "made"
    source = f"lambda x: __import__('os').mkdir({str(target)!r})"
    code = base64.encodebytes(marshal.dumps(eval(source).__code__)).decode("ascii")
    stored = {"class_name": "__lambda__", "config": {"value": [code, None, None]}}
    dense = {"units": 1, "name": "d"}
    places = [
        {"class_name": "Dense", "config": {**dense, "activation": {"value": [code, None, None]}}},
        {"class_name": "Dense", "config": {**dense, "activation": stored}},
        {"class_name": "Dense", "config": {**dense, "kernel_initializer": stored}},
        {"class_name": "Lambda", "config": {"name": "l", "function": stored, "output_shape": stored}},
    ]
    alive = layers.Lambda(eval(source))  # its config knows its function, a text that looks like it does not
    places.append({"class_name": "Lambda", "config": json.loads(json.dumps(alive.get_config()))})
    for place in places:
        layer = {"module": "keras.layers", "registered_name": None, **place}
        config = {"name": "s", "layers": [layer], "build_input_shape": [None, 3]}
        text = json.dumps({"module": "keras", "class_name": "Sequential", "config": config})
        with pytest.raises(ValueError, match="was not run"):
            keras.models.model_from_json(text)
        with pytest.raises(ValueError, match="was not run"):
            keras.Sequential.from_config(config)
        with pytest.raises(ValueError, match="was not run"):
            layers.deserialize(layer)
    assert not target.exists()

"""`.keras` files of layerlab: what comes back, what a save that fails leaves behind, and the call forms."""

from __future__ import annotations

import inspect
import json
import os
import resource
import threading
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import layerlab as keras
from layerlab.backend import threefry
from tests.training.models import same_state, state_of

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y = X[:, :2]


def small(units: int = 4) -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(units), keras.layers.Dense(2)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    return model


def trained() -> Any:
    model = small()
    model.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    return model


# -- what comes back ---------------------------------------------------------------------------------------


@pytest.mark.slow
def test_training_goes_on_as_if_nothing_had_happened(backend: str, tmp_path: Path) -> None:
    inputs = keras.Input((3,))
    hidden = keras.layers.Dropout(0.5, seed=1)(keras.layers.Dense(6)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.BatchNormalization()(hidden)))
    model.compile(keras.optimizers.Adam(0.05), "mse", metrics=["mae"])
    model.fit(X, Y, epochs=2, shuffle=False, verbose=0)

    model.save(str(tmp_path / "model.keras"))
    copy = keras.models.load_model(tmp_path / "model.keras")

    assert type(copy) is type(model)
    expected = model.fit(X, Y, epochs=2, shuffle=False, verbose=0).history
    assert copy.fit(X, Y, epochs=2, shuffle=False, verbose=0).history == expected
    assert same_state(state_of(model), state_of(copy))


def test_an_uncompiled_model_comes_back_uncompiled(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.save(tmp_path / "model.keras")
    assert not keras.saving.load_model(tmp_path / "model.keras").compiled
    trained().save(tmp_path / "model.keras")
    assert not keras.saving.load_model(tmp_path / "model.keras", compile=False).compiled


def test_a_model_without_weights_keeps_its_config(tmp_path: Path) -> None:
    keras.Sequential([keras.layers.Dense(2)], name="later").save(tmp_path / "model.keras")
    copy = keras.saving.load_model(tmp_path / "model.keras")
    assert copy.name == "later"
    assert not copy.built


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_random_values_that_the_file_has_are_not_drawn(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = trained()
    model.save(tmp_path / f"model{suffix}")
    monkeypatch.setattr(threefry, "uniform", None)
    copy = keras.models.load_model(tmp_path / f"model{suffix}")
    np.testing.assert_array_equal(copy.predict(X, verbose=0), model.predict(X, verbose=0))


@keras.saving.register_keras_serializable("archives")
class Projected(keras.layers.Layer):
    """Keeps a layer where no file looks for it."""

    def build(self, input_shape: Any) -> None:
        hidden = keras.layers.Dense(4, kernel_initializer=keras.initializers.GlorotUniform(seed=7))
        hidden.build(input_shape)
        self.project = lambda x: hidden(x)

    def call(self, inputs: Any) -> Any:
        return self.project(inputs)


def test_a_weight_that_no_file_has_gets_its_random_value(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), Projected(), keras.layers.Dense(2)])
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(copy.predict(X, verbose=0), model.predict(X, verbose=0))


def test_include_optimizer_false_leaves_its_state_out(tmp_path: Path) -> None:
    trained().save(tmp_path / "model.keras", include_optimizer=False)
    copy = keras.saving.load_model(tmp_path / "model.keras")
    assert copy.compiled
    assert int(copy.optimizer.iterations) == 0


class Words(keras.layers.Layer):
    """Knows words, which it keeps as an asset, and counts calls, which it stores in a way of its own."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words: list[str] = []
        self.calls = 0

    def call(self, inputs: Any) -> Any:
        return inputs

    def save_assets(self, folder: str) -> None:
        Path(folder, "words.txt").write_text("\n".join(self.words))

    def load_assets(self, folder: str) -> None:
        self.words = Path(folder, "words.txt").read_text().split("\n")

    def save_own_variables(self, store: Any) -> None:
        store["calls"] = np.asarray(self.calls)

    def load_own_variables(self, store: Any) -> None:
        self.calls = int(store["calls"])


def test_assets_and_arrays_of_own_layers_come_back(tmp_path: Path) -> None:
    words = Words()
    words.words, words.calls = ["käse", "brot"], 3
    keras.Sequential([keras.Input((3,)), words]).save(tmp_path / "model.keras")

    copy = keras.saving.load_model(tmp_path / "model.keras", custom_objects={"Words": Words}).layers[0]

    assert (copy.words, copy.calls) == (["käse", "brot"], 3)
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert "assets/layers/words/words.txt" in archive.namelist()
    with pytest.raises(ValueError, match="Words"):
        keras.saving.load_model(tmp_path / "model.keras")


def test_missing_assets_are_an_error(tmp_path: Path) -> None:
    keras.Sequential([keras.Input((3,)), Words()]).save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist() if "assets" not in name}
    with zipfile.ZipFile(tmp_path / "without.keras", "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(ValueError, match=r"without\.keras: The assets of 'layers/words' do not fit"):
        keras.saving.load_model(tmp_path / "without.keras", custom_objects={"Words": Words})


LAYERS = [
    lambda: keras.layers.Dense(3, "tanh"),
    lambda: keras.layers.LayerNormalization(),
    lambda: keras.layers.BatchNormalization(),
    lambda: keras.layers.Activation("relu"),
    lambda: keras.layers.Rescaling(0.5, 1.0),
]
MERGES = [
    lambda pair: keras.layers.Add()(pair),
    lambda pair: keras.layers.Multiply()(pair),
    lambda pair: pair[0] - pair[1] * 2.0,
    lambda pair: keras.ops.maximum(*pair),
]


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(st.integers(0, 8), st.integers(0, 20), st.integers(0, 20)), max_size=8))
def test_random_graphs_come_back(steps: list[tuple[int, int, int]], tmp_path: Path) -> None:
    inputs = [keras.Input((3,)), keras.Input((3,))]
    tensors: list[Any] = list(inputs)
    shared = keras.layers.Dense(3)
    for kind, first, second in [(8, 0, 1), *steps]:
        one, other = tensors[first % len(tensors)], tensors[second % len(tensors)]
        if kind < len(LAYERS):
            tensors.append(LAYERS[kind]()(one) if first != second else shared(one))
        else:
            tensors.append(MERGES[kind - len(LAYERS)]([one, other]))
    model = keras.Model(inputs, tensors[2:][-3:])
    model.save(tmp_path / "random.keras")
    copy = keras.saving.load_model(tmp_path / "random.keras")
    assert json.dumps(copy.get_config()) == json.dumps(model.get_config())
    for got, expected in zip(copy([X, -X]), model([X, -X]), strict=True):
        np.testing.assert_array_equal(np.asarray(got), np.asarray(expected))


# -- a save that fails -------------------------------------------------------------------------------------


class Sick(keras.layers.Dense):
    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "extra": object}


@pytest.mark.slow
@pytest.mark.parametrize("what", ["config", "weights", "interrupt", "full disk"])
def test_a_failing_save_keeps_the_old_file(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, model = tmp_path / "model.keras", trained()
    model.save(path)
    before = path.read_bytes()
    if what == "config":
        model = keras.Sequential([keras.Input((3,)), Sick(2)])
    failure = KeyboardInterrupt if what == "interrupt" else OSError(28, "No space left on device")
    if what in ("weights", "interrupt"):

        def fail(store: Any) -> None:
            store["0"] = np.zeros(3)
            raise failure

        monkeypatch.setattr(model.layers[-1], "save_own_variables", fail)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    if what == "full disk":
        resource.setrlimit(resource.RLIMIT_FSIZE, (9000, limit[1]))
    try:
        with pytest.raises((OSError, KeyboardInterrupt, ValueError, NotImplementedError)):
            model.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def test_saves_at_the_same_time_end_with_one_whole_file(tmp_path: Path) -> None:
    path, models = tmp_path / "model.keras", [small(units) for units in (2, 3, 4, 5)]
    threads = [threading.Thread(target=lambda m=model: [m.save(path) for _ in range(5)]) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert keras.saving.load_model(path).layers[0].units in (2, 3, 4, 5)
    assert os.listdir(tmp_path) == [path.name]


# -- the call ----------------------------------------------------------------------------------------------


def test_save_has_the_arguments_of_keras_and_takes_older_ones_by_position(tmp_path: Path) -> None:
    expected = "(self, filepath, overwrite=True, **kwargs)"
    plain = [p.replace(annotation=p.empty) for p in inspect.signature(keras.Model.save).parameters.values()]
    assert str(inspect.Signature(plain)) == expected
    model = trained()
    model.save(tmp_path / "a.keras", True, False, None, None, None)
    assert int(keras.saving.load_model(tmp_path / "a.keras").optimizer.iterations) == 0
    with pytest.raises(TypeError, match="multiple values for argument 'include_optimizer'"):
        model.save(tmp_path / "a.keras", True, False, include_optimizer=True)
    keras.saving.save_model(model, tmp_path / "b.keras", zipped=True)
    keras.models.save_model(model, tmp_path / "c.keras")
    with pytest.warns(DeprecationWarning, match="save_format"):
        model.save(tmp_path / "d.keras", save_format="keras")
    assert keras.saving.load_model(tmp_path / "d.keras").compiled


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_save_says_what_is_wrong_with_its_arguments(tmp_path: Path) -> None:
    model = small()
    for path, kwargs, error, words in (
        ("m.keras", {"save_format": "h6"}, ValueError, "'keras', 'h5' or 'tf'"),
        ("m.h5", {"save_format": "keras"}, ValueError, "contradict"),
        ("m.h5", {"save_format": "tf"}, ValueError, "contradict"),
        ("m.keras", {"options": object()}, ValueError, "SavedModel only"),
        ("m.keras", {"sorcery": 1}, ValueError, "sorcery"),
        ("m.keras", {"zipped": False}, ValueError, "path of a folder"),
        ("m", {"zipped": False, "save_format": "tf"}, ValueError, "zipped=False"),
        ("m.keras", {"zipped": 2}, ValueError, "True or False"),
        ("missing/m.keras", {}, FileNotFoundError, "no folder"),
    ):
        with pytest.raises(error, match=words):
            model.save(tmp_path / path, **kwargs)
    assert os.listdir(tmp_path) == []
    with pytest.raises(ValueError, match="str or a Path"):
        model.save(3)


def test_overwrite_false_asks_and_a_no_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, model = tmp_path / "model.keras", small()
    model.save(path, overwrite=False)  # nothing there, nothing asked
    before = path.read_bytes()
    model.set_weights([weight + 1 for weight in model.get_weights()])
    answers = iter(["perhaps", "n", "y"])
    monkeypatch.setattr("builtins.input", lambda prompt="": next(answers))
    model.save(path, overwrite=False)
    assert path.read_bytes() == before
    model.save(path, overwrite=False)
    assert path.read_bytes() != before


def test_the_config_in_the_file_is_plain_json(tmp_path: Path) -> None:
    trained().save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        config = json.loads(archive.read("config.json"))
        assert json.loads(archive.read("metadata.json"))["seed_states"] == []
    assert config["class_name"] == "Sequential"
    assert config["compile_config"]["loss"] == "mse"


def test_a_loaded_model_warns_of_nothing(tmp_path: Path) -> None:
    for model in (trained(), small(), keras.Sequential([keras.layers.Dense(2)])):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.save(tmp_path / "model.keras")
            keras.saving.load_model(tmp_path / "model.keras")

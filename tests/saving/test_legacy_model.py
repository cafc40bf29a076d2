"""Whole models in HDF5, both ways with Keras, and what Keras 2 wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab.saving.legacy_model import load_model_from_hdf5, save_model_to_hdf5
from tests.saving.models import MODELS, data
from tests.saving.test_weights_with_keras import contents

NAMES = ["functional", "sequential", "nested", "recurrent"]


def trained(library: Any, name: str) -> Any:
    model = MODELS[name](library)
    model.compile(library.optimizers.Adam(0.05), library.losses.MeanSquaredError(), metrics=["mae"])
    model.fit(*data(name), epochs=2, shuffle=False, verbose=0)
    return model


def losses_from_here(model: Any, name: str) -> list[float]:
    """Dropout differs between the libraries, so evaluation stands between two steps without it."""
    x, y = data(name)
    return model.fit(x, y, epochs=2, shuffle=False, verbose=0).history["loss"]


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_files_of_keras_are_read_and_training_goes_on(backend: str, name: str, tmp_path: Path) -> None:
    x, y = data(name)
    theirs = trained(oracle, name)
    theirs.save(tmp_path / "theirs.h5")

    ours = keras.models.load_model(tmp_path / "theirs.h5")

    np.testing.assert_allclose(ours.predict(x, verbose=0), np.asarray(theirs(x)), atol=1e-5)
    np.testing.assert_allclose(
        ours.evaluate(x, y, verbose=0), theirs.evaluate(x, y, verbose=0), atol=1e-5, rtol=1e-5
    )
    assert int(ours.optimizer.iterations) == 2
    if name != "sequential":
        np.testing.assert_allclose(
            losses_from_here(ours, name), losses_from_here(theirs, name), rtol=1e-5, atol=1e-5
        )


@pytest.mark.oracle
@pytest.mark.parametrize("loss", ["mse", "MeanSquaredError", ["mean_squared_error"]])
def test_keras_reads_our_names_of_losses(loss: Any, tmp_path: Path) -> None:
    x, y = data("sequential")
    ours = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    ours.compile("sgd", loss, metrics=["mae"], weighted_metrics=[keras.metrics.MeanSquaredError()])
    ours.save(tmp_path / "ours.h5")
    expected = ours.evaluate(x, y, verbose=0)

    for library in (oracle, keras):
        copy = library.saving.load_model(tmp_path / "ours.h5")
        np.testing.assert_allclose(copy.evaluate(x, y, verbose=0), expected, atol=1e-6)


@pytest.mark.oracle
@pytest.mark.parametrize("name", NAMES)
def test_keras_reads_our_files(name: str, tmp_path: Path) -> None:
    x, y = data(name)
    ours = trained(keras, name)
    ours.save(tmp_path / "ours.h5")
    trained(oracle, name).save(tmp_path / "theirs.h5")

    theirs = oracle.saving.load_model(tmp_path / "ours.h5")

    np.testing.assert_allclose(np.asarray(theirs(x)), ours.predict(x, verbose=0), atol=1e-5)
    np.testing.assert_allclose(
        theirs.evaluate(x, y, verbose=0), ours.evaluate(x, y, verbose=0), atol=1e-5, rtol=1e-5
    )
    shapes = [sorted(contents(tmp_path / f"{which}.h5").values()) for which in ("ours", "theirs")]
    assert shapes[0] == shapes[1]  # Keras 3.15 itself cannot go on training after loading an .h5 file
    with h5py.File(tmp_path / "ours.h5") as mine, h5py.File(tmp_path / "theirs.h5") as its:
        assert set(mine.attrs) == set(its.attrs)
        configs = [json.loads(file.attrs["training_config"]) for file in (mine, its)]
        assert configs[0].keys() == configs[1].keys()
        assert configs[0]["optimizer_config"].keys() == configs[1]["optimizer_config"].keys()


@pytest.mark.slow
def test_our_own_files_go_on_exactly(backend: str, tmp_path: Path) -> None:
    model = trained(keras, "functional")
    model.save(tmp_path / "m.h5")

    copy = keras.models.load_model(tmp_path / "m.h5")

    assert losses_from_here(copy, "functional") == losses_from_here(model, "functional")


def test_without_the_optimizer_and_without_compiling(tmp_path: Path) -> None:
    model = trained(keras, "sequential")
    model.save(tmp_path / "without.h5", include_optimizer=False)
    model.save(tmp_path / "with.h5")

    assert not keras.models.load_model(tmp_path / "without.h5").compiled
    assert not keras.models.load_model(tmp_path / "with.h5", compile=False).compiled


def test_custom_objects_are_passed_in(tmp_path: Path) -> None:
    class Scale(keras.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones")

        def call(self, inputs: Any) -> Any:
            return inputs * self.factor

    def squared(y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean((y_true - y_pred) ** 2, axis=-1)

    model = keras.Sequential([keras.Input((3,)), Scale(), keras.layers.Dense(1)])
    model.compile("sgd", squared)
    x, y = data("sequential")
    save_model_to_hdf5(model, tmp_path / "m.h5")

    with pytest.raises(ValueError, match="Scale"):
        load_model_from_hdf5(tmp_path / "m.h5")
    with pytest.raises(ValueError, match=r"squared(.|\n)*compile=False"):
        load_model_from_hdf5(tmp_path / "m.h5", {"Scale": Scale})
    copy = load_model_from_hdf5(tmp_path / "m.h5", {"Scale": Scale, "squared": squared})
    assert copy.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)


def test_a_failing_save_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.h5"
    model = trained(keras, "sequential")
    model.save(path)
    before = path.read_bytes()

    def fail() -> Any:
        raise KeyboardInterrupt

    for method in ("get_config", "numpy"):
        target = model.layers[-1] if method == "get_config" else model.layers[-1].weights[0]
        with monkeypatch.context() as patch:
            patch.setattr(target, method, fail)
            with pytest.raises(KeyboardInterrupt):
                model.save(path)
        assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir()] == ["m.h5"]


# -- Keras 2 ----------------------------------------------------------------------------------------------

KERAS_2 = {
    "class_name": "Sequential",
    "config": {
        "name": "sequential",
        "layers": [
            {
                "class_name": "InputLayer",
                "config": {
                    "batch_input_shape": [None, 3],
                    "dtype": "float32",
                    "sparse": False,
                    "ragged": False,
                    "name": "dense_input",
                },
            },
            {
                "class_name": "Dense",
                "config": {
                    "name": "dense",
                    "trainable": True,
                    "batch_input_shape": [None, 3],
                    "dtype": "float32",
                    "units": 2,
                    "activation": "softmax",
                    "use_bias": True,
                    "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
                    "bias_initializer": {"class_name": "Zeros", "config": {}},
                    "kernel_regularizer": None,
                    "bias_regularizer": None,
                    "activity_regularizer": None,
                    "kernel_constraint": None,
                    "bias_constraint": None,
                },
            },
        ],
    },
}
KERAS_2_TRAINING = {
    "loss": {
        "class_name": "SparseCategoricalCrossentropy",
        "config": {"reduction": "auto", "name": "sparse_categorical_crossentropy", "from_logits": False},
    },
    "metrics": [
        [
            {
                "class_name": "MeanMetricWrapper",
                "config": {"name": "accuracy", "dtype": "float32", "fn": "sparse_categorical_accuracy"},
            }
        ]
    ],
    "weighted_metrics": None,
    "loss_weights": None,
    "optimizer_config": {
        "class_name": "Adam",
        "config": {
            "name": "Adam",
            "learning_rate": 0.25,
            "decay": 0.0,
            "beta_1": 0.9,
            "beta_2": 0.999,
            "epsilon": 1e-07,
            "amsgrad": False,
        },
    },
}


def test_files_of_keras_2_are_read_and_an_optimizer_of_another_form_begins_anew(tmp_path: Path) -> None:
    kernel = np.arange(6, dtype="float32").reshape(3, 2) / 10
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file.attrs["keras_version"] = b"2.4.0"
        file.attrs["model_config"] = json.dumps(KERAS_2).encode()
        file.attrs["training_config"] = json.dumps(KERAS_2_TRAINING).encode()
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [b"dense"]
        dense = weights.create_group("dense")
        dense.attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
        dense["dense/kernel:0"], dense["dense/bias:0"] = kernel, np.zeros(2, "float32")
        optimizer = file.create_group("optimizer_weights")
        optimizer.attrs["weight_names"] = [b"Adam/iter:0"]
        optimizer["Adam/iter:0"] = np.int64(7)

    with pytest.warns(UserWarning, match="the optimizer starts anew"):
        model = keras.models.load_model(tmp_path / "old.h5")

    x = np.ones((2, 3), "float32")
    scores = np.exp(x @ kernel)
    np.testing.assert_allclose(model.predict(x, verbose=0), scores / scores.sum(1, keepdims=True), rtol=1e-6)
    assert float(model.optimizer.learning_rate) == 0.25
    assert set(model.evaluate(x, np.array([1, 1]), verbose=0, return_dict=True)) == {"loss", "accuracy"}

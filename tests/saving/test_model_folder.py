"""Unpacked `.keras` files: folders, as Keras writes them with `zipped=False`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")


def trained(library: Any) -> Any:
    library.utils.set_random_seed(0)
    model = library.Sequential(
        [library.Input((3,)), library.layers.Dense(4), library.layers.Dropout(0.2), library.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    model.fit(X, X[:, :1], verbose=0)
    return model


@pytest.mark.oracle
@pytest.mark.parametrize("writer", [keras, oracle], ids=["layerlab", "keras"])
@pytest.mark.parametrize("reader", [keras, oracle], ids=["layerlab", "keras"])
def test_folders_go_both_ways(writer: Any, reader: Any, tmp_path: Path) -> None:
    model, folder = trained(writer), tmp_path / "model"
    # Keras has the argument in its function alone.
    writer.saving.save_model(model, folder, zipped=False)
    assert {"config.json", "metadata.json", "model.weights.h5"} <= set(os.listdir(folder))
    loaded = reader.saving.load_model(folder)
    np.testing.assert_allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)
    assert int(loaded.optimizer.iterations) == 1


class Shelf(keras.layers.Layer):
    """A layer that keeps a text beside its arrays."""

    text = "old"

    def call(self, x: Any) -> Any:
        return x

    def save_assets(self, folder: str) -> None:
        (Path(folder) / "text.txt").write_text(self.text)

    def load_assets(self, folder: str) -> None:
        self.text = (Path(folder) / "text.txt").read_text()


def test_assets_are_files_of_the_folder(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), Shelf()])
    for text in ("first", "second"):
        model.layers[0].text = text
        model.save(tmp_path / "model", zipped=False)
        loaded = keras.saving.load_model(tmp_path / "model", custom_objects={"Shelf": Shelf})
        assert loaded.layers[0].text == text
    hidden = [name for _, _, names in os.walk(tmp_path) for name in names if name.startswith(".")]
    assert hidden == []


def test_a_failing_save_leaves_the_old_files_and_makes_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, folder = trained(keras), tmp_path / "model"
    model.save(folder, zipped=False)
    (folder / "README.md").write_text("mine")
    before = {name: (folder / name).read_bytes() for name in os.listdir(folder)}

    def fail(store: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model.layers[-1], "save_own_variables", fail)
    for name in ("model", "other"):
        with pytest.raises(OSError, match="No space"):
            model.save(tmp_path / name, zipped=False)
    assert {name: (folder / name).read_bytes() for name in os.listdir(folder)} == before
    assert os.listdir(tmp_path) == ["model"]
    assert keras.saving.load_model(folder).compiled


@pytest.mark.parametrize("name", ["config.json", "metadata.json", "model.weights.h5"])
@pytest.mark.parametrize("harm", ["missing", "empty", "link", "pipe"])
def test_a_damaged_folder_is_refused(name: str, harm: str, tmp_path: Path) -> None:
    model, folder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]), tmp_path / "model"
    model.save(folder, zipped=False)
    outside = tmp_path / "outside"
    os.rename(folder / name, outside)
    if harm == "empty":
        (folder / name).touch()
    elif harm == "link":
        (folder / name).symlink_to(outside)
    elif harm == "pipe":
        os.mkfifo(folder / name)
    with pytest.raises((ValueError, ImportError, OSError)):
        keras.saving.load_model(folder)


def test_what_a_config_names_is_as_closed_as_in_a_file(tmp_path: Path) -> None:
    model, folder = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]), tmp_path / "model"
    model.save(folder, zipped=False)
    config = json.loads((folder / "config.json").read_text())
    config["config"]["layers"][1].update(module="os", class_name="system", registered_name="system")
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="system"):
        keras.saving.load_model(folder)

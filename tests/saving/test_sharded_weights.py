"""Weights in several files: both ways with the installed Keras, and as safe as one file."""

from __future__ import annotations

import json
import os
import shutil
import warnings
from pathlib import Path
from typing import Any

import h5py
import keras as oracle
import numpy as np
import pytest

import layerlab as keras

SMALL = 700 / 2**30  # bytes: each kernel of the model below is 576 or smaller
X = np.random.default_rng(0).normal(size=(6, 12)).astype("float32")


def model_of(library: Any, seed: int = 0, epochs: int = 2) -> Any:
    """Four layers with weights, and an optimizer that has taken steps."""
    library.utils.set_random_seed(seed)
    model = library.Sequential(
        [
            library.Input((12,)),
            library.layers.Dense(12, activation="relu"),
            library.layers.BatchNormalization(),
            library.layers.Dropout(0.1),
            library.layers.Dense(12),
            library.layers.Dense(1),
        ]
    )
    model.compile(library.optimizers.Adam(0.1), "mse")
    if epochs:
        model.fit(X, X[:, :1], epochs=epochs, verbose=0)
    return model


def weights(model: Any) -> list[np.ndarray]:
    return [np.array(v) for v in [*model.weights, *model.optimizer.variables]]


def same(one: Any, other: Any) -> None:
    for got, expected in zip(weights(one), weights(other), strict=True):
        np.testing.assert_array_equal(got, expected)


def shards(folder: Path) -> list[str]:
    return sorted(name for name in os.listdir(folder) if name.endswith(".h5"))


@pytest.mark.oracle
@pytest.mark.parametrize("writer", [keras, oracle], ids=["layerlab", "keras"])
@pytest.mark.parametrize("reader", [keras, oracle], ids=["layerlab", "keras"])
def test_what_one_writes_the_other_reads(writer: Any, reader: Any, tmp_path: Path) -> None:
    saved, loaded = model_of(writer), model_of(reader, seed=1)
    saved.save_weights(tmp_path / "w.weights.json", max_shard_size=SMALL)
    assert len(shards(tmp_path)) > 3
    assert shards(tmp_path)[0] == "w_00000.weights.h5"
    loaded.load_weights(tmp_path / "w.weights.json")
    kept = len(saved.weights)
    for got, expected in zip(weights(loaded)[:kept], weights(saved)[:kept], strict=True):
        np.testing.assert_array_equal(got, expected)
    assert int(loaded.optimizer.iterations) == int(saved.optimizer.iterations) == 2


@pytest.mark.slow
def test_all_weights_and_the_optimizer_come_back(backend: str, tmp_path: Path) -> None:
    saved, loaded = model_of(keras), model_of(keras, seed=1)
    saved.save_weights(tmp_path / "w.weights.json", max_shard_size=SMALL)
    loaded.load_weights(tmp_path / "w.weights.json")
    same(loaded, saved)
    config = json.loads((tmp_path / "w.weights.json").read_text())
    assert config["metadata"]["total_size"] == sum(value.nbytes for value in weights(saved))
    assert all(os.path.getsize(tmp_path / name) < 20_000 for name in shards(tmp_path))


@pytest.mark.slow
def test_one_place_may_lie_in_several_files(tmp_path: Path) -> None:
    saved, loaded = model_of(keras), model_of(keras, seed=1)
    saved.save_weights(tmp_path / "w.weights.json", max_shard_size=577 / 2**30)
    places = json.loads((tmp_path / "w.weights.json").read_text())["weight_map"]
    assert any(isinstance(names, list) for names in places.values())
    loaded.load_weights(tmp_path / "w.weights.json")
    same(loaded, saved)


@pytest.mark.slow
def test_the_name_of_one_file_becomes_that_of_the_list(tmp_path: Path) -> None:
    saved, loaded = model_of(keras), model_of(keras, seed=1)
    with pytest.warns(UserWarning, match=r"w\.weights\.json"):
        saved.save_weights(tmp_path / "w.weights.h5", max_shard_size=1)
    assert sorted(os.listdir(tmp_path)) == ["w.weights.json", "w_00000.weights.h5"]
    loaded.load_weights(tmp_path / "w.weights.json")
    same(loaded, saved)


@pytest.mark.slow
def test_a_second_save_replaces_all_files_and_no_others(tmp_path: Path) -> None:
    path, other = tmp_path / "w.weights.json", tmp_path / "w_00009.weights.h5"
    other.write_bytes(b"somebody else's")
    model_of(keras).save_weights(path, max_shard_size=SMALL)
    first = set(shards(tmp_path))
    saved = model_of(keras, seed=2)
    saved.save_weights(path, max_shard_size=1)
    assert len(shards(tmp_path)) == 2
    assert set(shards(tmp_path)) & first == {other.name}
    loaded = model_of(keras)
    loaded.load_weights(path)
    same(loaded, saved)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["in a file", "before the list"])
def test_a_save_that_fails_leaves_the_old_files(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, saved = tmp_path / "w.weights.json", model_of(keras)
    saved.save_weights(path, max_shard_size=SMALL)
    before = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    failing = model_of(keras, seed=1)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    if where == "in a file":
        monkeypatch.setattr(failing.layers[-1], "save_own_variables", fail)
    else:
        monkeypatch.setattr("layerlab.saving.sharded_weights.json.dumps", fail)
    with pytest.raises(OSError, match="No space"):
        failing.save_weights(path, max_shard_size=SMALL)
    monkeypatch.undo()
    assert before.items() <= {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}.items()
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]
    loaded = model_of(keras, seed=2)
    loaded.load_weights(path)
    same(loaded, saved)


def test_wrong_arguments_are_clear_errors(tmp_path: Path) -> None:
    model = model_of(keras, epochs=0)
    for path, size, words in (
        ("w.weights.json", 0, "positive number"),
        ("w.weights.json", "5GB", "save_format"),
        ("w.h5", 1, r"\.weights\.json"),
        ("w.weights.json", 100 / 2**30, "576 bytes"),
    ):
        with pytest.raises(ValueError, match=words):
            model.save_weights(tmp_path / path, max_shard_size=size)
    assert os.listdir(tmp_path) == []


# -- damage and harm ----------------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A list of files in a folder beside which there is another one's file."""
    folder = tmp_path / "here"
    folder.mkdir()
    model_of(keras, epochs=0).save_weights(folder / "w.weights.json", max_shard_size=SMALL)
    shutil.copy(folder / "w_00001.weights.h5", tmp_path / "outside.weights.h5")
    return folder / "w.weights.json"


def refuse(path: Path, words: str, kind: type[Exception] = ValueError) -> None:
    """Loading fails with these words, and the model stays as it is."""
    model = model_of(keras, seed=1, epochs=0)
    before = model.get_weights()
    with warnings.catch_warnings(), pytest.raises(kind, match=words):
        warnings.simplefilter("ignore")
        model.load_weights(path)
    for got, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize(
    "name",
    [
        "../outside.weights.h5",
        "/etc/passwd",
        "..",
        ".",
        "",
        "sub/w.weights.h5",
        "a\\b.h5",
        "w\0.h5",
        "C:w.h5",
        "w.txt",
        7,
        None,
        {"a": 1},
        "a" * 5000 + ".h5",
    ],
)
def test_names_that_are_no_names_of_files_beside_it_are_refused(name: Any, saved: Path) -> None:
    config = json.loads(saved.read_text())
    config["weight_map"]["/layers/dense/vars"] = name
    saved.write_text(json.dumps(config))
    refuse(saved, "files beside it")


def test_a_link_out_of_the_folder_is_refused(saved: Path) -> None:
    (saved.parent / "w_00001.weights.h5").unlink()
    (saved.parent / "w_00001.weights.h5").symlink_to(saved.parent.parent / "outside.weights.h5")
    refuse(saved, "another folder")


def test_a_pipe_in_place_of_a_file_is_refused(saved: Path) -> None:
    (saved.parent / "w_00001.weights.h5").unlink()
    os.mkfifo(saved.parent / "w_00001.weights.h5")
    refuse(saved, "pipe", OSError)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"metadata": {}}',
        '{"weight_map": []}',
        '{"weight_map": ' + "[" * 100_000,
        '{"weight_map": {"x": 1e999}}',
        "\0" * 40,
    ],
)
def test_a_damaged_list_is_refused(text: str, saved: Path) -> None:
    saved.write_text(text)
    refuse(saved, r"w\.weights\.json")


def test_a_list_of_far_too_many_files_or_bytes_is_refused(saved: Path) -> None:
    saved.write_text(json.dumps({"weight_map": {str(n): f"{n}.h5" for n in range(10_001)}}))
    refuse(saved, "at most 10000 files")
    with saved.open("w") as file:
        file.write('{"weight_map": {}}')
        file.truncate(2**36)  # holds nothing
    refuse(saved, "bytes")


def test_a_missing_or_damaged_file_is_named(saved: Path) -> None:
    shard = saved.parent / "w_00002.weights.h5"
    whole = shard.read_bytes()
    shard.unlink()
    refuse(saved, r"w_00002\.weights\.h5", FileNotFoundError)
    shard.write_bytes(whole[:100])
    refuse(saved, r"w_00002\.weights\.h5")
    with h5py.File(shard, "w") as file:
        file["layers"] = h5py.ExternalLink("../outside.weights.h5", "/layers")
    refuse(saved, "link")


def test_an_array_in_two_files_is_refused(saved: Path) -> None:
    config = json.loads(saved.read_text())
    shutil.copy(saved.parent / "w_00000.weights.h5", saved.parent / "again.h5")
    config["weight_map"]["/again/vars"] = "again.h5"
    saved.write_text(json.dumps(config))
    refuse(saved, "same array")

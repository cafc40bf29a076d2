"""save_weights and load_weights: which path means which format, older keywords, and files that are there."""

from __future__ import annotations

import builtins
import inspect
import os
import resource
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab import saving

HDF5 = b"\x89HDF"


def dense(library: Any = keras, units: int = 2, **options: Any) -> Any:
    layers = [library.layers.Dense(units, name="d", **options)]
    return library.Sequential([library.Input((3,)), *layers], name="s")


def test_the_arguments_are_those_of_keras_and_older_keywords() -> None:
    for method, names in (
        ("save_weights", ["filepath", "overwrite", "max_shard_size"]),
        ("load_weights", ["filepath", "skip_mismatch"]),
    ):
        assert list(inspect.signature(getattr(keras.Model, method)).parameters) == ["self", *names, "kwargs"]
        assert list(inspect.signature(getattr(saving, method)).parameters) == ["model", *names, "kwargs"]


@pytest.mark.parametrize(
    ("name", "options", "warns", "begins"),
    [
        ("a.weights.h5", {}, 0, HDF5),
        ("a.safetensors", {}, 0, None),
        ("a.h5", {}, 1, HDF5),
        ("a.hdf5", {}, 1, HDF5),
        ("a.keras", {}, 1, HDF5),
        ("a.weights.h5", {"save_format": "h5"}, 1, HDF5),
        ("a", {"save_format": "h5"}, 1, HDF5),
    ],
)
def test_each_path_has_its_format_and_older_ones_warn_once(
    name: str, options: dict[str, Any], warns: int, begins: bytes | None, tmp_path: Path
) -> None:
    model, copy = dense(), dense()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert model.save_weights(tmp_path / name, **options) is None
    assert [warning.category for warning in caught] == [DeprecationWarning] * warns

    assert begins is None or (tmp_path / name).read_bytes().startswith(begins)
    (tmp_path / name).rename(tmp_path / "moved.weights.h5")
    assert saving.load_weights(copy, str(tmp_path / "moved.weights.h5")) is None
    np.testing.assert_array_equal(copy.get_weights()[0], model.get_weights()[0])


def test_wrong_arguments_say_what_is_right(tmp_path: Path) -> None:
    model = dense()
    model.save_weights(tmp_path / "w.weights.h5")
    for call, words in [
        (lambda: model.save_weights(tmp_path / "w.h5", save_format="zip"), "'h5', or 'tf'"),
        (lambda: model.save_weights(tmp_path / "w.h5", save_format="tf"), "without a suffix of HDF5"),
        (lambda: model.save_weights(tmp_path / "w.h5", save_formt="h5"), "Did you mean 'save_format'"),
        (lambda: model.load_weights(tmp_path / "w.weights.h5", by_nam=True), "Did you mean 'by_name'"),
        (lambda: keras.Sequential([keras.layers.Dense(1)]).save_weights("w.weights.h5"), "no weights yet"),
    ]:
        with pytest.raises(ValueError, match=words):
            call()
    with pytest.warns(DeprecationWarning), pytest.raises(ValueError, match="older HDF5 layout"):
        model.load_weights(tmp_path / "w.weights.h5", by_name=True)


def test_objects_to_skip_are_neither_written_nor_read(tmp_path: Path) -> None:
    model = dense()
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    model.save_weights(tmp_path / "all.weights.h5")
    model.save_weights(tmp_path / "some.weights.h5", objects_to_skip=[model.optimizer])

    copy = dense()
    copy.compile("adam", "mse")
    copy.load_weights(tmp_path / "some.weights.h5")
    assert not copy.optimizer.built
    before = copy.get_weights()
    copy.load_weights(tmp_path / "all.weights.h5", objects_to_skip=[copy.layers[0]])
    np.testing.assert_array_equal(copy.get_weights()[0], before[0])
    assert int(copy.optimizer.iterations) == 1


def test_weights_are_read_out_of_a_whole_model(tmp_path: Path) -> None:
    model = dense()
    for name in ("m.keras", "m.h5"):
        copy = dense()
        model.save(tmp_path / name)
        copy.load_weights(tmp_path / name)
        np.testing.assert_array_equal(copy.get_weights()[0], model.get_weights()[0])


@pytest.mark.oracle
def test_bfloat16_goes_both_ways(tmp_path: Path) -> None:
    ours, theirs = dense(keras, dtype="bfloat16"), dense(oracle, dtype="bfloat16")
    ours.save_weights(tmp_path / "ours.weights.h5")
    theirs.load_weights(tmp_path / "ours.weights.h5")
    expected = ours.get_weights()[0]
    np.testing.assert_array_equal(np.asarray(theirs.get_weights()[0]), expected)

    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.set_weights([np.zeros((3, 2)), np.zeros(2)])
    ours.load_weights(tmp_path / "theirs.weights.h5")
    np.testing.assert_array_equal(ours.get_weights()[0], expected)


# -- files that are there -----------------------------------------------------------------------------------

NAMES = ["w.weights.h5", "w.h5", "w.safetensors"]


@pytest.mark.filterwarnings("ignore:save_weights:DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
def test_overwrite_false_asks(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / name
    model = dense()
    model.save_weights(path, overwrite=False)
    before = path.read_bytes()
    model.set_weights([weight + 1 for weight in model.get_weights()])
    replies = iter(["", "no", "Y"])
    monkeypatch.setattr(builtins, "input", lambda prompt: next(replies))

    model.save_weights(path, overwrite=False)
    assert path.read_bytes() == before
    model.save_weights(path, overwrite=False)
    assert path.read_bytes() != before

    monkeypatch.undo()
    with pytest.raises(FileExistsError, match="overwrite=True"):
        model.save_weights(path, overwrite=False)


@pytest.mark.filterwarnings("ignore:save_weights:DeprecationWarning")
@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_keeps_the_old_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    dense().save_weights(path)
    before = path.read_bytes()
    larger = dense(units=200_000)

    previous = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, previous[1]))  # Python ignores the signal
    try:
        with pytest.raises((OSError, RuntimeError)):
            larger.save_weights(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, previous)

    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [name]


@pytest.mark.filterwarnings("ignore:save_weights:DeprecationWarning")
def test_a_link_stays_a_link_and_other_things_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "real.weights.h5").touch()
    (tmp_path / "link.weights.h5").symlink_to("real.weights.h5")
    dense().save_weights(tmp_path / "link.weights.h5")
    assert (tmp_path / "link.weights.h5").is_symlink()
    assert (tmp_path / "real.weights.h5").read_bytes().startswith(HDF5)
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(OSError, match="is no file"):
        dense().save_weights(tmp_path / "folder.h5")
    with pytest.raises(FileNotFoundError, match="no folder"):
        dense().save_weights(tmp_path / "none" / "a.h5")


KILLED = """
import sys, numpy as np, layerlab as keras
model = keras.Sequential([keras.Input((300,)), keras.layers.Dense(300)])
print("ready", flush=True)
while True:
    for name in sys.argv[1:]:
        model.save_weights(name, **({"save_format": "h5"} if name.endswith("old.h5") else {}))
"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:save_weights:DeprecationWarning")
def test_a_kill_leaves_files_that_load(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.weights.h5", "old.h5", "a.safetensors")]
    rng = np.random.default_rng(0)
    model = keras.Sequential([keras.Input((300,)), keras.layers.Dense(300)])
    for path in paths:
        model.save_weights(path)
    command = [sys.executable, "-W", "ignore", "-c", KILLED, *map(str, paths)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5 + float(rng.random()))
        process.kill()
    for path in paths:
        model.load_weights(path)

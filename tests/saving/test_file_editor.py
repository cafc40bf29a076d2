"""KerasFileEditor, beside that of the installed Keras."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import h5py
import keras as oracle
import numpy as np
import pytest

import layerlab as keras

Editor = keras.saving.KerasFileEditor


def model_of(library: Any, *units: int) -> Any:
    library.utils.clear_session()
    layers = [library.layers.Dense(n) for n in units]
    model = library.Sequential([library.Input((3,)), *layers, library.layers.BatchNormalization()])
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    return model


def shapes(tree: Any) -> Any:
    return {k: shapes(v) if isinstance(v, dict) else tuple(v.shape) for k, v in tree.items()}


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["m.keras", "m.weights.h5"])
@pytest.mark.parametrize("library", [keras, oracle], ids=["layerlab", "keras"])
def test_it_shows_what_the_editor_of_keras_shows(
    name: str, library: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = model_of(library, 4, 2)
    (model.save if name == "m.keras" else model.save_weights)(tmp_path / name)
    ours, theirs = Editor(tmp_path / name), oracle.saving.KerasFileEditor(str(tmp_path / name))
    assert shapes(ours.weights_dict)["layers"] == shapes(theirs.weights_dict)["layers"]
    capsys.readouterr()
    ours.summary()
    shown = capsys.readouterr().out
    assert "dense_1" in shown
    assert "0: shape=(4, 2), dtype=float32" in shown


@pytest.mark.oracle
def test_comparisons_say_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model_of(keras, 4, 2).save_weights(tmp_path / "m.weights.h5")
    editor = Editor(tmp_path / "m.weights.h5")
    result = editor.compare(model_of(keras, 4, 2))
    assert (result["status"], result["error_count"]) == ("success", 0)
    assert result["match_count"] == len(h5_arrays(tmp_path / "m.weights.h5"))
    theirs = model_of(oracle, 4, 2)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    expected = oracle.saving.KerasFileEditor(str(tmp_path / "theirs.weights.h5")).compare(theirs)
    assert expected.keys() == result.keys()
    assert expected["error_count"] == 0  # its match_count has weights that it meets twice

    result = editor.compare(model_of(keras, 5, 2))
    shown = capsys.readouterr().out
    assert result["status"] == "error"
    assert "'layers/dense/0' has shape (3, 4), in the model (3, 5)" in shown
    assert editor.compare(model_of(keras, 4, 2, 6))["status"] == "error"
    assert "'layers/dense_2/0', of shape (2, 6), is missing from the file" in capsys.readouterr().out


def h5_arrays(path: Path) -> list[str]:
    found: list[str] = []
    with h5py.File(path) as file:
        file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    return found


@pytest.mark.oracle
@pytest.mark.parametrize("library", [keras, oracle], ids=["layerlab", "keras"])
def test_a_changed_file_fits_the_changed_model(library: Any, tmp_path: Path) -> None:
    old, new = model_of(library, 4, 2), model_of(library, 4, 4, 2)
    old.save_weights(tmp_path / "old.weights.h5")
    editor = Editor(tmp_path / "old.weights.h5")
    editor.delete_object("optimizer")
    editor.rename_object("dense_1", "dense_2")
    editor.add_object("layers/dense_1", {"0": np.eye(4, dtype="float32")})
    editor.add_weights("layers/dense_1", {"1": np.ones(4, "float32"), "2": np.ones(1)})
    editor.delete_weight("dense_1", "2")
    editor.resave_weights(tmp_path / "new.weights.h5")

    new.load_weights(tmp_path / "new.weights.h5")
    expected = [np.asarray(w) for w in old.get_weights()]
    got = [np.asarray(w) for w in new.get_weights()]
    np.testing.assert_array_equal(got[0], expected[0])
    np.testing.assert_array_equal(got[2], np.eye(4))
    np.testing.assert_array_equal(got[3], np.ones(4))
    np.testing.assert_array_equal(got[4], expected[2])
    if library is keras:
        assert Editor(tmp_path / "new.weights.h5").compare(new)["match_count"] == 10


def test_half_precision_comes_back(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, dtype="bfloat16")])
    model.save_weights(tmp_path / "m.weights.h5")
    Editor(tmp_path / "m.weights.h5").resave_weights(tmp_path / "n.weights.h5")
    before = model.get_weights()
    model.set_weights([weight * 0 for weight in before])
    model.load_weights(tmp_path / "n.weights.h5")
    for weight, old in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, old)


def test_mistakes_are_told_and_change_nothing(tmp_path: Path) -> None:
    model_of(keras, 4, 2).save_weights(tmp_path / "m.weights.h5")
    editor = Editor(tmp_path / "m.weights.h5")
    before = shapes(editor.weights_dict)
    for call, words in (
        (lambda: editor.delete_object("dense_7"), "'dense_7' is not in the file"),
        (lambda: editor.delete_object("layers/dens"), "Did you mean 'layers/dense'"),
        (lambda: editor.rename_object("dense", "a/b"), "not a path"),
        (lambda: editor.rename_object("dense", "dense_1"), "there is a 'dense_1'"),
        (lambda: editor.add_object("nowhere/dense", {}), "'nowhere' is not in the file"),
        (lambda: editor.add_object("../x", {}), "name of an object"),
        (lambda: editor.add_object("layers/x", [1]), "a dict like"),
        (lambda: editor.add_object("layers/x", {"0": "text"}), "an array of numbers"),
        (lambda: editor.add_object("layers/x", {"0": np.array([object()])}), "an array of numbers"),
        (lambda: editor.delete_weight("dense", "9"), "no weight '9'"),
        (lambda: editor.add_weights("dense", {"a/b": 1.0}), "an array of numbers"),
        (lambda: editor.resave_weights(tmp_path / "m.h5"), r"\.weights\.h5"),
        (lambda: Editor(tmp_path / "m.h5"), r"\.keras or \.weights\.h5"),
    ):
        with pytest.raises(ValueError, match=words):
            call()  # type: ignore[no-untyped-call]
    assert shapes(editor.weights_dict) == before
    with pytest.raises(FileNotFoundError):
        Editor(tmp_path / "none.weights.h5")


def test_a_name_that_occurs_twice_needs_a_path(tmp_path: Path) -> None:
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)], name="inner")
    model = keras.Sequential([keras.Input((3,)), inner, keras.layers.Dense(3)])
    model.save_weights(tmp_path / "m.weights.h5")
    editor = Editor(tmp_path / "m.weights.h5")
    with pytest.raises(ValueError, match="layers/sequential/layers/dense"):
        editor.delete_object("dense")
    editor.delete_object("layers/sequential/layers/dense")
    editor.delete_object("dense")


def test_hostile_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as file:
        file["layers"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(ValueError, match="link"):
        Editor(path)
    with h5py.File(path, "w") as file:
        file["layers/a\x1b[31m/vars/0"] = np.zeros(2)
    lines = list(Editor(path)._lines(Editor(path).weights_dict, "", ""))
    assert "\x1b" not in "".join(lines)


@pytest.mark.oracle
def test_the_methods_are_those_of_keras() -> None:
    for name, method in inspect.getmembers(oracle.saving.KerasFileEditor, inspect.isfunction):
        if not name.startswith("_"):
            theirs, ours = inspect.signature(method), inspect.signature(getattr(Editor, name))
            assert list(ours.parameters) == list(theirs.parameters), name

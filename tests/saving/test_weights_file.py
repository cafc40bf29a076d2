"""Saving never loses a file, loading never half-changes a model, and a file reaches nothing outside it."""

from __future__ import annotations

import os
import stat
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import layerlab as keras
from tests.saving.models import MODELS, data
from tests.training.models import same_state, state_of


def trained() -> Any:
    model = MODELS["functional"](keras)
    model.compile(keras.optimizers.Adam(0.05), "mse")
    model.fit(*data("functional"), epochs=2, verbose=0)
    return model


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """The weights of a model that was not compiled."""
    path = tmp_path / "model.weights.h5"
    MODELS["functional"](keras).save_weights(path)
    return path


@pytest.mark.slow
def test_a_copy_predicts_the_same_and_trains_on_in_the_same_way(backend: str, tmp_path: Path) -> None:
    x, y = data("functional")
    model = trained()
    model.save_weights(tmp_path / "a.weights.h5")
    copy = MODELS["functional"](keras)
    copy.compile(keras.optimizers.Adam(0.05), "mse")

    copy.load_weights(str(tmp_path / "a.weights.h5"))

    np.testing.assert_array_equal(copy.predict(x, verbose=0), model.predict(x, verbose=0))
    assert (
        copy.fit(x, y, shuffle=False, verbose=0).history == model.fit(x, y, shuffle=False, verbose=0).history
    )
    assert same_state(state_of(model), state_of(copy))


def test_bfloat16_weights_keep_their_bits(backend: str, tmp_path: Path) -> None:
    layer = keras.layers.Dense(2, dtype="bfloat16")
    model = keras.Sequential([keras.Input((3,), dtype="bfloat16"), layer])
    model.save_weights(tmp_path / "half.weights.h5")
    before = layer.get_weights()[0]
    layer.set_weights([np.zeros((3, 2)), np.zeros(2)])

    model.load_weights(tmp_path / "half.weights.h5")

    assert before.dtype.name == "bfloat16"
    np.testing.assert_array_equal(layer.get_weights()[0], before)


def test_a_failing_save_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.weights.h5"
    model = MODELS["functional"](keras)
    model.save_weights(path)
    path.chmod(0o640)
    before = path.read_bytes()

    def fail(store: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(model.layers[-1], "save_own_variables", fail)
    with pytest.raises(KeyboardInterrupt):
        model.save_weights(path)

    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]
    monkeypatch.undo()
    model.save_weights(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == [path.name]


def test_save_says_what_is_wrong_with_a_path(tmp_path: Path, saved: Path) -> None:
    model = MODELS["functional"](keras)
    with pytest.raises(ValueError, match="a str or a Path"):
        model.save_weights(7)
    with pytest.raises(FileNotFoundError, match=r"no folder .*missing"):
        model.save_weights(tmp_path / "missing" / "a.weights.h5")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        model.save_weights(saved, overwrite=False)
    with pytest.raises(FileNotFoundError, match="There is no file"):
        model.load_weights(tmp_path / "other.weights.h5")
    with pytest.raises(ValueError, match="no weights yet"):
        keras.Sequential([keras.layers.Dense(2)]).save_weights(saved)


def edit(change: Callable[[h5py.File], Any]) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        with h5py.File(path, "r+") as file:
            change(file)

    return apply


def replace(place: str, make: Callable[[h5py.File], Any]) -> Callable[[Path], None]:
    def change(file: h5py.File) -> None:
        del file[place]
        made = make(file)
        if made is not None:
            file[place] = made

    return edit(change)


LAST = "layers/dense_2/vars/0"  # loaded after the others, so that these must be taken back

DAMAGE: dict[str, tuple[Callable[[Path], Any], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "not a readable HDF5 file"),
    "text": (lambda path: path.write_bytes(b"hello" * 100), "not a readable HDF5 file"),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:2000]), "not a readable HDF5 file"),
    "a missing layer": (replace("layers/dense_2", lambda file: None), "no weights for 'layers/dense_2'"),
    "a missing array": (replace(LAST, lambda file: None), "do not fit"),
    "another shape": (replace(LAST, lambda file: np.zeros((5, 1))), r"\(4, 1\)(.|\n)*\(5, 1\)"),
    "a huge array that is not there": (
        replace(LAST, lambda file: file.create_dataset(LAST, (2**20, 2**12), "f4") and None),
        r"\(1048576, 4096\)(.|\n)*0 in the file",
    ),
    "text in place of numbers": (replace(LAST, lambda file: np.array([b"x"] * 4)), "an array of numbers"),
    "complex numbers": (replace(LAST, lambda file: np.zeros((4, 1), "complex64")), "numbers"),
    "a group for an array": (
        replace(LAST, lambda file: file.create_group(LAST) and None),
        "an array of numbers",
    ),
    "an array for a group": (replace("layers/dense_2", lambda file: np.zeros(2)), "no group"),
    "a link to a file": (replace(LAST, lambda file: h5py.ExternalLink("/etc/passwd", "/x")), "a link"),
    "a layer that is a link": (
        replace("layers/dense_2", lambda file: h5py.ExternalLink("other.h5", "/layers/dense_2")),
        "a link",
    ),
    "a link inside": (replace(LAST, lambda file: h5py.SoftLink("/layers/dense/vars/0")), "a link"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_bad_file_is_refused_and_the_model_stays(name: str, saved: Path) -> None:
    damage, words = DAMAGE[name]
    damage(saved)
    model = MODELS["functional"](keras)
    before = state_of(model)

    with pytest.raises(ValueError, match=words) as caught:
        model.load_weights(saved)

    assert "model.weights.h5" in str(caught.value)
    assert len(str(caught.value)) < 600
    assert same_state(before, state_of(model))


@pytest.mark.slow
def test_a_wrong_optimizer_state_leaves_all_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "model.weights.h5"
    trained().save_weights(path)
    last = "optimizer/vars/5"
    replace(last, lambda file: np.zeros((7, 7)))(path)
    model = trained()
    before = state_of(model)

    with pytest.raises(ValueError, match=r"\(7, 7\)"):
        model.load_weights(path)

    assert same_state(before, state_of(model))


def test_skip_mismatch_loads_what_fits_and_tells_the_rest(saved: Path) -> None:
    replace(LAST, lambda file: np.zeros((5, 1)))(saved)
    source, model = MODELS["functional"](keras), MODELS["functional"](keras)
    with pytest.warns(UserWarning, match="Left out"):
        source.load_weights(saved, skip_mismatch=True)
    before = model.layers[-1].get_weights()

    with pytest.warns(UserWarning, match="Left out 'layers/dense_2'"):
        model.load_weights(saved, skip_mismatch=True)

    np.testing.assert_array_equal(model.layers[1].get_weights()[0], source.layers[1].get_weights()[0])
    for mine, other in zip(before, model.layers[-1].get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_weights_that_have_no_place_are_told(saved: Path) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    with pytest.warns(UserWarning, match="no place: .*layers/dense_1"):
        model.load_weights(saved)


def test_weights_that_are_not_finite_are_told(saved: Path) -> None:
    replace(LAST, lambda file: np.full((4, 1), np.nan))(saved)
    with pytest.warns(UserWarning, match=r"dense_\d+/kernel' has values that are not finite"):
        MODELS["functional"](keras).load_weights(saved)


@pytest.mark.slow
def test_flipped_bytes_give_weights_or_a_clear_error(saved: Path) -> None:
    raw = saved.read_bytes()
    rng = np.random.default_rng(0)
    model = MODELS["functional"](keras)
    for _ in range(200):
        damaged = bytearray(raw)
        for place in rng.integers(0, len(raw), rng.integers(1, 6)):
            damaged[place] = rng.integers(0, 256)
        saved.write_bytes(damaged)
        before = state_of(model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                model.load_weights(saved)
            except ValueError as error:
                assert "model.weights.h5" in str(error)
                assert same_state(before, state_of(model))

"""The older HDF5 layout of weights: both ways with Keras, by order and by name, all or nothing."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import h5py
import keras as oracle
import numpy as np
import pytest
from keras.src.legacy.saving import legacy_h5_format

import layerlab as keras
from tests.saving.models import MODELS, data
from tests.saving.test_weights_with_keras import contents, scrambled
from tests.training.models import same_state, state_of

pytestmark = pytest.mark.filterwarnings("ignore:(save|load)_weights:DeprecationWarning")


def bidirectional(library: Any) -> Any:
    inputs = library.Input((4, 3))
    hidden = library.layers.Bidirectional(library.layers.GRU(2, return_sequences=True))(inputs)
    hidden = library.layers.RNN([library.layers.LSTMCell(3), library.layers.SimpleRNNCell(2)])(hidden)
    return library.Model(inputs, library.layers.Dense(1)(hidden))


def shared_and_frozen(library: Any) -> Any:
    dense = library.layers.Dense(3, name="twice")
    norm = library.layers.BatchNormalization(name="norm")
    inputs = library.Input((3,))
    inner = library.Sequential([library.Input((3,)), library.layers.Dense(3), norm], name="inner")
    outputs = library.layers.Dense(1)(inner(dense(dense(inputs))))
    inner.layers[0].trainable = False  # moves its weights behind those that are trained
    return library.Model(inputs, outputs)


ALL = {**MODELS, "bidirectional": bidirectional, "shared_and_frozen": shared_and_frozen}


def inputs_of(name: str) -> np.ndarray:
    if name == "bidirectional":
        return np.random.default_rng(0).normal(size=(8, 4, 3)).astype("float32")
    return data("functional" if name == "shared_and_frozen" else name)[0]


def names_in(path: Path) -> dict[str, list[str]]:
    with h5py.File(path) as file:
        layers = [str(name) for name in file.attrs["layer_names"].astype("str")]
        return {layer: list(file[layer].attrs["weight_names"].astype("str")) for layer in layers}


@pytest.mark.oracle
@pytest.mark.parametrize("name", ALL)
def test_older_weight_files_go_both_ways(name: str, tmp_path: Path) -> None:
    x = inputs_of(name)
    theirs, ours = scrambled(ALL[name](oracle)), ALL[name](keras)
    with h5py.File(tmp_path / "theirs.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, theirs)
    expected = np.asarray(theirs(x))

    ours.load_weights(tmp_path / "theirs.h5")
    np.testing.assert_allclose(np.asarray(ours(x)), expected, atol=1e-5)

    ours.save_weights(tmp_path / "ours.h5")
    assert [len(names) for names in names_in(tmp_path / "ours.h5").values()] == [
        len(names) for names in names_in(tmp_path / "theirs.h5").values()
    ]
    back = ALL[name](oracle)
    back.load_weights(tmp_path / "ours.h5")
    np.testing.assert_allclose(np.asarray(back(x)), expected, atol=1e-5)


def dense(*spec: tuple[str, int], dropout: bool = False) -> Any:
    hidden = inputs = keras.Input((3,), name="in")
    for name, units in spec:
        hidden = keras.layers.Dense(units, name=name)(hidden)
        hidden = keras.layers.Dropout(0.1)(hidden) if dropout else hidden
    return keras.Model(inputs, hidden)


def test_by_order_layers_without_weights_and_names_do_not_matter(backend: str, tmp_path: Path) -> None:
    source, target = dense(("a", 4), ("b", 2)), dense(("c", 4), ("d", 2), dropout=True)
    source.save_weights(tmp_path / "w.h5")

    assert target.load_weights(tmp_path / "w.h5") is None

    for mine, its in zip(target.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)


def test_by_name_only_layers_of_equal_name_are_read(tmp_path: Path) -> None:
    source, target = dense(("a", 4), ("b", 4)), dense(("b", 4), ("new", 2))
    with pytest.warns(DeprecationWarning, match=r"\.weights\.h5"):
        source.save_weights(tmp_path / "w.h5")
    source.get_layer("b").set_weights([np.ones((4, 4)), np.ones(4)])
    before = target.get_weights()

    with (
        pytest.warns(DeprecationWarning, match="by_name"),
        pytest.raises(ValueError, match=r"w\.h5: (.|\n)*\(3, 4\)(.|\n)*\(4, 4\)"),
    ):
        target.load_weights(tmp_path / "w.h5", by_name=True)
    with pytest.warns(UserWarning, match="Left out 'b'"):
        target.load_weights(tmp_path / "w.h5", by_name=True, skip_mismatch=True)

    for mine, its in zip(target.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, its)


def test_what_does_not_fit_changes_nothing_or_is_left_out_with_one_warning_a_layer(tmp_path: Path) -> None:
    source, target = dense(("a", 4), ("b", 5), ("c", 2)), dense(("a", 4), ("b", 6), ("c", 2))
    source.save_weights(tmp_path / "w.h5")
    before = state_of(target)

    with pytest.raises(ValueError, match=r"b/kernel(.|\n)*\(4, 6\)(.|\n)*\(4, 5\)"):
        target.load_weights(tmp_path / "w.h5")
    assert same_state(before, state_of(target))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        target.load_weights(tmp_path / "w.h5", skip_mismatch=True)

    left_out = [str(warning.message) for warning in caught if "Left out" in str(warning.message)]
    assert len(left_out) == 2 and "'b'" in left_out[0] and "'c'" in left_out[1]
    np.testing.assert_array_equal(target.get_weights()[0], source.get_weights()[0])
    with pytest.raises(ValueError, match=r"3 layers with weights(.|\n)*by_name=True"):
        dense(("a", 4), ("b", 5), ("c", 2)).load_weights(_saved(dense(("a", 4)), tmp_path / "one.h5"))


def _saved(model: Any, path: Path) -> Path:
    model.save_weights(path)
    return path


@pytest.mark.slow
def test_long_lists_of_names_are_written_in_parts_as_keras_does(tmp_path: Path) -> None:
    spec = [(f"{'long' * 60}_{number}", 1) for number in range(300)]
    path = _saved(dense(*spec), tmp_path / "w.h5")
    with h5py.File(path) as file:
        assert "layer_names" not in file.attrs and {"layer_names0", "layer_names1"} <= set(file.attrs)
        assert legacy_h5_format.load_attributes_from_hdf5_group(file, "layer_names")[1:] == [
            n for n, _ in spec
        ]

    dense(*spec).load_weights(path)


def test_weights_of_equal_path_each_get_a_place(tmp_path: Path) -> None:
    source = dense(("a", 3))
    inner = [keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, name="same")]) for _ in range(2)]
    model = keras.Model(source.inputs, inner[1](inner[0](source.outputs[0])))
    holder = keras.Sequential([keras.Input((3,)), model])
    copy = keras.models.clone_model(holder)

    copy.load_weights(_saved(holder, tmp_path / "w.h5"))

    for mine, its in zip(copy.get_weights(), holder.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    source, target = dense(("a", 4)), dense(("a", 4))
    source.save_weights(tmp_path / "w.weights.h5")
    (tmp_path / "w.weights.h5").rename(tmp_path / "w.h5")
    source.save_weights(tmp_path / "old.weights.h5", save_format="h5")
    assert set(contents(tmp_path / "old.weights.h5")) == {"a/a/kernel", "a/a/bias"}

    for name in ("w.h5", "old.weights.h5"):
        target.set_weights([np.zeros((3, 4)), np.zeros(4)])
        target.load_weights(tmp_path / name)
        np.testing.assert_array_equal(target.get_weights()[0], source.get_weights()[0])

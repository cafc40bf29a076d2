"""Weights go both ways between Keras and layerlab: same files, same predictions, same further training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from tests.saving.models import MODELS, data

pytestmark = pytest.mark.oracle


def contents(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of all arrays of a file."""
    found: dict[str, tuple[int, ...]] = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.update({name: item.shape}) if isinstance(item, h5py.Dataset) else None
        )
    return found


def scrambled(model: Any) -> Any:
    """The model with weights that no initializer gives."""
    rng = np.random.default_rng(1)
    model.set_weights([np.abs(rng.normal(size=np.shape(weight))) for weight in model.get_weights()])
    return model


@pytest.mark.parametrize("name", MODELS)
def test_weights_go_both_ways(name: str, tmp_path: Path) -> None:
    x, _ = data(name)
    theirs, ours = scrambled(MODELS[name](oracle)), MODELS[name](keras)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    expected = np.asarray(theirs(x))

    ours.load_weights(tmp_path / "theirs.weights.h5")
    np.testing.assert_allclose(np.asarray(ours(x)), expected, atol=1e-5)

    ours.save_weights(tmp_path / "ours.weights.h5")
    assert contents(tmp_path / "ours.weights.h5") == contents(tmp_path / "theirs.weights.h5")
    back = MODELS[name](oracle)
    back.load_weights(tmp_path / "ours.weights.h5")
    np.testing.assert_allclose(np.asarray(back(x)), expected, atol=1e-5)


@pytest.mark.slow
def test_training_goes_on_where_keras_ended(backend: str, tmp_path: Path) -> None:
    x, y = data("functional")
    models = []
    for library in (oracle, keras):
        model = MODELS["functional"](library)
        model.compile(library.optimizers.Adam(0.05), "mse")
        models.append(model)
    theirs, ours = models
    theirs.fit(x, y, epochs=3, verbose=0)
    theirs.save_weights(tmp_path / "trained.weights.h5")

    ours.load_weights(tmp_path / "trained.weights.h5")

    assert int(ours.optimizer.iterations) == 3
    expected = theirs.fit(x, y, epochs=2, verbose=0).history["loss"]
    np.testing.assert_allclose(ours.fit(x, y, epochs=2, verbose=0).history["loss"], expected, atol=1e-4)
    ours.save_weights(tmp_path / "ours.weights.h5")
    assert contents(tmp_path / "ours.weights.h5") == contents(tmp_path / "trained.weights.h5")

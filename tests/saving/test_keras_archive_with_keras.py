"""`.keras` files go both ways between Keras and layerlab: same predictions, and training goes on the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab import tree
from tests.saving.whole_models import WHOLE, custom_objects, make

pytestmark = pytest.mark.oracle
LIBRARIES = {"theirs": oracle, "ours": keras}


def predictions(model: Any, x: Any) -> list[np.ndarray]:
    return [np.asarray(array, "float32") for array in tree.flatten(model.predict(x, verbose=0))]


def losses(model: Any, x: Any, y: Any) -> dict[str, list[float]]:
    return dict(model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0).history)


@pytest.mark.slow
@pytest.mark.parametrize("direction", [("theirs", "ours"), ("ours", "theirs")])
@pytest.mark.parametrize("name", WHOLE)
def test_a_file_of_one_goes_on_in_the_other(name: str, direction: tuple[str, str], tmp_path: Path) -> None:
    writer, reader = (LIBRARIES[side] for side in direction)
    model, x, y = make(name, writer)
    model.save(tmp_path / "model.keras")

    copy = reader.saving.load_model(tmp_path / "model.keras", custom_objects=custom_objects(reader))

    assert copy.name == model.name
    assert int(copy.optimizer.iterations) == int(model.optimizer.iterations) == 4
    exact = 1e-2 if name in ("mixed", "scaled", "halves") else 1e-6  # of eight bits
    for ours, theirs in zip(predictions(copy, x), predictions(model, x), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=exact, atol=exact)
    if writer is keras:  # and back into the library that wrote it, with every variable
        same = keras.saving.load_model(tmp_path / "model.keras", custom_objects=custom_objects(keras))
        for loaded, saved in zip(same.variables, model.variables, strict=True):
            np.testing.assert_array_equal(loaded.numpy(), saved.numpy())
        for loaded, saved in zip(same.optimizer.variables, model.optimizer.variables, strict=True):
            np.testing.assert_array_equal(loaded.numpy(), saved.numpy())
    expected, got = losses(model, x, y), losses(copy, x, y)
    assert got.keys() == expected.keys()
    for key, values in expected.items():
        np.testing.assert_allclose(got[key], values, atol=max(exact, 1e-5), rtol=max(exact, 1e-5))

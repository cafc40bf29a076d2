"""Arrays of every layout at every door where data come in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from tests.data.layouts import LAYOUTS, NUMBERS


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    """By back end a model that sums each row, trained at a learning rate of 0: compiled once for all."""
    return {}


@pytest.fixture
def summing(backend: str, models: dict[str, Any]) -> Any:
    if backend not in models:
        inputs = keras.Input((4,))
        models[backend] = keras.Model(inputs, keras.layers.Dense(1, kernel_initializer="ones")(inputs))
        models[backend].compile(keras.optimizers.SGD(0.0), "mse")
    return models[backend]


def generated(*batch: Any) -> Iterator[Any]:
    yield batch


@pytest.mark.parametrize("layout", LAYOUTS)
def test_data_of_any_layout_are_their_numbers(summing: Any, layout: str) -> None:
    x = LAYOUTS[layout]()
    numbers = np.asarray(x).astype("float64")
    sums, y, weights = numbers.sum(1), x[:, :1], np.asarray(x)[:, 3]
    errors = (sums - numbers[:, 0]) ** 2
    loss, weighted = pytest.approx(errors.mean()), pytest.approx((errors * numbers[:, 3]).mean())

    assert keras.ops.convert_to_numpy(summing(x))[:, 0].tolist() == sums.tolist()
    assert summing.predict(x, verbose=0)[:, 0].tolist() == sums.tolist()
    assert summing.predict(generated(x), verbose=0)[:, 0].tolist() == sums.tolist()
    assert summing.evaluate(x, y, verbose=0) == loss
    assert summing.evaluate(x, y, sample_weight=weights, verbose=0) == weighted
    assert summing.evaluate(generated(x, y, weights), verbose=0) == weighted
    assert summing.train_on_batch(x, y) == loss
    history = summing.fit(x, y, validation_data=(x, y), verbose=0).history
    assert history == {"loss": [loss], "val_loss": [loss]}
    assert summing.fit(x, y, validation_split=0.5, shuffle=False, batch_size=3, verbose=0).history == {
        "loss": [pytest.approx(errors[:3].mean())],
        "val_loss": [pytest.approx(errors[3:].mean())],
    }


def test_a_memory_mapped_file_is_data(summing: Any, tmp_path: Path) -> None:
    for dtype in ("<f4", ">f4"):
        path = tmp_path / f"{dtype[0] == '>'}.npy"
        np.save(path, NUMBERS.astype(dtype))
        mapped = np.load(path, mmap_mode="r")
        assert summing.predict(mapped, verbose=0)[:, 0].tolist() == NUMBERS.sum(1).tolist()


def test_class_numbers_of_any_layout_are_weighed(summing: Any) -> None:
    x, y = NUMBERS[::-1], np.array([1, 0, 1, 1, 0, 1], ">i8")[::-1, None]
    errors = (NUMBERS.sum(1)[::-1] - y[:, 0]) ** 2

    history = summing.fit(x, y, class_weight={0: 0.0, 1: 1.0}, verbose=0).history

    assert history["loss"] == [pytest.approx((errors * y[:, 0]).mean())]

"""Data, losses and metrics by name for a model with lists of inputs and outputs; expected values by NumPy."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import layerlab as keras
from layerlab import layers

pytestmark = pytest.mark.slow  # the whole file, so that `make test-fast` keeps its two minutes

# Neither inputs nor outputs are in alphabetical order, and all have sizes of their own.
TITLE = np.linspace(-1, 2, 12, dtype="float32").reshape(4, 3)
BODY = np.linspace(3, -2, 16, dtype="float32").reshape(4, 4)
NAMED = {"body": BODY, "title": TITLE}
TARGETS = {"department": np.full((4, 2), 3.0, "float32"), "priority": np.full((4, 1), -2.0, "float32")}
WEIGHTS = {"department": np.array([0.0, 1, 2, 3]), "priority": np.array([4.0, 0, 0, 1])}

TITLES, BODIES = TITLE.sum(1), 2 * BODY.sum(1)
PRIORITY = (TITLES + BODIES + 2) ** 2  # squared error of each sample
DEPARTMENT = abs(TITLES + BODIES - 3)  # absolute error of each sample, alike for both units


def ticket_model(as_dict: bool, **compiled: Any) -> Any:
    """Titles once and bodies twice, summed; trained at a learning rate of 0."""
    title, body = keras.Input((3,), name="title"), keras.Input((4,), name="body")
    joined = layers.Concatenate()([title, body, body])
    priority, department = (
        layers.Dense(units, kernel_initializer="ones", name=name)(joined)
        for units, name in ((1, "priority"), (2, "department"))
    )
    if as_dict:
        inputs, outputs = {"title": title, "body": body}, {"priority": priority, "department": department}
    else:
        inputs, outputs = [title, body], [priority, department]  # type: ignore[assignment]
    model = keras.Model(inputs, outputs)
    options: dict[str, Any] = {"loss": {"department": "mae", "priority": "mse"}, **compiled}
    model.compile(keras.optimizers.SGD(0.0), **options)
    return model


@pytest.fixture(params=[False, True], ids=["list", "dict"])
def as_dict(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def expected_losses(**weights: Any) -> dict[str, Any]:
    means = {"department": DEPARTMENT.mean(), "priority": PRIORITY.mean()}
    total = sum(weights.get(name, 1.0) * mean for name, mean in means.items())
    return {"loss": total, "department_loss": means["department"], "priority_loss": means["priority"]}


class TwoBatches(keras.utils.PyDataset):
    def __init__(self, batch: Any) -> None:
        super().__init__()
        self.batch = batch

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> Any:
        return self.batch


def generated(batch: Any) -> Iterator[Any]:
    yield batch
    yield batch


def loaded(batch: Any) -> Any:
    """A DataLoader that gives dicts of tensors."""
    x, y = batch[:2]
    rows = [tuple({name: array[i] for name, array in part.items()} for part in (x, y)) for i in range(4)]
    return torch.utils.data.DataLoader(rows, batch_size=4)  # type: ignore[arg-type]


SOURCES: dict[str, Callable[[Any], Any]] = {
    "generator": generated,
    "list of batches": lambda batch: [batch],
    "PyDataset": TwoBatches,
    "DataLoader": loaded,
}


def test_every_door_takes_dicts_in_any_order_and_leaves_what_is_not_named(
    backend: str, as_dict: bool
) -> None:
    model = ticket_model(as_dict)
    expected = pytest.approx(expected_losses(), rel=1e-5)
    x = {"unused": np.ones((4, 9)), **NAMED}

    assert model.evaluate(x, TARGETS, verbose=0, return_dict=True) == expected
    assert model.train_on_batch(x, TARGETS, return_dict=True) == expected
    assert model.test_on_batch(x, dict(reversed(TARGETS.items())), return_dict=True) == expected
    history = model.fit(x, TARGETS, batch_size=4, validation_data=(x, TARGETS), verbose=0).history
    seen = {name: values[0] for name, values in history.items()}
    assert {name: seen[name] for name in expected_losses()} == expected
    assert {name: seen[f"val_{name}"] for name in expected_losses()} == expected


@pytest.mark.parametrize("source", SOURCES)
def test_batches_of_dicts_go_by_name(backend: str, source: str) -> None:
    model = ticket_model(as_dict=False)
    make = SOURCES[source]
    batch = ({"unused": np.ones((4, 9), "float32"), **NAMED}, TARGETS)

    history = model.fit(make(batch), verbose=0).history
    logs = model.evaluate(make(batch), verbose=0, return_dict=True)

    for name, value in expected_losses().items():
        assert history[name] == pytest.approx([value], rel=1e-5)
        assert logs[name] == pytest.approx(value, rel=1e-5)


def test_lists_go_by_the_order_of_the_outputs_and_dicts_by_their_names(backend: str) -> None:
    listed: dict[str, Any] = {"loss": ["mse", "mae"], "loss_weights": [1.0, 0.2]}
    named: dict[str, Any] = {"loss_weights": {"department": 0.2, "priority": 1.0}}
    expected = pytest.approx(expected_losses(department=0.2), rel=1e-5)
    targets = [TARGETS["priority"], TARGETS["department"]]
    for compiled in (listed, named):
        model = ticket_model(False, **compiled)
        for y in (targets, TARGETS):
            assert model.evaluate([TITLE, BODY], y, verbose=0, return_dict=True) == expected


def test_metrics_and_sample_weights_go_by_name(backend: str, as_dict: bool) -> None:
    metrics: dict[str, Any] = {"department": "mae", "priority": ["mse"]}
    model = ticket_model(as_dict, metrics=metrics, weighted_metrics=metrics)
    logs = model.evaluate(NAMED, TARGETS, sample_weight=WEIGHTS, verbose=0, return_dict=True)

    department, priority = WEIGHTS["department"] * DEPARTMENT, WEIGHTS["priority"] * PRIORITY
    assert logs["loss"] == pytest.approx(department.mean() + priority.mean(), rel=1e-5)
    assert logs["department_mae"] == pytest.approx(DEPARTMENT.mean(), rel=1e-5)
    assert logs["priority_mse"] == pytest.approx(PRIORITY.mean(), rel=1e-5)
    assert logs["department_weighted_mae"] == pytest.approx(department.sum() / 6, rel=1e-5)
    assert logs["priority_weighted_mse"] == pytest.approx(priority.sum() / 5, rel=1e-5)


def test_weights_of_some_outputs_only_leave_the_others(backend: str) -> None:
    model = ticket_model(as_dict=False)
    weights = {"department": WEIGHTS["department"]}
    logs = model.evaluate(NAMED, TARGETS, sample_weight=weights, verbose=0, return_dict=True)

    total = (WEIGHTS["department"] * DEPARTMENT).mean() + PRIORITY.mean()
    assert logs["loss"] == pytest.approx(total, rel=1e-5)


def test_any_mapping_is_read_as_a_dict(backend: str, tmp_path: Path) -> None:
    model = ticket_model(as_dict=False)
    np.savez(tmp_path / "x.npz", **NAMED)
    with np.load(tmp_path / "x.npz") as file:
        for x in (file, UserDict(NAMED), MappingProxyType(NAMED)):
            assert model.predict(x, verbose=0)[0].tolist() == model.predict(NAMED, verbose=0)[0].tolist()
            for data in ((x, UserDict(TARGETS)), (generated((x, UserDict(TARGETS))),)):
                logs = model.evaluate(*data, verbose=0, return_dict=True)
                assert logs == pytest.approx(expected_losses(), rel=1e-5)


def test_columns_of_text_that_the_model_does_not_name_are_left(backend: str, as_dict: bool) -> None:
    model = ticket_model(as_dict)
    expected = pytest.approx(expected_losses(), rel=1e-5)
    words = np.array(["low", "high", "low", "none"])
    x = {"words": words, "holes": [None, "a", "b", "c"], "ragged": [[1], [2, 3], [], [4]], **NAMED}
    x["category"] = pd.Series(words, dtype="category")

    assert model.evaluate(x, TARGETS, verbose=0, return_dict=True) == expected
    assert model.test_on_batch(x, TARGETS, return_dict=True) == expected
    for source in (generated((x, TARGETS)), TwoBatches((x, TARGETS))):
        assert model.evaluate(source, verbose=0, return_dict=True) == expected
    split = model.fit(x, TARGETS, validation_split=0.5, validation_data=(x, TARGETS), verbose=0)
    assert split.history["val_loss"] == [pytest.approx(expected_losses()["loss"], rel=1e-5)]
    assert model.predict(x, verbose=0) is not None  # the columns of text are no trouble
    with pytest.raises(TypeError, match=r"x\['title'\] is text"):
        model.predict({**x, "title": words}, verbose=0)


def test_a_call_of_ones_own_may_read_every_column_so_none_is_left(backend: str) -> None:
    class Reading(keras.Model):
        def call(self, inputs: Any) -> Any:
            return inputs["title"]

    with pytest.raises(TypeError, match=r"x\['words'\] is text"):
        Reading().predict({"title": TITLE, "words": np.array(["a", "b", "c", "d"])}, verbose=0)


def test_a_data_frame_as_a_dict_gives_the_columns_that_the_model_names(backend: str) -> None:
    frame = pd.DataFrame({"weight": [1.0, 2.0, 3.0], "year": [3, 4, 5], "age": [7.0, 8.0, 9.0]})
    age, year = (keras.Input((1,), name=name) for name in ("year", "age"))
    model = keras.Model([age, year], layers.Concatenate()([age, year]))
    model.compile(keras.optimizers.SGD(0.0), "mse")

    assert model.predict(dict(frame), verbose=0).tolist() == [[3, 7], [4, 8], [5, 9]]
    assert model.evaluate(dict(frame), frame[["year", "age"]], verbose=0) == 0.0
    with pytest.raises(ValueError, match="no value for year"):
        model.predict(dict(frame[["age", "weight"]]), verbose=0)

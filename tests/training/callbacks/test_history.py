"""History and CSVLogger."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from tests.training.callbacks.driving import drive

LOGS = [{"loss": 1.0, "accuracy": 0.5}, {"loss": 0.5, "accuracy": 0.75, "val_loss": 0.6, "val_accuracy": 0.7}]
FULL = [{"loss": 1.0, "val_loss": 2.0}, {"loss": 0.5, "val_loss": 1.5}]


def test_history_lists_values_and_epochs() -> None:
    history = keras.callbacks.History()
    drive(history, FULL)
    assert history.history == {"loss": [1.0, 0.5], "val_loss": [2.0, 1.5]}
    assert history.epoch == [0, 1]


@pytest.mark.oracle
@pytest.mark.parametrize("runs", [1, 2])
def test_history_collects_as_that_of_keras_does(runs: int) -> None:
    ours, theirs = keras.callbacks.History(), oracle.callbacks.History()
    for _ in range(runs):
        drive(ours, LOGS)
        drive(theirs, LOGS)
    assert ours.history == theirs.history
    assert ours.epoch == theirs.epoch


@pytest.mark.oracle
@pytest.mark.parametrize("logs", [LOGS, FULL], ids=["late validation", "validation"])
@pytest.mark.parametrize("options", [{}, {"separator": ";"}], ids=str)
def test_the_file_is_that_of_keras(logs: Any, options: dict[str, Any], tmp_path: Path) -> None:
    for library in (keras, oracle):
        drive(library.callbacks.CSVLogger(tmp_path / library.__name__, **options), logs)
    assert (tmp_path / "layerlab").read_bytes() == (tmp_path / "keras").read_bytes()


@pytest.mark.oracle
@pytest.mark.parametrize("append", [True, False])
def test_a_second_run_appends_if_asked_to(append: bool, tmp_path: Path) -> None:
    for library in (keras, oracle):
        for _ in range(2):
            drive(library.callbacks.CSVLogger(tmp_path / library.__name__, append=append), FULL)
    assert (tmp_path / "layerlab").read_bytes() == (tmp_path / "keras").read_bytes()
    assert len((tmp_path / "layerlab").read_text().splitlines()) == (5 if append else 3)


def test_appended_values_stand_under_their_labels(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    drive(keras.callbacks.CSVLogger(file), FULL)
    drive(keras.callbacks.CSVLogger(file, append=True), [{"accuracy": 0.9, "loss": 0.25}])
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert rows[-1] == {"epoch": "0", "loss": "0.25", "val_loss": "NA"}


def test_a_line_is_in_the_file_as_soon_as_its_epoch_ends(tmp_path: Path) -> None:
    callback = keras.callbacks.CSVLogger(tmp_path / "log.csv")
    callback.on_train_begin()
    callback.on_epoch_end(0, {"loss": 1.0, "val_loss": 2.0})
    assert (tmp_path / "log.csv").read_text().splitlines() == ["epoch,loss,val_loss", "0,1.0,2.0"]
    callback.on_train_end()


def test_values_per_class_are_written_as_lists(tmp_path: Path) -> None:
    drive(keras.callbacks.CSVLogger(tmp_path / "log.csv"), [{"f1": np.array([0.5, 0.25]), "val_f1": 1.0}])  # type: ignore[dict-item]
    rows = csv.DictReader((tmp_path / "log.csv").read_text().splitlines())
    assert next(rows)["f1"] == "[0.5, 0.25]"

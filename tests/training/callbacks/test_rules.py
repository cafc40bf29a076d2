"""EarlyStopping, TerminateOnNaN and LambdaCallback."""

from __future__ import annotations

from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab.errors import InvalidArgumentError
from tests.training.callbacks.driving import StandIn, drive

NAN = float("nan")
SEQUENCES = {
    "falls": [3.0, 2.0, 1.0, 0.5],
    "rises": [1.0, 2.0, 3.0, 4.0],
    "falls then rises": [3.0, 2.0, 2.5, 2.6, 2.7, 1.0],
    "hardly falls": [1.0, 0.999, 0.998, 0.997, 0.5],
    "zigzag": [1.0, 1.2, 0.9, 1.1, 1.1, 0.8, 1.0, 1.0, 1.0],
    "nan": [1.0, NAN, NAN, 0.5],
    "nan first": [NAN, 1.0, 0.5, 0.4],
}


def logs_of(name: str, label: str = "val_loss") -> list[dict[str, float]]:
    return [{"loss": 0.0, label: value} for value in SEQUENCES[name]]


@pytest.mark.oracle
@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"patience": 2},
        {"min_delta": 0.01, "patience": 1},
        {"min_delta": -0.01, "patience": 1},
        {"patience": 1, "restore_best_weights": True},
        {"patience": 10, "restore_best_weights": True},
        {"baseline": 0.95, "patience": 2},
        {"baseline": 0.95, "patience": 2, "restore_best_weights": True},
        {"start_from_epoch": 2, "restore_best_weights": True},
        {"mode": "max", "patience": 1, "restore_best_weights": True},
    ],
    ids=str,
)
def test_early_stopping_does_what_keras_does(sequence: str, options: dict[str, Any]) -> None:
    ours, theirs = keras.callbacks.EarlyStopping(**options), oracle.callbacks.EarlyStopping(**options)
    assert drive(ours, logs_of(sequence))["epochs"] == drive(theirs, logs_of(sequence))["epochs"]
    assert ours.model.weight == theirs.model.weight
    for name in ("wait", "stopped_epoch", "best_epoch"):
        assert getattr(ours, name) == getattr(theirs, name)
    np.testing.assert_equal(ours.best, theirs.best)


@pytest.mark.oracle
def test_early_stopping_says_what_keras_says(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for library in (keras, oracle):
        drive(
            library.callbacks.EarlyStopping(verbose=1, restore_best_weights=True), logs_of("falls then rises")
        )
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert "Epoch 3: early stopping" in said[0]


def test_early_stopping_can_be_used_for_a_second_run() -> None:
    callback = keras.callbacks.EarlyStopping(patience=1)
    assert drive(callback, logs_of("rises"))["epochs"] == 2
    assert drive(callback, logs_of("rises"))["epochs"] == 2


def test_a_label_that_is_not_in_the_logs_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"EarlyStopping watches 'val_loss'.*There are: loss"):
        result = drive(keras.callbacks.EarlyStopping(), [{"loss": 1.0}])
    assert result["epochs"] == 1


@pytest.mark.parametrize(
    ("metric", "label", "stops_after"),
    [
        (lambda: keras.metrics.CategoricalAccuracy(name="accuracy"), "val_accuracy", 2),
        (lambda: keras.metrics.CategoricalAccuracy(name="accuracy"), "val_digit_accuracy", 2),
        (lambda: keras.metrics.MeanAbsoluteError(name="mae"), "mae", 4),
        (lambda: keras.metrics.Mean(name="any"), "digit_loss", 4),
    ],
)
def test_the_direction_is_that_of_the_metric(metric: Any, label: str, stops_after: int) -> None:
    model = StandIn(metrics=[metric()])
    assert (
        drive(keras.callbacks.EarlyStopping(label), logs_of("falls", label), model)["epochs"] == stops_after
    )


@pytest.mark.parametrize("callback", ["EarlyStopping", "ReduceLROnPlateau"])
def test_an_unknown_direction_is_refused_before_the_first_epoch(callback: str) -> None:
    model = StandIn(metrics=[keras.metrics.Mean(name="score")])
    with pytest.raises(
        InvalidArgumentError, match=r"more or less of 'val_score'(.|\n)*score(.|\n)*mode='max'"
    ):
        drive(getattr(keras.callbacks, callback)("val_score"), logs_of("falls", "val_score"), model)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="'auto', 'min' or 'max'"):
        keras.callbacks.EarlyStopping(mode="biggest")


@pytest.mark.parametrize("loss", [NAN, float("inf"), -float("inf")])
def test_terminate_on_nan_stops_at_the_first_such_loss(
    loss: float, capsys: pytest.CaptureFixture[str]
) -> None:
    model = StandIn()
    drive(keras.callbacks.TerminateOnNaN(), [{"loss": 1.0}, {"loss": loss}, {"loss": 1.0}], model, batches=1)
    assert model.stop_training
    assert model.weight == 2.0
    assert capsys.readouterr().out == "Batch 0: Invalid loss, terminating training\n"


def test_terminate_on_nan_can_raise() -> None:
    with pytest.raises(RuntimeError, match=r"nan at batch 0(.|\n)*learning rate"):
        drive(keras.callbacks.TerminateOnNaN(raise_error=True), [{"loss": NAN}], batches=1)


def test_lambda_callback_calls_each_function_at_its_time() -> None:
    calls: list[Any] = []
    hooks = (
        "on_train_begin", "on_epoch_begin", "on_train_batch_begin",
        "on_train_batch_end", "on_epoch_end", "on_train_end",
    )  # fmt: skip
    functions = {hook: lambda *args, hook=hook: calls.append((hook, *args[:1])) for hook in hooks}
    drive(keras.callbacks.LambdaCallback(**functions), [{"loss": 1.0}], batches=1)
    assert [call[0] for call in calls] == list(hooks)
    assert calls[4] == ("on_epoch_end", 0)


def test_lambda_callback_takes_hooks_of_evaluation_too() -> None:
    calls: list[Any] = []
    callback = keras.callbacks.LambdaCallback(on_test_end=calls.append)
    callback.on_test_end({"loss": 1.0})
    assert calls == [{"loss": 1.0}]


def test_lambda_callback_refuses_what_is_no_hook() -> None:
    with pytest.raises(InvalidArgumentError, match="on_epoch_stop"):
        keras.callbacks.LambdaCallback(on_epoch_stop=print)

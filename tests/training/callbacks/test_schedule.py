"""LearningRateScheduler and ReduceLROnPlateau, against Keras on the same logs."""

from __future__ import annotations

import functools
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from tests.training.callbacks.driving import StandIn, drive

LOGS = [
    {"loss": 1.0, "val_loss": value}
    for value in (1.0, 1.0, 0.9, 0.95, 0.94, 0.93, 0.92, 0.91, 0.5, 0.6, 0.6, 0.6)
]


def both(name: str, *args: Any, rate: float = 0.1, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    ours, theirs = (
        drive(getattr(library.callbacks, name)(*args, **options), LOGS, StandIn(rate))
        for library in (keras, oracle)
    )
    return ours, theirs


@pytest.mark.oracle
@pytest.mark.parametrize(
    "options",
    [
        {"patience": 1},
        {"patience": 2, "factor": 0.5},
        {"patience": 1, "cooldown": 2, "factor": 0.5},
        {"patience": 1, "min_lr": 0.01, "factor": 0.2},
        {"patience": 1, "min_delta": 0.2},
        {"patience": 1, "min_delta": -0.2},
        {"patience": 1, "mode": "max"},
        {"patience": 0},
    ],
    ids=str,
)
def test_reduce_on_plateau_does_what_keras_does(options: dict[str, Any]) -> None:
    ours, theirs = both("ReduceLROnPlateau", **options)
    assert ours["rates"] == theirs["rates"]
    assert [entry["learning_rate"] for entry in ours["logs"]] == [
        entry["learning_rate"] for entry in theirs["logs"]
    ]


@pytest.mark.oracle
def test_the_rate_stays_at_its_lower_bound(capsys: pytest.CaptureFixture[str]) -> None:
    said = []
    for library in (keras, oracle):
        callback = library.callbacks.ReduceLROnPlateau(patience=1, min_lr=0.001, factor=0.01, verbose=1)
        drive(callback, LOGS)
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert said[0].count("reducing learning rate") == 1  # 0.001 in float32 is not above 0.001


def test_a_factor_of_one_is_refused() -> None:
    with pytest.raises(ValueError, match="less than 1"):
        keras.callbacks.ReduceLROnPlateau(factor=1.0)


def test_reduce_on_plateau_warns_of_a_missing_label() -> None:
    with pytest.warns(UserWarning, match="ReduceLROnPlateau watches 'val_loss'"):
        drive(keras.callbacks.ReduceLROnPlateau(), [{"loss": 1.0}])


def halve(epoch: int, rate: float) -> float:
    return rate / 2


def by_epoch(epoch: int) -> float:
    return 1.0 / (epoch + 1)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "schedule",
    [
        halve,
        by_epoch,
        lambda *args: args[1] * 0.9,
        functools.partial(lambda factor, epoch, rate: rate * factor, 0.5),
        lambda epoch: np.float64(0.25),
    ],
    ids=["two", "one", "any", "partial", "numpy"],
)
def test_the_scheduler_sets_what_keras_sets(schedule: Any, capsys: pytest.CaptureFixture[str]) -> None:
    ours, theirs = both("LearningRateScheduler", schedule, verbose=1)
    assert ours["rates"] == theirs["rates"]
    assert ours["logs"] == theirs["logs"]
    lines = capsys.readouterr().out.split("\n")
    assert lines[: len(lines) // 2] == lines[len(lines) // 2 : -1]


def test_an_error_inside_a_schedule_is_not_taken_for_one_argument() -> None:
    def broken(epoch: int, rate: float) -> float:
        return rate + "a"  # type: ignore[operator]

    with pytest.raises(TypeError, match=r"unsupported operand|ufunc"):
        drive(keras.callbacks.LearningRateScheduler(broken), LOGS)


def test_a_schedule_must_return_a_number() -> None:
    with pytest.raises(ValueError, match=r"a number(.|\n)*NoneType"):
        drive(keras.callbacks.LearningRateScheduler(lambda epoch: None), LOGS)


def test_the_rate_of_a_real_optimizer_is_changed(backend: str) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
    history = model.fit(x, y, epochs=3, verbose=0, callbacks=[keras.callbacks.LearningRateScheduler(halve)])
    np.testing.assert_allclose(history.history["learning_rate"], [0.05, 0.025, 0.0125], rtol=1e-6)

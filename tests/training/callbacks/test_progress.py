"""What fit, evaluate and predict write."""

from __future__ import annotations

import contextlib
import io
import re
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab.training.callbacks import CallbackList
from layerlab.training.recorder import LazyLogs
from tests.terminal.terminal import terminal

X, Y = np.zeros((40, 2), "float32"), np.zeros((40, 1), "float32")


def compiled(library: Any) -> Any:
    model = library.Sequential([library.Input((2,)), library.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def plain(text: str) -> str:
    """Without colours and times."""
    text = re.sub(r"\x1b\[\d+m", "", text)
    return re.sub(r"\b\d+(s|ms|us)\b", "T", text).rstrip()


def last_states(text: str) -> list[str]:
    """What stays on a terminal."""
    return [plain(line.split("\r")[-1]) for line in text.rstrip("\n").split("\n")]


def shown(library: Any, capsys: pytest.CaptureFixture[str], method: str, **options: Any) -> list[str]:
    model = compiled(library)
    capsys.readouterr()
    getattr(model, method)(*((X,) if method == "predict" else (X, Y)), batch_size=8, **options)
    return capsys.readouterr().out.splitlines()


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("fit", {"epochs": 2, "validation_data": (X, Y)}),
        ("fit", {"epochs": 1}),
        ("evaluate", {}),
        ("predict", {}),
    ],
)
@pytest.mark.parametrize("verbose", [1, 2])
def test_the_last_line_of_each_epoch_is_that_of_keras(
    method: str, options: dict[str, Any], verbose: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = [plain(line) for line in shown(keras, capsys, method, verbose=verbose, **options)]
    theirs = [plain(line) for line in shown(oracle, capsys, method, verbose=verbose, **options)]
    # Elsewhere than on a terminal Keras writes a line per drawing; we write the last one only.
    finals = [line for line in theirs if line.startswith(("Epoch", "5/5"))]
    nexts = [*finals[1:], "Epoch"]
    assert ours == [line for line, after in zip(finals, nexts, strict=True) if "Epoch" in line + after]


def test_each_epoch_is_two_lines_in_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(keras, capsys, "fit", epochs=2, verbose=1)
    assert [line.split(" ")[0] for line in lines] == ["Epoch", "5/5", "Epoch", "5/5"]
    assert all("\x1b" not in line and "\r" not in line for line in lines)


def test_verbose_0_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(keras, capsys, "fit", epochs=2, verbose=0, validation_data=(X, Y)) == []


def test_validation_inside_of_fit_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(keras, capsys, "fit", epochs=1, verbose=1, validation_data=(X, Y))
    assert len(lines) == 1
    assert "val_loss" in lines[0]


def test_a_terminal_line_is_drawn_over() -> None:
    with terminal() as out:
        compiled(keras).fit(X, Y, batch_size=8, epochs=2, verbose=1)
    text = out.getvalue()
    assert text.count("\n") == 4
    assert text.count("\r") >= 4  # the first step and the end of each epoch
    assert last_states(text)[1].startswith("5/5 ━━━━━━━━━━━━━━━━━━━━ T T/step - loss: ")


def test_a_source_of_unknown_length_shows_its_length_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    compiled(keras).fit(((X[:8], Y[:8]) for _ in range(3)), epochs=1, verbose=1)
    assert capsys.readouterr().out.startswith("3/3 ━━━━━━━━━━━━━━━━━━━━ ")


def test_a_run_that_stops_early_shows_the_steps_it_took(capsys: pytest.CaptureFixture[str]) -> None:
    class Stops(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 2

    model = compiled(keras)
    model.fit(X, Y, batch_size=8, epochs=1, verbose=1, callbacks=[Stops()])
    assert capsys.readouterr().out.startswith("3/5 ━━━━━━━━━━━━")


def test_values_that_are_not_finite_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    model = compiled(keras)
    with pytest.warns(UserWarning, match="nan"):
        model.fit(X, Y * np.nan, batch_size=8, verbose=1)
    assert "loss: nan - mae: nan" in capsys.readouterr().out


class CountedLogs(LazyLogs):
    """Notes how often it is read."""

    reads = 0

    def values_now(self) -> dict[str, Any]:
        CountedLogs.reads += 1
        return super().values_now()


@pytest.mark.parametrize("on_terminal", [True, False])
def test_logs_are_read_only_when_they_are_drawn(on_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(10_000))
    monkeypatch.setattr("layerlab.terminal.progbar.time.perf_counter", lambda: next(clock) / 1000)
    CountedLogs.reads = 0
    with terminal() if on_terminal else contextlib.redirect_stdout(io.StringIO()):
        callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=300)
        callbacks.on_train_begin()
        callbacks.on_epoch_begin(0)
        for batch in range(300):
            callbacks.on_train_batch_end(batch, CountedLogs({"loss": 1.0}))
    if on_terminal:
        assert 2 <= CountedLogs.reads < 30  # about every 100 ms of the 300 steps' time
    else:
        assert CountedLogs.reads == 0

"""What fit, evaluate and predict write."""

from __future__ import annotations

import contextlib
import io
import re
import time
from collections.abc import Iterator
from typing import Any

import keras as oracle
import numpy as np
import pytest

import layerlab as keras
from layerlab import frontends
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


class Notebook:
    """A front end that draws over the text of `stream`, and gives a listener of the run."""

    def __init__(self, stream: Any, shows: bool = True) -> None:
        self.stream, self.shows, self.events = stream, shows, 0

    def watch(self, run_id: str, model: Any, control: Any) -> Any:
        return self

    def __call__(self, event: Any) -> None:
        self.events += 1

    def draws_over(self, stream: Any) -> bool:
        return stream is self.stream


class Older:
    """A front end from before text was asked about."""

    def watch(self, run_id: str, model: Any, control: Any) -> None:
        return None


@contextlib.contextmanager
def notebook(monkeypatch: pytest.MonkeyPatch, shows: bool = True) -> Iterator[tuple[io.StringIO, Notebook]]:
    out = io.StringIO()
    front_end = Notebook(out, shows)
    monkeypatch.setattr(frontends, "discover", lambda: (Older(), front_end))
    with contextlib.redirect_stdout(out):
        yield out, front_end


class Slow(keras.callbacks.Callback):
    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        time.sleep(0.11)

    on_predict_batch_end = on_test_batch_end


@pytest.mark.parametrize("method", ["evaluate", "predict"])
@pytest.mark.parametrize("verbose", ["auto", 1])
def test_a_bar_moves_where_a_front_end_draws_over_the_text(
    method: str, verbose: Any, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with notebook(monkeypatch) as (out, _):
        data = (X, Y) if method == "evaluate" else (X,)
        getattr(compiled(keras), method)(*data, batch_size=8, verbose=verbose, callbacks=[Slow()])
    states = [plain(state).split(" ")[0] for state in out.getvalue().split("\r")[1:]]
    assert states == ["1/5", "2/5", "3/5", "4/5", "5/5", "5/5"]
    assert out.getvalue().count("\n") == 1


@pytest.mark.parametrize("verbose", ["auto", 1, True, 1.0])
def test_where_a_front_end_shows_the_run_fit_writes_no_bar_by_whatever_word(
    verbose: Any, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Asks(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            told.append(self.params["verbose"])

    told: list[Any] = []
    with notebook(monkeypatch) as (out, front_end):
        compiled(keras).fit(X, Y, batch_size=8, epochs=2, verbose=verbose, callbacks=[Asks()])
    assert out.getvalue() == "" and front_end.events > 0
    assert told == [1]  # as Keras tells callbacks that print something of their own


@pytest.mark.parametrize("verbose", ["auto", 1])
def test_a_front_end_that_only_records_leaves_the_text_to_fit(
    verbose: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with notebook(monkeypatch, shows=False) as (out, front_end):
        compiled(keras).fit(X, Y, batch_size=8, epochs=2, verbose=verbose)
    assert last_states(out.getvalue())[-1].startswith("5/5") and front_end.events > 0


@pytest.mark.parametrize("verbose", [0, 2])
def test_silence_and_lines_ask_no_front_end(verbose: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with notebook(monkeypatch) as (out, front_end):
        compiled(keras).fit(X, Y, batch_size=8, epochs=2, verbose=verbose)
    assert front_end.events == 0
    assert len(out.getvalue().splitlines()) == 2 * verbose  # "Epoch 1/2" and its line


@pytest.mark.parametrize("verbose", ["1", 3, None, [1], np.array([1, 2])])
def test_any_other_verbosity_is_refused(verbose: Any) -> None:
    with pytest.raises(keras.errors.InvalidArgumentError, match="'auto', 0, 1 or 2"):
        compiled(keras).predict(X, verbose=verbose)

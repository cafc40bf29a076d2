"""LiveFit: options of one run, recording in scripts, and the run's control from Python."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerlab as keras
import layerlab_jupyter
from layerlab.errors import InvalidArgumentError, UnknownNameError
from layerlab.training.control import RunControl
from layerlab_jupyter import LiveFit, cell_output, live_fit, run_history
from layerlab_jupyter.protocol import RUN_MIME
from layerlab_jupyter.registry import Registry
from tests.kernel_ext.runs import events_of_run

X = np.arange(64, dtype="float32").reshape(64, 1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of logs, and a process that has trained nothing."""
    monkeypatch.setenv("LAYERLAB_RUNS", str(tmp_path))
    known = Registry()
    monkeypatch.setattr(run_history, "registry", known)
    monkeypatch.setattr(live_fit, "registry", known)
    yield tmp_path


@pytest.fixture
def model() -> Any:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)], name="line")
    model.compile("sgd", "mse")
    model.optimizer.learning_rate = 1e-6
    return model


def test_a_script_records_the_run_and_writes_the_usual_text(
    folder: Path, model: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    model.fit(X, X, epochs=2, batch_size=16, callbacks=[LiveFit()])
    assert "Epoch 2/2" in capsys.readouterr().out
    table = layerlab_jupyter.runs()
    assert (table.model.iloc[0], table.status.iloc[0], table.steps.iloc[0]) == ("line", "finished", 8)
    assert Path(table.path.iloc[0]).parent == folder


def test_a_run_is_recorded_though_verbose_is_0(folder: Path, model: Any, capsys: Any) -> None:
    model.fit(X, X, batch_size=16, verbose=0, callbacks=LiveFit())
    assert capsys.readouterr().out == ""
    assert list(layerlab_jupyter.run().steps.index) == [1, 2, 3, 4]


def test_a_name_takes_the_place_of_the_models(folder: Path, model: Any) -> None:
    model.fit(X, X, verbose=0, callbacks=[LiveFit(name="slow & steady")])
    (path,) = folder.iterdir()
    assert "-slow-steady-" in path.name
    assert layerlab_jupyter.runs().model.iloc[0] == "slow & steady"


def test_the_log_can_go_elsewhere_or_nowhere(folder: Path, model: Any, tmp_path: Path) -> None:
    model.fit(X, X, verbose=0, callbacks=[LiveFit(log=tmp_path / "here")])
    assert len(os.listdir(tmp_path / "here")) == 1
    model.fit(X, X, verbose=0, callbacks=[LiveFit(log=False)])
    assert [name for name in os.listdir(folder) if name != "here"] == []
    assert len(layerlab_jupyter.runs()) == 2  # both are in memory


def test_numbers_that_a_callback_puts_into_the_logs_reach_table_log_and_chart(
    folder: Path, model: Any
) -> None:
    put = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logs.update(score=np.float32(epoch + 0.5), rank=3 - epoch)
    )
    model.fit(X, X, epochs=2, batch_size=16, verbose=0, callbacks=[put, LiveFit()])
    row = layerlab_jupyter.runs().iloc[0]
    assert (row.score, row["rank"]) == (1.5, 2.0)
    run = run_history.registry.runs()[0]
    assert {"score", "rank"} <= set(run.recorder.metric_names())
    run_history.registry = Registry()  # from here as another process sees it: by the log alone
    epochs = layerlab_jupyter.run().epochs
    assert (list(epochs.score), list(epochs["rank"])) == ([0.5, 1.5], [3.0, 2.0])


def test_without_it_a_script_records_nothing(folder: Path, model: Any) -> None:
    model.fit(X, X, verbose=0)
    assert os.listdir(folder) == [] and len(layerlab_jupyter.runs()) == 0


class Kernel:
    """What `install` needs of a kernel."""

    control_handlers: dict[str, Any] = {}


def test_options_reach_the_bundle_that_a_notebook_shows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(live_fit, "running_kernel", Kernel)
    monkeypatch.setattr(
        cell_output.CellOutput, "_publish", lambda self, bundle, is_update: shown.append(bundle)
    )
    listener = LiveFit(smoothing=0.6, x_axis="epoch", log_y=True).watch_run("run-1", Kernel(), RunControl())
    assert listener is not None
    for event in events_of_run(epochs=1, steps=3):
        listener(event)
    expected = {"smoothing": 0.6, "x_axis": "epoch", "log_x": None, "log_y": True}
    assert [bundle[RUN_MIME]["charts"] for bundle in (shown[0], shown[-1])] == [expected, expected]


def test_each_command_leaves_a_trace_in_the_log(folder: Path, model: Any) -> None:
    live = LiveFit()
    thread = threading.Thread(
        target=lambda: model.fit(X, X, epochs=1_000_000, batch_size=16, verbose=0, callbacks=[live])
    )
    thread.start()
    try:
        until(lambda: live.control is not None)
        until(lambda: control_is_there())
        control = layerlab_jupyter.run_control()
        assert control is live.control
        control.pause()
        until(lambda: kinds()[-1:] == ["fit_paused"])
        paused_at = layerlab_jupyter.run().events[-1]["step"]
        control.step()
        until(lambda: kinds().count("fit_paused") == 2)
        control.set_learning_rate(2e-6)
        until(lambda: "learning_rate_changed" in kinds())
        control.resume()
        until(lambda: kinds().count("fit_resumed") == 2)
    finally:
        (live.control or RunControl()).stop()
        thread.join(30)
    assert not thread.is_alive()
    run_history.registry = Registry()  # from here as another process sees it: by the log alone
    run = layerlab_jupyter.run()
    steps = [event["step"] for event in run.events if event["type"] in ("fit_paused", "fit_resumed")]
    assert steps == [paused_at, paused_at, paused_at + 1, paused_at + 1]
    (changed,) = [event for event in run.events if event["type"] == "learning_rate_changed"]
    assert (changed["source"], changed["learning_rate"]) == ("user", pytest.approx(2e-6))
    (stopped,) = [event for event in run.events if event["type"] == "fit_stopped"]
    assert stopped["reason"] == "user" and run.status == "stopped"


def control_is_there() -> bool:
    try:
        layerlab_jupyter.run_control()
    except UnknownNameError:
        return False
    return True


def kinds() -> list[str]:
    return [event["type"] for event in layerlab_jupyter.run().events]


def until(is_true: Any) -> None:
    limit = time.monotonic() + 60
    while not is_true():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_there_is_no_control_when_nothing_trains(folder: Path, model: Any) -> None:
    model.fit(X, X, verbose=0, callbacks=[LiveFit()])
    with pytest.raises(UnknownNameError, match="No run is live"):
        layerlab_jupyter.run_control()


@pytest.mark.parametrize(
    "arguments",
    [
        {"smoothing": 1.0},
        {"smoothing": "much"},
        {"smoothing": float("nan")},
        {"x_axis": "days"},
        {"log_y": 1},
        {"name": ""},
        {"log": 3},
        {"log": ""},
    ],
)
def test_wrong_options_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError, match=f"LiveFit: {next(iter(arguments))}"):
        LiveFit(**arguments)


def test_twenty_fits_leave_no_thread_and_no_open_file(folder: Path, model: Any) -> None:
    live = LiveFit()
    model.fit(X, X, verbose=0, callbacks=[live])
    threads, files = threading.active_count(), len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        model.fit(X, X, verbose=0, callbacks=[live])
    assert threading.active_count() <= threads
    assert len(os.listdir("/proc/self/fd")) <= files
    assert len(os.listdir(folder)) == 21

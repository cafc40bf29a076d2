"""What was trained, as tables: in a notebook, in a script, and after the process that trained is gone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import layerlab_jupyter
from layerlab.errors import UnknownNameError
from layerlab.training.control import RunControl
from layerlab_jupyter import run_history
from layerlab_jupyter.registry import Registry, Run
from tests.kernel_ext.kernel import environment
from tests.kernel_ext.run_log.test_run_log import write_log
from tests.kernel_ext.runs import RUN, events_of_run, recorded


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder of logs, and a process that has trained nothing."""
    monkeypatch.setenv("LAYERLAB_RUNS", str(tmp_path))
    monkeypatch.setattr(run_history, "registry", Registry())
    yield tmp_path


def test_runs_has_a_row_for_each_log(folder: Path) -> None:
    write_log(folder, events_of_run(epochs=2, steps=10))
    table = layerlab_jupyter.runs()
    assert list(table.index) == [RUN]
    row = table.loc[RUN]
    assert (row.model, row.status, row.epochs, row.steps) == ("digits", "finished", 2, 20)
    assert (row.optimizer, row.learning_rate, row.seconds) == ("adam", 0.001, 0.02)
    assert row.loss == pytest.approx(20**-0.5) and row.val_loss == pytest.approx(1.1 * 20**-0.5)
    assert row.started.timestamp() == 1000.0
    assert Path(row.path).parent == folder


def test_runs_of_an_empty_folder_is_an_empty_table(folder: Path) -> None:
    assert len(layerlab_jupyter.runs()) == 0
    assert {"model", "status", "started", "seconds"} <= set(layerlab_jupyter.runs().columns)
    with pytest.raises(UnknownNameError, match="no run yet"):
        layerlab_jupyter.run()


def test_a_run_that_is_only_in_memory_is_listed_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAYERLAB_RUNS", "off")
    run_history.registry.add_run(
        Run(RUN, recorded(events_of_run(epochs=1, steps=3)), RunControl(), "model-1")
    )
    assert layerlab_jupyter.runs().loc[RUN].steps == 3
    assert len(layerlab_jupyter.run().steps) == 3


def test_a_run_gives_its_steps_epochs_and_events(folder: Path) -> None:
    write_log(folder, events_of_run(epochs=2, steps=10))
    run = layerlab_jupyter.run(RUN)
    assert run.status == "finished" and "digits" in repr(run)
    assert list(run.steps.index) == list(range(1, 21))
    assert list(run.steps.epoch) == [0] * 10 + [1] * 10
    assert run.steps.loss[4] == pytest.approx(0.5)
    assert list(run.epochs.index) == [0, 1]
    assert run.epochs.val_loss[1] == pytest.approx(1.1 * 20**-0.5)
    assert [event["type"] for event in run.events][:2] == ["fit_started", "epoch_started"]


def test_an_unknown_run_is_an_error_that_says_where_to_look(folder: Path) -> None:
    with pytest.raises(UnknownNameError, match="runs\\(\\) lists them"):
        layerlab_jupyter.run("../../etc/passwd")


def test_without_pandas_the_error_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install"):
        layerlab_jupyter.runs()


def test_a_script_reads_the_logs_of_its_folder(tmp_path: Path) -> None:
    write_log(tmp_path / ".layerlab" / "runs", events_of_run(epochs=1, steps=4))
    code = "import layerlab_jupyter as lab; print(lab.runs().model.tolist(), len(lab.run().steps))"
    variables = {name: value for name, value in environment().items() if name != "LAYERLAB_RUNS"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=variables, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['digits'] 4"

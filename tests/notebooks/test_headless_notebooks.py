"""A notebook that no front end looks at: it trains, records, leaves its output and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from layerlab_jupyter.protocol import RUN_MIME
from tests.kernel_ext.kernel import environment

pytestmark = pytest.mark.slow

FIT = """
import numpy as np
import layerlab as keras

x = np.random.default_rng(0).normal(size=(256, 4)).astype("float32")
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
history = model.fit(x, x[:, :1], epochs=3)
"""
# What a kernel has beside its main thread, and how many comms are open, after one run and after four more.
LEFT = """
import gc, json, threading
from comm import get_comm_manager

def left():
    gc.collect()
    return sorted(thread.name for thread in threading.enumerate()), len(get_comm_manager().comms)

before = left()
for _ in range(4):
    model.fit(x, x[:, :1], epochs=2)
print(json.dumps([before, left()]))
"""
LOG = """
import json, layerlab_jupyter
print(json.dumps(layerlab_jupyter.runs()[["status", "epochs"]].values.tolist()))
"""


def notebook_of(*cells: str) -> Any:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    code = [nbformat.v4.new_code_cell(source) for source in cells]
    return nbformat.v4.new_notebook(cells=code, metadata={"kernelspec": kernel})


def displayed(cell: Any) -> list[dict[str, Any]]:
    return [dict(output.data) for output in cell.outputs if RUN_MIME in output.get("data", {})]


def printed(cell: Any) -> Any:
    return json.loads("".join(output.text for output in cell.outputs if output.get("name") == "stdout"))


def assert_final(bundle: dict[str, Any]) -> None:
    assert bundle[RUN_MIME]["live"] is False and bundle[RUN_MIME]["events"][-1]["type"] == "fit_finished"
    assert "<svg" in bundle["text/html"] and "finished, epoch 3 of 3, 24 steps" in bundle["text/plain"]


@pytest.mark.parametrize("name", ["jax", "torch"])
def test_runs_without_a_front_end_are_recorded_and_leave_no_threads_and_no_comms(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in {**environment("on"), "LAYERLAB_BACKEND": name}.items():
        monkeypatch.setenv(variable, value)
    notebook = notebook_of(FIT, LEFT, LOG)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    fit, left, log = notebook.cells
    (bundle,) = displayed(fit)
    assert_final(bundle)
    assert not [output for output in fit.outputs if output.output_type in ("error", "stream")]
    before, after = printed(left)
    assert after == before, "a run left threads or comms behind"
    assert len(displayed(left)) == 4
    assert printed(log) == [["finished", 2]] * 4 + [["finished", 3]]
    assert len(list((tmp_path / ".layerlab" / "runs").glob("*.jsonl"))) == 5


@pytest.mark.parametrize("tool", ["nbconvert", "papermill"])
def test_the_command_line_tools_execute_a_notebook(tool: str, tmp_path: Path) -> None:
    source, result = tmp_path / "source.ipynb", tmp_path / "result.ipynb"
    nbformat.write(notebook_of(FIT), source)
    options = {
        "nbconvert": ["nbconvert", "--to", "notebook", "--execute", "--output", result.name, str(source)],
        "papermill": ["papermill", source.name, result.name],
    }
    done = subprocess.run(
        [sys.executable, "-m", *options[tool]],
        cwd=tmp_path, env=environment(),
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    cell = nbformat.read(result, as_version=4).cells[-1]
    (bundle,) = displayed(cell)
    assert_final(bundle)
    assert not os.path.exists(tmp_path / ".layerlab")

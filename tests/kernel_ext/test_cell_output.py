"""The monitor in a cell whose own code clears it: as nbclient keeps outputs, and message by message."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import nbclient
import nbformat
import pytest

from layerlab_jupyter.protocol import RUN_MIME
from tests.kernel_ext.kernel import ROOT, Asker, environment, running_kernel_process

pytestmark = pytest.mark.slow

# A run of three steps, in each of which a callback does what `draw` does.
RUN = """
import dataclasses, sys, time
from IPython.display import clear_output, display
from layerlab.events import FitFinished
from layerlab.training.control import RunControl
from layerlab_jupyter.frontend import frontend
from tests.kernel_ext.runs import fit_started, step_finished

class Model:
    name = "digits"
    def count_params(self): return 10

def run(draw, steps=3):
    model, run_id = Model(), f"run-{time.time()}"
    listener = frontend.watch(run_id, model, RunControl())
    tell = lambda event: listener(dataclasses.replace(event, run_id=run_id))
    tell(fit_started())
    for step in range(1, steps + 1):
        draw(step)
        tell(step_finished(step, 1 / step, time=time.time()))
    tell(FitFinished(run_id=run_id, time=time.time(), epoch=1, step=steps, seconds=1.0, logs={}))

def plot(step):
    display({"text/plain": f"plot {step}"}, raw=True)
"""

# name -> (what each step does, what else the cell holds at the end beside the monitor)
DRAWINGS = {
    "a plot after a clear that waits": ("clear_output(wait=True); plot(step)", ["plot 3"]),
    "a plot after a clear": ("clear_output(); plot(step)", ["plot 3"]),
    "text after a clear that waits": ("clear_output(wait=True); print('step', step)", ["step 3\n"]),
    "text after a clear": ("clear_output(); print('step', step)", ["step 3\n"]),
    "an error text": ("clear_output(wait=True); sys.stderr.write('oh'); sys.stderr.flush()", ["oh"]),
    "text, then a plot": ("clear_output(wait=True); print(step); plot(step)", ["3\n", "plot 3"]),
    "a clear alone": ("clear_output()", []),
    "a clear for later": ("plot(step); clear_output(wait=True)", []),
    "two clears": ("clear_output(wait=True); clear_output(wait=True); plot(step)", ["plot 3"]),
    "one clear": (
        "step == 2 and clear_output(wait=True); plot(step)",
        ["plot 2", "plot 3"],
    ),
    "no clear": ("plot(step)", ["plot 1", "plot 2", "plot 3"]),
}
IN_A_WIDGET = """
from ipywidgets import Output
out = Output()
display(out)
def draw(step):
    with out:
        clear_output(wait=True)
        plot(step)
run(draw)
"""
STREAMS = """print([vars(s).get("write").__qualname__ for s in (sys.stdout, sys.stderr)])"""
HOOKS = """print(get_ipython().display_pub._hooks)"""


def executed(*cells: str) -> list[list[Any]]:
    """The outputs of these cells, each as it is at the end."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(ROOT)}})
    client.execute(env=environment())
    return [cell.outputs for cell in notebook.cells]


def kind_of(output: Any) -> str:
    return "monitor" if is_monitor(output) else str(output["type"])


def is_monitor(output: Any) -> bool:
    return RUN_MIME in output.get("data", {})


def said(outputs: Iterable[Any]) -> list[str]:
    """The texts of the outputs. What is written at once may come in two messages: it is one text."""
    found: list[str] = []
    for is_stream, group in itertools.groupby(outputs, lambda output: "text" in output):
        texts = [str(each["text"] if is_stream else each["data"]["text/plain"]) for each in group]
        found += ["".join(texts)] if is_stream else texts
    return found


def test_the_final_picture_is_in_the_notebook_whatever_the_callbacks_clear() -> None:
    cells = [f"def draw(step):\n    {code}\nrun(draw)" for code, _ in DRAWINGS.values()]
    outputs = executed(RUN + STREAMS, *cells, IN_A_WIDGET, STREAMS, HOOKS)
    for (name, (_, expected)), found in zip(DRAWINGS.items(), outputs[1:-3], strict=True):
        (monitor,) = [output for output in found if is_monitor(output)]
        assert monitor["data"][RUN_MIME]["live"] is False and "<svg" in monitor["data"]["text/html"], name
        assert "3 steps" in monitor["data"]["text/plain"], name
        assert said(output for output in found if not is_monitor(output)) == expected, name
    view, monitor = outputs[-3]
    assert "application/vnd.jupyter.widget-view+json" in view["data"]
    assert is_monitor(monitor) and not monitor["data"][RUN_MIME]["live"]
    assert said(outputs[-2]) == said(outputs[0]) and said(outputs[-1]) == ["[]\n"]  # all is as it was


@pytest.fixture(scope="module")
def kernel() -> Iterator[Asker]:
    with running_kernel_process() as asker:
        asker.outputs(asker.execute(RUN))
        yield asker


@pytest.mark.parametrize("then", ["plot(step)", "print(step)"])
def test_the_monitor_comes_just_before_what_makes_the_front_end_clear(kernel: Asker, then: str) -> None:
    cell = f"def draw(step):\n    clear_output(wait=True)\n    {then}\nrun(draw)"
    outputs = kernel.outputs(kernel.execute(cell))
    made = [output for output in outputs if output["type"] in ("display_data", "stream", "clear_output")]
    drawn = "stream" if "print" in then else "display_data"
    kinds = [kind for kind, _ in itertools.groupby(map(kind_of, made))]
    assert kinds == ["monitor", *["clear_output", "monitor", drawn] * 3]
    assert outputs[-1]["type"] == "update_display_data" and not outputs[-1]["data"][RUN_MIME]["live"]


def test_a_cell_that_is_cleared_all_the_time_is_not_sent_the_picture_each_time(kernel: Asker) -> None:
    cell = "def draw(step):\n    clear_output(wait=True)\n    plot(step)\nrun(draw, steps=60)"
    outputs = [output for output in kernel.outputs(kernel.execute(cell)) if output["type"] == "display_data"]
    monitors = [output["data"] for output in outputs if is_monitor(output)]
    assert len(monitors) == 61
    light = [data for data in monitors[1:] if "text/html" not in data]
    assert len(light) >= 30 and all(data[RUN_MIME]["events"] == [] for data in light)
    assert max(len(str(data)) for data in light) < 1_000


def test_where_the_monitor_is_a_widget_it_is_shown_again_as_one(kernel: Asker) -> None:
    code = "import os\nos.environ['LAYERLAB_WIDGET'] = '{}'\n"
    cell = "def draw(step):\n    clear_output(wait=True)\n    plot(step)\nrun(draw)"
    outputs = kernel.outputs(kernel.execute(code.format("on") + cell))
    kernel.outputs(kernel.execute(code.format("auto")))
    *live, final = [output for output in outputs if is_monitor(output)]
    assert len(live) == 4  # at first, and after each clear
    views = [output["data"].get("application/vnd.jupyter.widget-view+json") for output in (*live, final)]
    assert views[0]["model_id"] and views == [views[0]] * 4 + [None]
    assert final["data"][RUN_MIME]["live"] is False

"""Commands reach a kernel whose cell is computing, and the cell's output ends as a static picture."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import nbclient
import nbformat
import pytest

from layerlab_jupyter.frontend import frontend
from layerlab_jupyter.protocol import MODEL_MIME, RUN_MIME
from tests.kernel_ext.commands.test_control_channel import BAD_BODIES
from tests.kernel_ext.kernel import ROOT, Asker, environment, running_kernel_process

# A training loop's shape without its cost: pure Python that never lets go of the interpreter by itself.
BUSY_CELL = """
import dataclasses, math, time
from layerlab.events import FitFinished, FitStopped
from layerlab.training.control import RunControl
from layerlab_jupyter.frontend import frontend
from tests.kernel_ext.runs import fit_started, step_finished

class Model:
    name = "digits"
    def count_params(self): return 10

def pretend_to_fit(seconds, run_id="run-1"):
    model, control = Model(), RunControl()
    listener = frontend.watch(run_id, model, control)
    tell = lambda event: listener(dataclasses.replace(event, run_id=run_id))
    tell(fit_started())
    end, step = time.monotonic() + seconds, 0
    while time.monotonic() < end and not control.stop_requested:
        step += 1
        sum(i * i for i in range(5000))
        tell(step_finished(step, 1 / step, time=time.time()))
    if control.stop_requested:
        tell(FitStopped(run_id=run_id, time=time.time(), epoch=0, step=step, reason="user"))
    tell(FitFinished(run_id=run_id, time=time.time(), epoch=0, step=step, seconds=1.0))
    return step
"""


@pytest.fixture(scope="module")
def kernel() -> Iterator[Asker]:
    with running_kernel_process() as asker:
        yield asker


def test_a_busy_kernel_answers_shows_its_progress_and_stops(kernel: Asker) -> None:
    cell = kernel.execute(BUSY_CELL + "pretend_to_fit(60)")
    run_id = kernel.wait_for_run()
    began = time.monotonic()
    latencies, since, steps = [], 0, []
    for _ in range(20):
        asked = time.perf_counter()
        result = kernel.ask("fetch_events", run_id=run_id, since=since)["result"]
        latencies.append(time.perf_counter() - asked)
        since = result["next"]
        steps += [s for e in result["events"] if e["type"] == "steps_finished" for s in e["steps"]]
        time.sleep(0.05)
    assert steps == list(range(1, len(steps) + 1)) and len(steps) > 20
    assert min(latencies) < 0.3  # the best: what else the machine does holds up the others

    asked = time.time()
    assert kernel.ask("stop", run_id=run_id) == {"result": {}}
    outputs = kernel.outputs(cell)
    seconds = time.monotonic() - began
    (live,) = [o for o in outputs if o["type"] == "display_data"]
    *renewed, final = [o for o in outputs if o["type"] == "update_display_data"]
    assert live["transient"] == final["transient"]
    # Each second at first: who saves the notebook now finds a picture in it.
    assert 1 <= len(renewed) <= seconds + 1 and all(o["data"][RUN_MIME]["live"] for o in renewed)
    assert all("<svg" in o["data"]["text/html"] for o in renewed)
    assert live["data"][RUN_MIME]["live"] is True and live["data"][RUN_MIME]["run_id"] == run_id
    record = final["data"][RUN_MIME]
    assert record["live"] is False and record["kernel_id"] == live["data"][RUN_MIME]["kernel_id"]
    stopped, finished = record["events"][-2:]
    assert (stopped["type"], finished["type"]) == ("fit_stopped", "fit_finished")
    assert stopped["time"] - asked < 2
    assert "<svg" in final["data"]["text/html"] and "stopped" in final["data"]["text/plain"]
    assert not [o for o in outputs if o["type"] in ("stream", "error")]


def test_malformed_messages_are_answered_and_the_kernel_goes_on(kernel: Asker) -> None:
    assert (
        kernel.send({"version": 1, "kind": "command", "body": "x" * 10_000_000})["body"]["error"]["code"]
        == "invalid"
    )
    assert kernel.send({})["body"]["error"]["code"] == "invalid"
    assert kernel.ask("explode")["error"]["code"] == "unknown_method"
    outputs = kernel.outputs(kernel.execute("1 + 1"))
    assert [o["data"]["text/plain"] for o in outputs if o["type"] == "execute_result"] == ["2"]
    assert not [o for o in outputs if o["type"] == "stream"]


@pytest.mark.slow
def test_no_wrong_message_reaches_a_run(kernel: Asker) -> None:
    kernel.outputs(kernel.execute(BUSY_CELL + "pretend_to_fit(0.1)"))
    ended = kernel.ask("list_all")["result"]["runs"][0]["run_id"]
    cell = kernel.execute('pretend_to_fit(60, run_id="run-2")')
    run_id = kernel.wait_for_run()
    assert run_id == "run-2" != ended

    for body, code, _ in BAD_BODIES:
        if not isinstance(body, dict) or not has_nan(body):  # which JSON cannot say
            reply = kernel.send({"version": 1, "id": "7", "kind": "command", "body": body})
            assert reply["body"]["error"]["code"] == code
    assert "has ended" in kernel.ask("stop", run_id=ended)["error"]["message"]

    # A replay is answered as the first time; numbers may come in any order; a second tab gets the same.
    message = {
        "version": 1,
        "id": "8",
        "kind": "command",
        "body": {"method": "fetch_events", "run_id": run_id},
    }
    first, again = kernel.send(message)["body"]["result"], kernel.send(message)["body"]["result"]
    assert again["events"][0] == first["events"][0] and again["next"] >= first["next"]
    future = kernel.ask("fetch_events", run_id=run_id, since=10**9)["result"]
    assert future["events"] == [] and future["next"] < 10**9 and future["live"]
    with kernel.second_tab() as tab:
        seen = tab.ask("fetch_events", run_id=run_id)["result"]
        assert seen["events"][0] == first["events"][0] and seen["next"] >= future["next"]

    before = kernel.ask("fetch_events", run_id=run_id)["result"]["next"]
    wait_until(lambda: kernel.ask("fetch_events", run_id=run_id)["result"]["next"] > before + 20)
    kernel.ask("stop", run_id=run_id)
    kernel.ask("stop", run_id=run_id)
    outputs = kernel.outputs(cell)
    final = [o["data"][RUN_MIME] for o in outputs if o["type"] == "update_display_data"][-1]
    # Nothing but what the run itself did: no pause, no other learning rate.
    kinds = {event["type"] for event in final["events"]}
    assert kinds == {"fit_started", "steps_finished", "fit_stopped", "fit_finished"}
    assert not [o for o in outputs if o["type"] in ("stream", "error")]


def has_nan(body: dict[str, object]) -> bool:
    return any(isinstance(value, float) and not math.isfinite(value) for value in body.values())


def wait_until(is_so: Callable[[], bool]) -> None:
    limit = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_fit_in_another_thread_updates_the_output_of_its_cell(kernel: Asker) -> None:
    code = (
        BUSY_CELL
        + "import threading\nt = threading.Thread(target=pretend_to_fit, args=(0.2,)); t.start(); t.join()"
    )
    outputs = kernel.outputs(kernel.execute(code))
    (shown,) = [o for o in outputs if o["type"] == "display_data"]
    final = [o for o in outputs if o["type"] == "update_display_data"][-1]
    assert final["transient"] == shown["transient"] and final["data"][RUN_MIME]["live"] is False


def test_the_kernel_knows_the_id_by_which_the_server_calls_it(kernel: Asker) -> None:
    code = """
import ipykernel.connect
ipykernel.connect.get_connection_file = lambda: "/run/kernel-1b2c-3d.json"
from layerlab_jupyter.kernels import kernel_id
kernel_id()
"""
    outputs = kernel.outputs(kernel.execute(code))
    assert [o["data"]["text/plain"] for o in outputs if o["type"] == "execute_result"] == ["'1b2c-3d'"]


@pytest.mark.slow
def test_a_notebook_executed_without_a_front_end_holds_the_static_picture() -> None:
    cells = [nbformat.v4.new_code_cell(BUSY_CELL + "pretend_to_fit(0.3);")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(ROOT)}})
    client.execute(env=environment())
    (output,) = notebook.cells[0].outputs
    assert output["data"][RUN_MIME]["live"] is False
    assert "<svg" in output["data"]["text/html"]
    assert len(nbformat.writes(notebook)) < 60_000


def test_outside_a_kernel_there_is_nothing_to_watch_or_display() -> None:
    assert frontend.watch("run-1", object(), None) is None  # type: ignore[arg-type]
    assert frontend.display(object()) is None


def test_importing_the_front_end_imports_nothing_of_jupyter() -> None:
    code = (
        "import sys, layerlab_jupyter.frontend\n"
        "print(sorted({'IPython', 'ipykernel', 'jupyter_client', 'traitlets', 'zmq'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout.strip() == "[]"


FIT_CELL = """
import numpy as np
import layerlab as keras
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])
x = np.random.default_rng(0).normal(size=(640, 4)).astype("float32")
"""


@pytest.mark.slow
def test_a_model_as_the_last_expression_shows_graph_and_summary(kernel: Asker) -> None:
    outputs = kernel.outputs(kernel.execute(FIT_CELL + "model"))
    (shown,) = [o["data"] for o in outputs if o["type"] == "execute_result"]
    assert [row["class_name"] for row in shown[MODEL_MIME]["summary"]["rows"]][-2:] == ["Dense", "Dense"]
    assert "<svg" in shown["text/html"] and "Total params" in shown["text/plain"]
    model_id = shown[MODEL_MIME]["model_id"]
    assert kernel.ask("describe_model", model_id=model_id)["result"]["graph"] == shown[MODEL_MIME]["graph"]
    assert model_id in [m["model_id"] for m in kernel.ask("list_all")["result"]["models"]]


@pytest.mark.slow
def test_a_model_that_is_not_built_tells_when_its_graph_can_be_shown(kernel: Asker) -> None:
    cell = "import layerlab as keras\nkeras.Sequential([keras.layers.Dense(8)], name='later')"
    (shown,) = (o for o in kernel.outputs(kernel.execute(cell)) if o["type"] == "execute_result")
    assert shown["data"]["text/plain"].startswith("<Sequential name=later, built=False>\nIts graph is shown")


@pytest.mark.slow
def test_models_are_listed_that_only_a_variable_holds(kernel: Asker) -> None:
    cell = "spare = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8)], name='spare')"
    kernel.outputs(kernel.execute(f"{FIT_CELL}display(model)\n{cell}"))

    def listed() -> list[tuple[str, int]]:
        models = kernel.ask("list_all")["result"]["models"]
        return [(model["name"], model["parameters"]) for model in models if model["name"] == "spare"]

    assert listed() == [("spare", 40)]
    assert listed() == [("spare", 40)]  # known by now, and not a second one
    kernel.outputs(kernel.execute("import gc\ndel spare\ngc.collect()"))
    assert listed() == []


@pytest.mark.slow
def test_a_real_fit_is_watched_steered_and_stopped(kernel: Asker) -> None:
    cell = kernel.execute(FIT_CELL + "history = model.fit(x, x[:, :1], epochs=100_000, batch_size=32)")
    run_id = kernel.wait_for_run()
    assert kernel.ask("set_learning_rate", run_id=run_id, learning_rate=0.125) == {"result": {}}
    assert kernel.ask("pause", run_id=run_id) == {"result": {}}
    wait_for(kernel, run_id, "fit_paused")
    kernel.ask("step", run_id=run_id)
    kernel.ask("resume", run_id=run_id)
    wait_for(kernel, run_id, "fit_resumed")
    asked = time.time()
    kernel.ask("stop", run_id=run_id)
    outputs = kernel.outputs(cell)
    final = [o["data"] for o in outputs if o["type"] == "update_display_data"][-1]
    events = final[RUN_MIME]["events"]
    assert [e["learning_rate"] for e in events if e["type"] == "learning_rate_changed"] == [0.125]
    kinds = [e["type"] for e in events]
    assert kinds[-1] == "fit_finished"
    assert "fit_stopped" in kinds[-3:]  # in mid-epoch, the epoch is closed after it
    assert events[-1]["time"] - asked < 2
    assert not [o for o in outputs if o["type"] == "error"]
    (answer,) = [
        o["data"]["text/plain"]
        for o in kernel.outputs(kernel.execute("type(history).__name__, bool(history.history['loss'])"))
        if o["type"] == "execute_result"
    ]
    assert answer.startswith("('History', ")


def wait_for(kernel: Asker, run_id: str, kind: str) -> None:
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        events = kernel.ask("fetch_events", run_id=run_id)["result"]["events"]
        if any(event["type"] == kind for event in events):
            return
        time.sleep(0.05)
    raise TimeoutError(kind)

"""What the clients of a kernel get: a page the monitor, a console text, a program what it should keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from layerlab_jupyter import clients
from layerlab_jupyter.clients import asking_client, draws_runs
from layerlab_jupyter.protocol import RUN_MIME
from tests.kernel_ext.kernel import Asker, running_kernel_process

FIT = """
import numpy as np
import layerlab as keras

x = np.ones((40, 3), "float32")
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)], name="line")
model.compile("sgd", "mse")
"""
EVALUATE = """
import time
class Slow(keras.callbacks.Callback):
    def on_test_batch_end(self, batch, logs=None): time.sleep(0.06)
    def on_predict_batch_end(self, batch, logs=None): time.sleep(0.06)
loss = model.evaluate(x, x[:, :1], batch_size=4, callbacks=[Slow()])
outputs = model.predict(x, batch_size=4, callbacks=[Slow()])
"""


class Kernel:
    control_handlers: dict[str, Any] = {}

    def __init__(self, message: Any) -> None:
        self.message = message

    def get_parent(self, channel: str) -> Any:
        assert channel == "shell"
        return self.message


def request(message_id: str, **content: Any) -> dict[str, Any]:
    return {"header": {"msg_id": message_id}, "content": content}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (request("0c1a4f2e-95a6-4a86-b2cb-0d5a64b0b1f3", allow_stdin=True), "page"),  # JupyterLab, VS Code
        (request("0c1a4f2e-95a6-4a86-b2cb-0d5a64b0b1f3", allow_stdin=False), "page"),
        (request("6b1d7ff9-8e1d9d24b2ae1de2a4c0cbd6_417_12", allow_stdin=True), "console"),  # qtconsole
        (request("6b1d7ff9-8e1d9d24b2ae1de2a4c0cbd6_417_12", allow_stdin=False), "program"),  # nbclient
        ({}, "page"),
        (None, "page"),
        ({"header": {}}, "page"),
    ],
)
def test_clients_are_told_apart_by_what_they_send(
    message: Any, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "running_kernel", lambda: Kernel(message))
    assert asking_client() == expected


@pytest.mark.parametrize(("switch", "expected"), [("auto", False), ("off", False), ("on", True)])
def test_a_console_that_draws_widgets_can_be_told(
    switch: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = request("6b1d7ff9-8e1d9d24b2ae1de2a4c0cbd6_417_12", allow_stdin=True)
    monkeypatch.setattr(clients, "running_kernel", lambda: Kernel(message))
    monkeypatch.setenv("LAYERLAB_WIDGET", switch)
    assert draws_runs() is expected


@pytest.fixture(scope="module")
def kernel() -> Iterator[Asker]:
    with running_kernel_process() as asker:
        asker.outputs(asker.execute(FIT))
        yield asker


def text_of(outputs: list[dict[str, Any]]) -> str:
    return "".join(output["text"] for output in outputs if output["type"] == "stream")


@pytest.mark.slow
def test_a_console_which_ignores_updates_gets_text_and_the_run_is_recorded(kernel: Asker) -> None:
    fit = "history = model.fit(x, x[:, :1], epochs=2, batch_size=8)"
    outputs = kernel.outputs(kernel.execute(fit, client="console"))
    assert not [output for output in outputs if "display" in output["type"]]
    assert "Epoch 2/2" in text_of(outputs) and "5/5" in text_of(outputs)
    told = kernel.outputs(kernel.execute("import layerlab_jupyter; print(layerlab_jupyter.run().status)"))
    assert text_of(told) == "finished\n"
    live = f"from layerlab_jupyter import LiveFit\n{fit[:-1]}, callbacks=[LiveFit(name='mine')])"
    outputs = kernel.outputs(kernel.execute(live, client="console"))
    assert not [output for output in outputs if "display" in output["type"]]
    assert "Epoch 2/2" in text_of(outputs)
    told = kernel.outputs(kernel.execute("print(layerlab_jupyter.runs().model.iloc[0])"))
    assert text_of(told) == "mine\n"


@pytest.mark.slow
@pytest.mark.parametrize("client", ["page", "program"])
@pytest.mark.parametrize("verbose", ["'auto'", "1", "True"])
def test_pages_and_programs_get_the_monitor_by_whatever_word(
    kernel: Asker, client: Any, verbose: str
) -> None:
    fit = f"history = model.fit(x, x[:, :1], epochs=2, verbose={verbose})"
    outputs = kernel.outputs(kernel.execute(fit, client=client))
    shown = [output["data"][RUN_MIME]["live"] for output in outputs if "display" in output["type"]]
    assert shown[0] is True and shown[-1] is False
    assert text_of(outputs) == ""


@pytest.mark.slow
def test_lines_are_still_lines_in_a_page(kernel: Asker) -> None:
    outputs = kernel.outputs(kernel.execute("history = model.fit(x, x[:, :1], epochs=2, verbose=2)"))
    assert text_of(outputs).splitlines()[::2] == ["Epoch 1/2", "Epoch 2/2"]
    assert not [output for output in outputs if "display" in output["type"]]


@pytest.mark.slow
@pytest.mark.parametrize("client", ["page", "console"])
def test_evaluate_and_predict_draw_a_bar_that_moves(kernel: Asker, client: Any) -> None:
    text = text_of(kernel.outputs(kernel.execute(EVALUATE, client=client)))
    evaluated, predicted = text.rstrip("\n").split("\n")
    for line in (evaluated, predicted):
        states = [state.split("/")[0][-2:].strip() for state in line.split("\r")[1:]]
        assert len(states) >= 4 and states[0] == "1" and states[-1] == "10"
    assert "loss: " in evaluated


@pytest.mark.slow
def test_a_program_keeps_the_last_state_of_each_bar_alone(kernel: Asker) -> None:
    text = text_of(kernel.outputs(kernel.execute(EVALUATE, client="program")))
    assert "\r" not in text and [line.split(" ")[0] for line in text.splitlines()] == ["10/10", "10/10"]

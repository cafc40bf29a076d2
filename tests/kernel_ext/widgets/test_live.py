"""What a widget is sent while a run goes on, what it may command, and that nothing of it stays."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from layerlab.training.control import RunControl
from layerlab_jupyter.protocol import RUN_MIME
from layerlab_jupyter.recording.run_recorder import RunRecorder
from layerlab_jupyter.registry import Registry, Run
from layerlab_jupyter.widgets import live
from tests.kernel_ext.kernel import Asker, running_kernel_process
from tests.kernel_ext.runs import RUN, events_of_run, fit_started
from tests.kernel_ext.test_busy_kernel import BUSY_CELL

VIEW = "application/vnd.jupyter.widget-view+json"


class FakeWidget:
    """Keeps what it is sent."""

    model_id = "model-7"
    comm = None

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.snapshot: dict[str, Any] = {}
        self.closed: list[str] = []
        self.layout = self.Layout(self.closed)

    class Layout:
        def __init__(self, closed: list[str]) -> None:
            self.closed = closed

        def close(self) -> None:
            self.closed.append("layout")

    def on_msg(self, handler: Callable[[Any, Any, Any], None]) -> None:
        self.receive = handler

    def send(self, content: dict[str, Any]) -> None:
        self.sent.append(content)

    def close(self) -> None:
        self.closed.append("widget")


@pytest.fixture
def widget(monkeypatch: pytest.MonkeyPatch) -> FakeWidget:
    fake = FakeWidget()
    monkeypatch.setattr(live, "_widget_class", lambda: lambda: fake)
    return fake


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_batches_follow_on_each_other_and_the_last_one_says_that_it_is(widget: FakeWidget) -> None:
    run = Run(RUN, RunRecorder(RUN), RunControl(), "model-1")
    view = live.LiveWidget(run, Registry())
    events = list(events_of_run())
    for event in events[:5]:
        run.recorder.record(event)
    wait_until(lambda: bool(widget.sent))
    for event in events[5:]:
        run.recorder.record(event)
    wait_until(lambda: widget.sent[-1]["live"] is False)
    assert [batch["since"] for batch in widget.sent] == [0, *[batch["next"] for batch in widget.sent[:-1]]]
    told = [event["type"] for batch in widget.sent for event in batch["events"]]
    assert (told[0], told[-1]) == ("fit_started", "fit_finished")
    assert widget.snapshot["events"][0]["type"] == "fit_started"
    view.close()
    assert widget.closed == ["layout", "widget"]
    assert "layerlab-widget" not in [thread.name for thread in threading.enumerate()]


def test_commands_are_answered_as_on_the_control_channel(widget: FakeWidget) -> None:
    known = Registry()
    run = Run(RUN, RunRecorder(RUN), RunControl(), "model-1")
    run.recorder.record(fit_started())
    known.add_run(run)
    view = live.LiveWidget(run, known)
    body = {"method": "stop", "run_id": RUN}
    widget.receive(widget, {"version": 1, "id": "a", "kind": "command", "body": body}, [])
    widget.receive(widget, "<script>", [])
    view.close()
    replies = [content for content in widget.sent if content["kind"] == "reply"]
    assert replies[0]["id"] == "a" and "result" in replies[0]["body"]
    assert replies[1]["body"]["error"]["code"] == "invalid"
    assert run.control.stop_requested


def test_a_view_that_cannot_be_made_leaves_the_usual_output(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "_STATIC", tmp_path)
    live._widget_class.cache_clear()
    run = Run(RUN, RunRecorder(RUN), RunControl(), "model-1")
    assert live.open_widget(run, Registry()) is None
    assert "npm run build:widget" in caplog.text


COUNTS = """
import comm, threading
print(len(comm.get_comm_manager().comms), [t.name for t in threading.enumerate() if "layerlab" in t.name])
"""

WITH_WIDGET = """
import os, pathlib, tempfile
import layerlab_jupyter.widgets.live as live
live._STATIC = pathlib.Path(tempfile.mkdtemp())
(live._STATIC / "run.js").write_text("export default {}")
(live._STATIC / "run.css").write_text("")
os.environ["LAYERLAB_WIDGET"] = "on"
"""


@pytest.mark.slow
def test_in_a_kernel_the_widget_is_replaced_and_leaves_no_thread_and_no_comm() -> None:
    with running_kernel_process() as kernel:
        kernel.outputs(kernel.execute(WITH_WIDGET))
        shown = kernel.outputs(kernel.execute(BUSY_CELL + "pretend_to_fit(2)"))
        displays = [item for item in shown if item["type"] in ("display_data", "update_display_data")]
        assert [VIEW in item["data"] for item in displays] == [True, False]
        assert RUN_MIME in displays[0]["data"] and "text/html" in displays[1]["data"]
        comms = [item["type"] for item in shown if item["type"].startswith("comm")]
        assert comms.count("comm_open") == comms.count("comm_close") == 2
        messages = [item["data"].get("content", {}) for item in shown if item["type"] == "comm_msg"]
        assert sum(content.get("kind") == "events" for content in messages) < 25
        assert printed(kernel, COUNTS) == "0 []"


def printed(kernel: Asker, code: str) -> str:
    outputs = kernel.outputs(kernel.execute(code))
    return "".join(item["text"] for item in outputs if item["type"] == "stream").strip()

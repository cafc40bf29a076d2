"""What steers a run is answered at once, whatever else is being answered."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import Any

import pytest

from layerlab.training.control import RunControl
from layerlab_jupyter.commands import control_channel
from layerlab_jupyter.commands.answer_thread import Background
from layerlab_jupyter.commands.control_channel import install
from layerlab_jupyter.protocol import FetchEventsResult
from layerlab_jupyter.recording.run_recorder import RunRecorder
from layerlab_jupyter.registry import Registry, Run
from tests.kernel_ext.kernel import running_kernel_process
from tests.kernel_ext.runs import fit_started

SECONDS = 30  # a limit for what takes no time unless something is broken


class Slow(RunRecorder):
    """Its history takes as long to make as a test wants."""

    def __init__(self) -> None:
        super().__init__("run-1")
        self.is_asked, self.may_answer = threading.Event(), threading.Event()
        self.record(fit_started())

    def fetch(self, since: int = 0) -> FetchEventsResult:
        self.is_asked.set()
        assert self.may_answer.wait(SECONDS)
        return super().fetch(since)


class Kernel:
    """What `install` needs of a kernel; keeps the replies."""

    def __init__(self) -> None:
        self.control_handlers: dict[str, Any] = {}
        self.session = self
        self.log = logging.getLogger("test")
        self.replies: list[tuple[str, str]] = []
        self.threads: set[int] = set()

    def send(self, stream: Any, kind: str, content: Any, parent: Any, ident: Any) -> None:
        self.replies.append((content["id"], next(iter(content["body"]))))
        self.threads.add(threading.get_ident())

    def ask(self, id: str, method: str) -> None:
        body = {"method": method, "run_id": "run-1"}
        content = {"version": 1, "id": id, "kind": "command", "body": body}
        self.control_handlers["layerlab_request"]("stream", ["page"], {"content": content})

    async def answered(self, count: int) -> None:
        async with asyncio.timeout(SECONDS):
            while len(self.replies) < count:
                await asyncio.sleep(0.005)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    known, recorder = Registry(), Slow()
    known.add_run(Run("run-1", recorder, RunControl(), "model-1"))
    monkeypatch.setattr(control_channel, "registry", known)
    return recorder


@pytest.mark.parametrize("verb", ["stop", "pause", "resume", "step", "save_checkpoint"])
def test_a_verb_is_answered_while_a_history_is_being_made(slow: Slow, verb: str) -> None:
    async def page() -> list[tuple[str, str]]:
        kernel = Kernel()
        install(kernel)
        kernel.ask("1", "fetch_events")
        assert await asyncio.to_thread(slow.is_asked.wait, SECONDS)
        kernel.ask("2", verb)
        before = [*kernel.replies]  # the verb's own answer is there at once
        slow.may_answer.set()
        await kernel.answered(2)
        assert kernel.threads == {threading.get_ident()}  # messages are sent by the control thread alone
        return [*before, *kernel.replies[len(before) :]]

    assert asyncio.run(page()) == [("2", "result"), ("1", "result")]


def test_questions_are_answered_in_the_order_in_which_they_came(slow: Slow) -> None:
    async def page() -> list[str]:
        kernel = Kernel()
        install(kernel)
        for number, method in enumerate(["fetch_events", "describe_run", "list_all", "fetch_events"]):
            kernel.ask(str(number), method)
        slow.may_answer.set()
        await kernel.answered(4)
        return [id for id, _ in kernel.replies]

    assert asyncio.run(page()) == ["0", "1", "2", "3"]


def test_an_answer_to_a_kernel_that_has_ended_is_dropped_and_the_next_is_made() -> None:
    background, made, sent = Background(), threading.Event(), threading.Event()

    async def ask_and_leave() -> None:
        background.answer(lambda: made.wait(SECONDS), lambda _: sent.set())

    async def ask_and_wait() -> str:
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        background.answer(lambda: "later", answer.set_result)
        return await asyncio.wait_for(answer, SECONDS)

    asyncio.run(ask_and_leave())
    made.set()
    assert asyncio.run(ask_and_wait()) == "later"
    assert not sent.is_set()


LONG_RUN = """
from layerlab.training.control import RunControl
from layerlab_jupyter.registry import Run, registry
from tests.kernel_ext.long_runs import long_run
from tests.kernel_ext.runs import recorded
registry.add_run(Run("run-1", recorded(long_run(8 * 3600, 50)), RunControl(), "model-1"))
"""


@pytest.mark.slow
def test_stop_is_answered_before_the_histories_of_eight_hours_that_were_asked_for_before_it() -> None:
    with running_kernel_process() as kernel:
        kernel.outputs(kernel.execute(LONG_RUN))
        session, channel = kernel.client.session, kernel.client.control_channel
        sent = []
        for method in [*["fetch_events"] * 5, "stop"]:
            body = {"method": method, "run_id": "run-1"}
            content = {"version": 1, "id": method, "kind": "command", "body": body}
            message = session.msg("layerlab_request", content)
            channel.send(message)
            sent.append(message["header"]["msg_id"])
        order = []
        while len(order) < len(sent):
            reply = kernel.client.get_control_msg(timeout=SECONDS)
            assert "result" in reply["content"]["body"]
            order.append(reply["content"]["id"])
    assert order.index("stop") < 3 and order.count("fetch_events") == 5

"""A real kernel, asked over its control channel as the lab extension does."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

__all__ = ["ROOT", "Asker", "environment", "running_kernel_process"]

ROOT = Path(__file__).parent.parent.parent
SECONDS = 60  # a limit for what never takes so long unless something is broken


class Asker:
    """Sends cells and commands; keeps what the cells publish."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client

    def execute(self, code: str, client: Literal["page", "console", "program"] = "page") -> str:
        """Start a cell and return its id at once.

        Args:
            client: as whom. A page gives its messages UUIDs; a program says that nobody can be asked.
        """
        if client != "page":
            return str(self.client.execute(code, allow_stdin=client == "console"))
        session = self.client.session
        header = session.msg_header("execute_request") | {"msg_id": str(uuid.uuid4())}
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": True}
        self.client.shell_channel.send(session.msg("execute_request", content, header=header))
        return str(header["msg_id"])

    def outputs(self, cell: str, *, seconds: float = SECONDS) -> list[dict[str, Any]]:
        """What the cell publishes until it ends, as `{"type": message type, **content}`."""
        found = []
        while True:
            message = self.client.get_iopub_msg(timeout=seconds)
            if message["parent_header"].get("msg_id") != cell:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return found
            found.append({"type": message["msg_type"], **message["content"]})

    def published(self, *, until_end_of: str) -> dict[str, list[dict[str, Any]]]:
        """What is published until a cell ends, whichever cell it goes to: by cell, as `outputs` has it."""
        found: dict[str, list[dict[str, Any]]] = {}
        while True:
            message = self.client.get_iopub_msg(timeout=SECONDS)
            cell = message["parent_header"].get("msg_id", "")
            if message["msg_type"] == "status":
                if cell == until_end_of and message["content"]["execution_state"] == "idle":
                    return found
            else:
                found.setdefault(cell, []).append({"type": message["msg_type"], **message["content"]})

    def send(self, content: Any) -> Any:
        """The reply's content to one `layerlab_request`."""
        message = self.client.session.msg("layerlab_request", content)
        self.client.control_channel.send(message)
        while True:
            reply = self.client.get_control_msg(timeout=SECONDS)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                assert reply["msg_type"] == "layerlab_reply"
                return reply["content"]

    def ask(self, method: str, **fields: Any) -> dict[str, Any]:
        """The body of the reply to one command."""
        content = {"version": 1, "id": "7", "kind": "command", "body": {"method": method, **fields}}
        return dict(self.send(content)["body"])

    @contextmanager
    def second_tab(self) -> Iterator[Asker]:
        """Another client of the same kernel."""
        client = BlockingKernelClient()
        client.load_connection_info(self.client.get_connection_info())
        client.start_channels()
        try:
            yield Asker(client)
        finally:
            client.stop_channels()

    def wait_for_run(self) -> str:
        """The id of the newest run, once it has begun."""
        limit = time.monotonic() + SECONDS
        while time.monotonic() < limit:
            runs = self.ask("list_all")["result"]["runs"]
            if runs and runs[0]["status"] == "running":
                return str(runs[0]["run_id"])
            time.sleep(0.05)
        raise TimeoutError("no run began")


def environment(runs: str = "off") -> dict[str, str]:
    """The variables of a process that imports from this source tree, tests included.

    Args:
        runs: the folder of the run logs, for `LAYERLAB_RUNS`.
    """
    paths = [str(ROOT), str(ROOT / "engine"), str(ROOT / "kernel_ext"), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "JUPYTER_PLATFORM_DIRS": "1",
        "LAYERLAB_RUNS": runs,
    }


@contextmanager
def running_kernel_process(runs: str = "off") -> Iterator[Asker]:
    """A kernel in the repository's root that answers layerlab's commands; `runs` as in `environment`."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=environment(runs), cwd=str(ROOT))
    client = manager.blocking_client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=SECONDS)
        asker = Asker(client)
        asker.outputs(asker.execute("%load_ext layerlab_jupyter"))
        yield asker
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)

"""The Jupyter server: the page's questions are no activity, and logs are given where the kernel is gone."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import Application

import layerlab_server
from layerlab_jupyter.protocol import REQUEST, RUN_MIME
from layerlab_jupyter.run_log.log_lock import hold
from tests.kernel_ext.kernel import ROOT, environment
from tests.kernel_ext.run_log.test_run_log import write_log
from tests.kernel_ext.runs import events_of_run


def server(kernel_manager: Any) -> Any:
    """As much of a server as the extension uses."""
    return SimpleNamespace(kernel_manager=kernel_manager, web_app=Application(base_url="/"))


def test_requests_are_left_out_of_the_activity_and_executions_are_not() -> None:
    manager = AsyncMappingKernelManager()
    assert manager.track_message_type(REQUEST)
    for _ in range(2):
        layerlab_server._load_jupyter_server_extension(server(manager))
    assert not manager.track_message_type(REQUEST)
    assert not manager.track_message_type("create_subshell_request")
    assert all(map(manager.track_message_type, ("execute_request", "comm_msg")))
    assert manager.untracked_message_types.count(REQUEST) == 1


def test_a_kernel_manager_without_such_a_list_is_left_alone() -> None:
    layerlab_server._load_jupyter_server_extension(server(SimpleNamespace()))


def test_the_configuration_that_is_installed_names_the_module() -> None:
    config = json.loads((ROOT / "kernel_ext/layerlab_server/jupyter_server_config.json").read_text())
    names = list(config["ServerApp"]["jpserver_extensions"])
    assert names == [point["module"] for point in layerlab_server._jupyter_server_extension_points()]


def test_the_server_need_not_load_the_engine() -> None:
    code = "import sys, layerlab_server; print({name.split('.')[0] for name in sys.modules} & LAYERLAB)"
    code = code.replace("LAYERLAB", "{'layerlab', 'layerlab_jupyter', 'layerlab_server', 'jax', 'torch'}")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout.strip() == "{'layerlab_server'}"


def render(folder: Path, run_id: str) -> Any:
    """What the server gives the page."""
    command = [sys.executable, "-P", "-m", "layerlab_jupyter.run_log.logged_run", folder, run_id]
    return json.loads(subprocess.run(command, capture_output=True, env=variables(), check=True).stdout)


def variables() -> dict[str, str]:
    """Those of a kernel in these tests, but with logs where they are by default."""
    return {name: value for name, value in environment().items() if name != "LAYERLAB_RUNS"}


def test_the_final_output_of_a_run_whose_process_died_is_rendered_from_its_log(tmp_path: Path) -> None:
    write_log(tmp_path / ".layerlab" / "runs", [*events_of_run(epochs=2, steps=10)][:-1])
    data = render(tmp_path, "run-1")
    assert data[RUN_MIME]["live"] is False and data[RUN_MIME]["run_id"] == "run-1"
    assert data[RUN_MIME]["events"][0]["type"] == "fit_started"
    assert "<svg" in data["text/html"] and "The kernel died" in data["text/html"]
    assert "lost" in data["text/plain"] and "The kernel died" in data["text/plain"]


@pytest.mark.parametrize("run_id", ["run-2", "../run-1", "*", "-1"])
def test_a_run_that_left_no_log_has_no_final_output(tmp_path: Path, run_id: str) -> None:
    write_log(tmp_path / ".layerlab" / "runs", [*events_of_run(epochs=1, steps=1)])
    assert render(tmp_path, run_id) is None


def test_a_run_that_goes_on_has_no_final_output(tmp_path: Path) -> None:
    folder = tmp_path / ".layerlab" / "runs"
    write_log(folder, [*events_of_run(epochs=1, steps=1)][:-1])
    descriptor = os.open(*folder.glob("*.jsonl"), os.O_RDONLY)
    try:
        hold(descriptor)
        assert render(tmp_path, "run-1") is None
    finally:
        os.close(descriptor)


@contextmanager
def running_server(root: Path) -> Iterator[str]:
    """A Jupyter server of that folder with our extension alone; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "root_dir": root,
        "port": port,
        "port_retries": 0,
        "jpserver_extensions": "layerlab_server=True",
    }
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.{name}={value}" for name, value in options.items()]
    command += ["--IdentityProvider.token=secret"]
    environ = variables() | {"JUPYTER_CONFIG_DIR": str(root / "config")}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def get(address: str, token: str = "secret") -> tuple[int, Any]:
    """Status and JSON of an answer, once the server answers at all."""
    request = urllib.request.Request(address, headers={"Authorization": f"token {token}"})
    for _ in range(300):
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, None
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")


@pytest.mark.slow
def test_the_server_gives_the_log_to_those_who_may_read_and_none_from_outside_of_its_folder(
    tmp_path: Path,
) -> None:
    root = tmp_path / "root"
    for folder in (root / "course", tmp_path / "secret"):
        write_log(folder / ".layerlab" / "runs", [*events_of_run(epochs=1, steps=5)][:-1])
    # What lies in the folder must not be imported when a notebook is opened.
    (root / "course" / "layerlab_jupyter.py").write_text("raise SystemExit('imported')")
    with running_server(root) as server:
        run = f"{server}/layerlab/runs/run-1?folder="
        status, data = get(run + "course")
        assert status == 200 and data[RUN_MIME]["run_id"] == "run-1"
        assert get(run + "course", token="wrong")[0] == 403
        assert get(run)[0] == 404
        assert get(run + "../secret")[0] == 404
        assert get(run + "course/../../secret")[0] == 404
        assert get(f"{server}/layerlab/runs/..%2Frun-1?folder=course")[0] == 404

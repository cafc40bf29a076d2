"""The Jupyter server does not take the page's questions for a kernel's activity."""

from __future__ import annotations

import json
import subprocess
import sys
from types import SimpleNamespace

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

import layerlab_server
from layerlab_jupyter.protocol import REQUEST
from tests.kernel_ext.kernel import ROOT, environment


def test_requests_are_left_out_of_the_activity_and_executions_are_not() -> None:
    manager = AsyncMappingKernelManager()
    assert manager.track_message_type(REQUEST)
    for _ in range(2):
        layerlab_server._load_jupyter_server_extension(SimpleNamespace(kernel_manager=manager))
    assert not manager.track_message_type(REQUEST)
    assert manager.track_message_type("execute_request")
    assert manager.untracked_message_types.count(REQUEST) == 1


def test_a_kernel_manager_without_such_a_list_is_left_alone() -> None:
    layerlab_server._load_jupyter_server_extension(SimpleNamespace(kernel_manager=SimpleNamespace()))


def test_the_configuration_that_is_installed_names_the_module() -> None:
    config = json.loads((ROOT / "kernel_ext/layerlab_server/jupyter_server_config.json").read_text())
    names = list(config["ServerApp"]["jpserver_extensions"])
    assert names == [point["module"] for point in layerlab_server._jupyter_server_extension_points()]


def test_the_server_need_not_load_the_engine() -> None:
    code = "import sys, layerlab_server; print([name for name in sys.modules if name.startswith('layerlab')])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout.strip() == "['layerlab_server']"

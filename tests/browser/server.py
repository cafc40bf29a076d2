"""A JupyterLab server of the tests' own: no token, a free port, and every folder under one directory."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["LabServer", "serve"]

CHECKOUT = Path(__file__).parent.parent.parent

# Without these a question about Jupyter news covers a corner of each screenshot.
SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


@dataclass(frozen=True)
class LabServer:
    """Where a running server answers, and the folder it serves."""

    url: str
    root: Path
    log: Path

    @property
    def data(self) -> Path:
        """Where it looks for kernels, beside those of the environment."""
        return self.root.parent / "data"

    def get(self, path: str) -> Any:
        """The JSON that the server's REST interface answers to GET `path`."""
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=60) as answer:
            return json.load(answer)

    def shut_down_kernels(self) -> None:
        """End all kernels, so that the next test starts with none."""
        for kernel in self.get("api/kernels"):
            request = urllib.request.Request(f"{self.url}/api/kernels/{kernel['id']}", method="DELETE")
            urllib.request.urlopen(request, timeout=60).close()


@contextmanager
def serve(
    home: Path, *, python: str | Path = sys.executable, variables: Mapping[str, str] | None = None
) -> Iterator[LabServer]:
    """Start JupyterLab with all its state below `home`; stop it and its kernels at the end.

    Args:
        python: of the environment in which JupyterLab runs.
        variables: of its process; default: those of the tests, importing from this source tree.
    """
    root, log, port = home / "root", home / "server.log", free_port()
    root.mkdir(parents=True)
    write_settings(home / "settings")
    with log.open("w") as output:
        process = subprocess.Popen(
            command(str(python), root, port),
            cwd=root,
            env=(tree_variables() if variables is None else dict(variables)) | state_folders(home),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    server = LabServer(f"http://127.0.0.1:{port}", root, log)
    try:
        wait_until_it_answers(server, process)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(3)
        except subprocess.TimeoutExpired:  # its orderly end sometimes waits for an extension without limit
            process.kill()  # kernels that are left notice within a second, and end themselves
            process.wait()


def command(python: str, root: Path, port: int) -> list[str]:
    return [
        *(python, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *(f"--ServerApp.root_dir={root}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(
            "--ServerApp.ip=127.0.0.1",
            "--IdentityProvider.token=",
            "--PasswordIdentityProvider.hashed_password=",
        ),
        "--ServerApp.disable_check_xsrf=True",  # the tests end kernels by REST, without a page's cookie
        "--LabApp.expose_app_in_browser=True",  # window.jupyterapp: the tests drive Lab's own commands
        "--JupyterNotebookApp.expose_app_in_browser=True",  # the same server offers Notebook 7
    ]


def state_folders(home: Path) -> dict[str, str]:
    """Nothing of the person's own configuration gets in, and nothing of the tests' gets out."""
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
        "LAYERLAB_HOME": "layerlab",
    }
    return {name: str(home / folder) for name, folder in folders.items()}


def tree_variables() -> dict[str, str]:
    """The tests' own variables, with this source tree first."""
    return {
        **os.environ,
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this environment, not one of the person's
        "PYTHONPATH": os.pathsep.join(str(CHECKOUT / part) for part in ("engine", "kernel_ext")),
    }


def write_settings(folder: Path) -> None:
    for name, values in SETTINGS.items():
        path = folder / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(values))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_it_answers(server: LabServer, process: subprocess.Popen[bytes], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.get("api/status")
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start. Its log:\n{server.log.read_text()[-3000:]}")

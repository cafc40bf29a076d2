"""ipykernel 6 beside the one that is installed: many servers still have it, and its threads are others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.browser.server import CHECKOUT, LabServer

__all__ = ["OLDER_KERNEL", "offer_older_kernel"]

OLDER_KERNEL = "ipykernel-6"
_VERSION = "6.31.0"
_FOLDER = CHECKOUT / ".setup" / f"ipykernel-{_VERSION}"


def offer_older_kernel(server: LabServer) -> None:
    """Add a kernel of that name to the server: this environment, with the older ipykernel before its own."""
    specification = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": f"Python 3 (ipykernel {_VERSION})",
        "language": "python",
        "env": {"PYTHONPATH": os.pathsep.join([str(_installed()), *_python_path()])},
    }
    folder = server.data / "kernels" / OLDER_KERNEL
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernel.json").write_text(json.dumps(specification))


def _installed() -> Path:
    """The folder with the package; fetched once for a checkout, and complete or not there."""
    if not _FOLDER.exists():
        _FOLDER.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_FOLDER.parent) as scratch:
            # What it depends on is there already, but for this.
            packages = (f"ipykernel=={_VERSION}", "nest-asyncio>=1.4")
            pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
            subprocess.run([*pip, "--no-deps", f"--target={scratch}/new", *packages], check=True, timeout=300)
            os.rename(f"{scratch}/new", _FOLDER)
    return _FOLDER


def _python_path() -> list[str]:
    return [str(CHECKOUT / part) for part in ("engine", "kernel_ext")]

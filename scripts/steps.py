"""Running a command as a named step: quiet while it works, the whole story when it fails.

Shared by `setup.py`, `check.py` and `run_tests.py`. Standard library only, because `setup.py`
runs before anything is installed.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

__all__ = ["ROOT", "STATE", "VENV", "environment", "run_quietly", "seconds_since"]

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv" / "bin"
STATE = ROOT / ".setup"  # stamps, logs and reports; safe to delete at any time


def environment(**extra: str) -> dict[str, str]:
    """This process' environment with the tools of `.venv` first on the path."""
    path = f"{VENV}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **extra}


def run_quietly(command: list[str], log_name: str, **extra_environment: str) -> tuple[int, Path]:
    """Run `command` in the checkout with its output in `.setup/logs/`; returns exit status and log."""
    log = STATE / "logs" / f"{log_name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        output.write(f"$ {' '.join(command)}\n")
        output.flush()
        result = subprocess.run(
            command,
            cwd=ROOT,
            env=environment(**extra_environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return result.returncode, log


def seconds_since(start: float) -> str:
    """The time since `start` (of `time.monotonic`), for a person."""
    return f"{time.monotonic() - start:.1f} s"

"""Where the logs of runs are, what they are called, and how much room they may take.

One file per run in `<working folder>/.layerlab/runs`: `20261126-123633-digits-3f2a9c51b7e0.jsonl`. The
environment variable `LAYERLAB_RUNS` names another folder, or is 'off'. Names of models and ids of runs come
from outside: no text reaches the file system that was not reduced to letters, digits, '-' and '_'.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Collection
from pathlib import Path

from layerlab_jupyter.run_log.log_lock import is_held

__all__ = ["is_safe_id", "log_folder", "log_name", "logs", "make_folder", "open_log", "tidy"]

MOST_TOTAL_BYTES = 256 * 2**20
MOST_LOGS = 1000

_NAME = re.compile(r"\d{8}-\d{6}-[\w-]{1,40}-[\w-]{1,64}\.jsonl", re.ASCII)
_READ = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
_WORKING_FOLDER = Path.cwd()  # a later chdir must not scatter the logs of a notebook


def log_folder(working_folder: Path = _WORKING_FOLDER) -> Path | None:
    """Where the runs of a working folder, by default this process', are logged; None if they are not.

    It need not exist.
    """
    chosen = os.environ.get("LAYERLAB_RUNS", "").strip()
    if chosen.lower() == "off":
        return None
    if chosen.lower() in ("", "on"):
        return working_folder / ".layerlab" / "runs"
    return working_folder / Path(chosen).expanduser()


def is_safe_id(run_id: str) -> bool:
    """Whether an id of a run may be looked for in a folder."""
    return re.fullmatch(r"[\w-]{1,64}", run_id, re.ASCII) is not None


def log_name(started: float, model_name: str, run_id: str) -> str:
    """The name of a run's log: sorted by name, logs are sorted by time."""
    when = time.strftime("%Y%m%d-%H%M%S", time.localtime(started))
    model = re.sub(r"[^A-Za-z0-9_]+", "-", model_name)[:40].strip("-") or "model"
    id = re.sub(r"[^A-Za-z0-9_-]", "-", run_id)[:64] or "run"
    return f"{when}-{model}-{id}.jsonl"


def logs(folder: Path, run_id: str | None = None, without: Collection[str] = ()) -> list[Path]:
    """The logs in a folder, newest first.

    Args:
        run_id: only those whose name ends with it.
        without: none whose name ends with one of these.
    """
    ending = "" if run_id is None else f"-{run_id}.jsonl"
    left_out = tuple(f"-{id}.jsonl" for id in without)
    try:
        names = [name for name in os.listdir(folder) if name.endswith(ending) and not name.endswith(left_out)]
    except OSError:
        return []
    return [folder / name for name in sorted(names, reverse=True) if _NAME.fullmatch(name)]


def open_log(path: Path) -> int:
    """A descriptor for reading a regular file; follows no link, waits for no pipe. Raises OSError."""
    descriptor = os.open(path, _READ)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path.name} is no regular file")
    return descriptor


def make_folder(folder: Path) -> None:
    """Make the folder, and tell git to leave `.layerlab` alone. Raises OSError."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    if folder.parent.name == ".layerlab":
        with contextlib.suppress(FileExistsError), (folder.parent / ".gitignore").open("x") as file:
            file.write("*\n")


def tidy(folder: Path, most_bytes: int = MOST_TOTAL_BYTES, most_logs: int = MOST_LOGS) -> None:
    """Remove the oldest logs past the limits, but none that a living process writes."""
    sizes = {path: size for path in logs(folder) if (size := _size(path)) is not None}
    total, count = sum(sizes.values()), len(sizes)
    for path, size in reversed(sizes.items()):
        if total <= most_bytes and count <= most_logs:
            return
        if _remove_ended(path):
            total, count = total - size, count - 1


def _size(path: Path) -> int | None:
    try:
        status = path.lstat()
    except OSError:  # another kernel has just removed it
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _remove_ended(path: Path) -> bool:
    try:
        descriptor = open_log(path)
        try:
            if is_held(descriptor):
                return False
        finally:
            os.close(descriptor)
        path.unlink()
    except OSError:
        return False
    return True

"""Writing that never loses a file: the new one is complete on disk before it takes the old one's place.

Used for every format. Imports nothing of ours but errors.
"""

from __future__ import annotations

import builtins
import contextlib
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from layerlab.errors import InvalidArgumentError, explain
from layerlab.typing import PathLike

__all__ = ["as_path", "may_write", "replacing"]

_HOST = re.sub(r"[^A-Za-z0-9]", "", socket.gethostname())[:30]
_TEMPORARY = re.compile(r"\..*\.layerlab-(?P<host>[A-Za-z0-9]*)-(?P<process>\d+)-[0-9a-f]{12}\.tmp")
_OLD_SECONDS = 24 * 3600


def as_path(filepath: PathLike, method: str) -> Path:
    """`filepath` as a Path. Raises: InvalidArgumentError for what is no path."""
    try:
        return Path(os.fsdecode(os.fspath(filepath)))
    except TypeError as error:
        got = type(filepath).__name__
        raise InvalidArgumentError(
            explain(f"{method}(filepath=...)", expected="a str or a Path", got=got)
        ) from error


def may_write(path: Path, overwrite: bool) -> bool:
    """Whether to go on: yes, unless the file is there, `overwrite` is False, and the person says no.

    Raises: FileExistsError if nobody can be asked.
    """
    if overwrite or not path.exists():
        return True
    answer = ""
    while answer not in ("y", "n"):
        try:
            answer = builtins.input(f"{path} exists. Replace it? [y/n] ").strip().lower()[:1]
        except (EOFError, OSError, RuntimeError) as error:  # no terminal, no notebook's input box
            message = f"{path} exists, and nobody can be asked. Pass overwrite=True to replace it."
            raise FileExistsError(message) from error
    return answer == "y"


@contextlib.contextmanager
def replacing(filepath: Path) -> Iterator[Path]:
    """A temporary file beside `filepath` that takes its place if all goes well, and is removed if not.

    A link stays one: the file it leads to is replaced. The file keeps its mode. What killed processes have
    left in the folder is removed.
    Raises: FileNotFoundError without a folder; OSError if `filepath` is a folder, a device or a pipe.
    """
    path = Path(os.path.realpath(filepath))
    if not path.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {path.parent} to save {path.name} in.")
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is no file, so nothing can be saved there.")
    _remove_leftovers(path.parent)
    mark = f"layerlab-{_HOST}-{os.getpid()}-{secrets.token_hex(6)}"
    temporary = path.with_name(f".{path.name[:40]}.{mark}.tmp")
    temporary.touch(exist_ok=False)  # with the mode that new files have
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        if path.exists():
            os.chmod(temporary, path.stat().st_mode & 0o777)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _remove_leftovers(folder: Path) -> None:
    """Remove temporary files of saves that will not end: their process is dead, or they are a day old."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            mark = _TEMPORARY.fullmatch(entry.name)
            if mark is None or not entry.is_file(follow_symlinks=False):
                continue
            is_dead = mark["host"] == _HOST and not _is_alive(int(mark["process"]))
            with contextlib.suppress(OSError):
                if is_dead or time.time() - entry.stat().st_mtime > _OLD_SECONDS:
                    os.unlink(entry)


def _is_alive(process: int) -> bool:
    """False only if there is no such process on this machine."""
    if os.name != "posix":  # elsewhere signal 0 is no question
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # somebody else's
        return True
    return True


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where the system can do that."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

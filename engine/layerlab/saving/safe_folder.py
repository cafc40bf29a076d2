"""A `.keras` file that is unpacked: the same members, as files of a folder, read with the same care."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO

from layerlab.errors import DataError, explain
from layerlab.saving.file_limits import MAX_MEMBERS

__all__ = ["SafeFolder"]


class SafeFolder:
    """The files of a folder, with the methods of SafeZip.

    Args:
        is_expected: whether a file of this name belongs to the model; others are left alone.
    Raises: DataError for links, devices and pipes under such a name, and for too many files.
    """

    def __init__(self, path: Path, is_expected: Callable[[str], bool]) -> None:
        self._path = path
        self._sizes: dict[str, int] = {}
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            for entry in sorted(os.scandir(path / folder), key=lambda entry: entry.name):
                name = f"{folder}{entry.name}"
                if not is_expected(name) and not is_expected(f"{name}/"):
                    continue
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    waiting.append(f"{name}/")
                elif stat.S_ISREG(status.st_mode):
                    self._sizes[name] = status.st_size
                else:
                    raise _refused(f"{name[:80]!a}, which is a link, a device or a pipe")
                if len(self._sizes) + len(waiting) > MAX_MEMBERS:
                    raise _refused("too many files", expected=f"at most {MAX_MEMBERS}")

    @property
    def names(self) -> list[str]:
        """Names of all files of the model, with slashes."""
        return list(self._sizes)

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return self._sizes[name]

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of a file. Raises: DataError if it is missing, or larger than `limit`."""
        if name not in self._sizes:
            raise _refused(f"no file '{name}'", expected="one")
        if self.size(name) > limit:
            raise _refused(f"{self.size(name)} bytes in {name}", expected=f"at most {limit}")
        with (self._path / name).open("rb") as file:
            return file.read(limit)

    def extract(self, name: str, path: Path) -> None:
        """Copy a file to `path`."""
        shutil.copyfile(self._path / name, path, follow_symlinks=False)

    def open_stored(self, name: str) -> IO[bytes]:
        """The file, open for reading; who asks closes it."""
        return (self._path / name).open("rb")


def _refused(got: str, expected: str = "") -> DataError:
    return DataError(explain("The folder is refused.", expected=expected, got=got))

"""Unpack a tar or zip file of a stranger: nothing outside of the folder, no links, no bombs, all or nothing.

Members become plain files and folders with the modes that new files have. A link to a file of the archive
becomes a copy; nothing is ever written through a link.
"""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import lzma
import os
import shutil
import stat
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Any, NoReturn

from layerlab.errors import UnreadableFileError, explain

__all__ = ["unpack"]

_PIECE = 2**20  # bytes that are copied at once
_MOST_EXPANSION = 100  # times the bytes of the archive
_ALWAYS_ALLOWED = 2**28  # bytes, however small the archive
_MOST_MEMBERS = 1_000_000
_MOST_DIRECTORY = 2**27  # bytes of a zip file's list of members, which is read as a whole
_MOST_HEADER = 2**24  # bytes that a tar file may make us read at once
_LEFT_ON_DISK = 2**26
_DAMAGE = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    ValueError,
    RuntimeError,
)
_PACKERS: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}


def unpack(path: Path, folder: Path, formats: Sequence[str]) -> bool:
    """Unpack the archive at `path` into a folder that exists and is empty.

    Args:
        formats: "tar" (also packed by gzip, bzip2 or xz) and "zip", in the order in which they are tried.
    Returns: False if it is no archive of these formats.
    Raises: UnreadableFileError for a damaged archive, and for one that would leave the folder or fill the
        disk; what was written by then is the caller's to remove.
    """
    budget = _Budget(path, folder)
    with _damage_told(path):
        for form in formats:
            if form == "tar" and _is_tar(path, budget):
                _unpack_tar(path, folder, budget)
                return True
            if form == "zip" and zipfile.is_zipfile(path):
                _unpack_zip(path, folder, budget)
                return True
    return False


class _Budget:
    """What an archive may still take: members, and bytes of memory and disk."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path = path
        self._folder = folder
        self._bytes = self._most = max(_ALWAYS_ALLOWED, _MOST_EXPANSION * path.stat().st_size)
        self._members = _MOST_MEMBERS
        self._until_look = 0

    def take_member(self) -> None:
        self._members -= 1
        if self._members < 0:
            self.refuse("too many members", f"at most {_MOST_MEMBERS:,}")

    def take_bytes(self, count: int) -> None:
        self._bytes -= count
        if self._bytes < 0:
            self.refuse("a bomb: its members are far larger than the file", f"at most {self._most:,} bytes")
        self._until_look -= count
        if self._until_look < 0:
            self._until_look = 2**24
            if shutil.disk_usage(self._folder).free < _LEFT_ON_DISK:
                message = "The disk is full: an archive cannot be unpacked"
                raise OSError(errno.ENOSPC, message, str(self._folder))

    def refuse(self, got: str, expected: str) -> NoReturn:
        raise UnreadableFileError(
            explain(
                f"The archive {self.path} is refused.",
                expected=expected,
                got=got,
                fix="if you trust it, unpack it yourself and pass the folder on",
            )
        )


def _inside(folder: Path, name: str, budget: _Budget) -> Path:
    """Where a member goes. Raises: UnreadableFileError for a name that leads out of the folder."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    is_odd = "\0" in name or (os.name == "nt" and any(c in name for c in "\\:"))
    if name.startswith("/") or ".." in parts or is_odd:
        budget.refuse(f"a member named {name[:80]!a}", "names that stay inside of the folder")
    return folder.joinpath(*parts)


def _copy(source: IO[bytes], target: Path, budget: _Budget | None) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        while piece := source.read(_PIECE):
            if budget is not None:
                budget.take_bytes(len(piece))
            file.write(piece)


# -- tar ----------------------------------------------------------------------------------------------


class _Counted:
    """The unpacked bytes of a tar file, headers too: each read is counted, and none may be huge."""

    def __init__(self, file: IO[bytes], budget: _Budget) -> None:
        self._file, self._budget = file, budget
        self._furthest = 0
        self.seekable, self.tell, self.close = file.seekable, file.tell, file.close

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _MOST_HEADER:
            self._budget.refuse(f"a header of {size:,} bytes", f"at most {_MOST_HEADER:,}")
        return self._count(self._file.read(size))

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        while whence == os.SEEK_SET and position > self._furthest:  # packed files are read to get there
            if not self._count(self._file.read(min(_PIECE, position - self._furthest))):
                break
        return self._file.seek(position, whence)

    def _count(self, piece: bytes) -> bytes:
        end = self._file.tell()
        if end > self._furthest:
            self._budget.take_bytes(end - self._furthest)
            self._furthest = end
        return piece


@contextlib.contextmanager
def _opened_tar(path: Path, budget: _Budget) -> Iterator[tarfile.TarFile]:
    with path.open("rb") as file:
        start = file.read(6)
    opener = next((opener for magic, opener in _PACKERS.items() if start.startswith(magic)), open)
    with opener(path, "rb") as packed:
        counted: Any = _Counted(packed, budget)
        with tarfile.open(fileobj=counted, mode="r:") as tar:
            yield tar


def _is_tar(path: Path, budget: _Budget) -> bool:
    try:
        with _opened_tar(path, budget):
            return True
    except (UnreadableFileError, tarfile.CompressionError):
        raise
    except (*_DAMAGE, OSError) as error:
        if _is_of_disk(error):
            raise
        return False


def _unpack_tar(path: Path, folder: Path, budget: _Budget) -> None:
    links: list[tuple[Path, Path]] = []
    with _opened_tar(path, budget) as tar:
        for member in tar:
            known: Any = tar
            known.members = []  # it would keep all: memory for each of a million
            budget.take_member()
            target = _inside(folder, member.name, budget)
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
            elif member.isreg():
                source = tar.extractfile(member)
                assert source is not None
                _copy(source, target, budget if member.issparse() else None)  # others were counted as read
            elif member.issym() or member.islnk():
                links.append((target, _linked(folder, member, budget)))
            else:
                budget.refuse(f"a device or pipe {member.name[:80]!a}", "plain files and folders")
    _copy_linked(links, budget)


def _linked(folder: Path, member: tarfile.TarInfo, budget: _Budget) -> Path:
    """The file that a link of the archive stands for."""
    base = PurePosixPath(member.name).parent if member.issym() else PurePosixPath()
    parts: list[str] = []
    for part in (base / member.linkname).parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        else:
            parts.append(part)
    joined = "/".join(parts) if not member.linkname.startswith("/") else member.linkname
    return _inside(folder, joined, budget)


def _copy_linked(links: list[tuple[Path, Path]], budget: _Budget) -> None:
    """Copies in the place of links; of links to links too, in whatever order they came."""
    while ready := [(place, target) for place, target in links if target.is_file()]:
        links = [link for link in links if link not in ready]
        for place, target in ready:
            if place != target:
                budget.take_bytes(target.stat().st_size)
                with target.open("rb") as source:
                    _copy(source, place, None)
    if links:
        warnings.warn(
            f"{budget.path.name}: {len(links)} links to folders, or to nothing, are left out, such as "
            f"{links[0][0].name[:80]!a}.",
            stacklevel=2,
        )


# -- zip ----------------------------------------------------------------------------------------------


def _unpack_zip(path: Path, folder: Path, budget: _Budget) -> None:
    _check_directory(path, budget)
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            budget.take_member()
            target = _inside(folder, info.filename, budget)
            if info.flag_bits & 0x1:
                budget.refuse(f"an encrypted member {info.filename[:80]!a}", "plain ones")
            if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
                budget.refuse(f"a link or device {info.filename[:80]!a}", "plain files and folders")
            if info.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            with archive.open(info) as source:
                _copy(source, target, budget)


def _check_directory(path: Path, budget: _Budget) -> None:
    """Look at how long the list of members is before it is read."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 2**16 - 100))
        tail = file.read()
    at = tail.rfind(b"PK\5\6")
    length = struct.unpack_from("<L", tail, at + 12)[0]
    long_at = tail.rfind(b"PK\6\6", 0, at)
    if length == 0xFFFFFFFF and long_at >= 0:
        length = struct.unpack_from("<Q", tail, long_at + 40)[0]
    if length > _MOST_DIRECTORY:
        budget.refuse(f"a list of members of {length:,} bytes", f"at most {_MOST_DIRECTORY:,}")


@contextlib.contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    try:
        yield
    except UnreadableFileError:
        raise
    except (*_DAMAGE, OSError) as error:
        if _is_of_disk(error):
            raise
        raise UnreadableFileError(
            explain(
                f"The archive {path} is damaged: {str(error)[:150] or type(error).__name__}.",
                fix="fetch it again: force_download=True",
            )
        ) from error


def _is_of_disk(error: Exception) -> bool:
    """Whether the system raised it, not a decoder."""
    return isinstance(error, OSError) and error.errno is not None

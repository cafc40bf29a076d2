"""Zip files that may be damaged, or meant to do harm: every member is checked before one is read.

A member is read in pieces, never beyond the size it declares, and its checksum is compared. Nothing is
extracted but by `extract`, into a folder of our own, under names that were checked.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from layerlab.errors import DataError, explain
from layerlab.saving.file_limits import MAX_DIRECTORY_BYTES, MAX_EXPANSION, MAX_MEMBERS, SMALL_BYTES

__all__ = ["SafeZip"]

_PIECE = 2**20  # bytes that are read at once
_END = struct.Struct("<4s4H2LH")  # signature, disks and counts, size and place of the directory, comment
_END_64_LOCATOR = struct.Struct("<4sLQL")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    struct.error,
)


class SafeZip:
    """The checked members of an open zip file.

    Args:
        file: open for reading in binary, seekable.
        is_expected: whether there may be a member of this name.
    Raises: DataError for what is no whole zip file, and for members with unexpected, doubled or unsafe
        names, links, encryption, or sizes that cannot be or are those of a bomb.
    """

    def __init__(self, file: IO[bytes], is_expected: Callable[[str], bool]) -> None:
        self._file = file
        self._size = file.seek(0, os.SEEK_END)
        with _damage_told("The list of its members"):
            self._check_directory()
            self._zip = zipfile.ZipFile(file)
            infos = self._zip.infolist()
        if len(infos) > MAX_MEMBERS:
            raise _refused(f"{len(infos)} members", expected=f"at most {MAX_MEMBERS}")
        self._infos: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            _check_member(info, is_expected)
            if info.filename in self._infos:
                raise _refused(f"two members {_shown(info.filename)}", expected="each name once")
            self._infos[info.filename] = info
        if sum(info.compress_size for info in infos) > self._size:
            raise _refused("members that share their bytes, or lie outside of the file")

    @property
    def names(self) -> list[str]:
        """Names of all members."""
        return list(self._infos)

    def size(self, name: str) -> int:
        """Bytes of a member when it is read."""
        return self._infos[name].file_size

    def read(self, name: str, limit: int) -> bytes:
        """The bytes of a member. Raises: DataError if it is missing, damaged, or larger than `limit`."""
        if name not in self._infos:
            raise _refused(f"no member '{name}'", expected="one")
        if self.size(name) > limit:
            raise _refused(f"{self.size(name)} bytes in {_shown(name)}", expected=f"at most {limit}")
        return b"".join(self._pieces(name))

    def extract(self, name: str, path: Path) -> None:
        """Write a member to a new file at `path`."""
        with path.open("xb") as file:
            for piece in self._pieces(name):
                file.write(piece)

    def open_stored(self, name: str) -> IO[bytes] | None:
        """A view of a member that is not compressed, as a seekable file; None for a compressed one.

        The checksum is compared before.
        """
        info = self._infos[name]
        if info.compress_type != zipfile.ZIP_STORED:
            return None
        for _ in self._pieces(name):
            pass
        self._file.seek(info.header_offset)
        *_, name_size, extra_size = _LOCAL_HEADER.unpack(self._file.read(_LOCAL_HEADER.size))
        start = info.header_offset + _LOCAL_HEADER.size + name_size + extra_size
        return io.BufferedReader(_View(self._file, start, info.file_size))

    def _pieces(self, name: str) -> Iterator[bytes]:
        with _damage_told(_shown(name)), self._zip.open(self._infos[name]) as member:
            size = 0
            while piece := member.read(_PIECE):  # raises at the end if the checksum differs
                size += len(piece)
                yield piece
            if size != self.size(name):
                raise EOFError(f"it ends after {size} of {self.size(name)} bytes")

    def _check_directory(self) -> None:
        """Look at the size of the list of members before it is read: each takes a kilobyte of memory."""
        end = self._tail(_END.size, _END.size)
        if end[:4] != b"PK\5\6" or end[-2:] != b"\0\0":
            raise zipfile.BadZipFile("its end is missing: the file was cut off, or is no .keras file")
        *_, size, start, _ = _END.unpack(end)
        before = _END.size
        locator = self._tail(before + _END_64_LOCATOR.size, _END_64_LOCATOR.size)
        if locator[:4] == b"PK\6\7":
            before += _END_64_LOCATOR.size + _END_64.size
            *_, size, start = _END_64.unpack(self._tail(before, _END_64.size))
        if size > MAX_DIRECTORY_BYTES:
            raise zipfile.BadZipFile(f"it takes {size} bytes, more than {MAX_DIRECTORY_BYTES}")
        if start + size + before != self._size:
            raise zipfile.BadZipFile("there are other bytes before or after the archive")

    def _tail(self, distance: int, size: int) -> bytes:
        self._file.seek(max(0, self._size - distance))
        return self._file.read(size).ljust(size, b"\0")


class _View(io.RawIOBase):
    """Some bytes of a file, as a file that ends where they end."""

    def __init__(self, file: IO[bytes], start: int, size: int) -> None:
        self._file, self._start, self._size, self._position = file, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        wanted = memoryview(buffer)[: max(0, self._size - self._position)]
        self._file.seek(self._start + self._position)
        count: int = self._file.readinto(wanted)  # type: ignore[attr-defined]
        self._position += count
        return count


def _check_member(info: zipfile.ZipInfo, is_expected: Callable[[str], bool]) -> None:
    name, shown = info.filename, _shown(info.orig_filename)
    parts = name.split("/")
    is_unsafe = any(part in ("", ".", "..") for part in parts) or any(c in name for c in "\\:")
    if name != info.orig_filename or is_unsafe or len(name) > 1000 or not name.isprintable():
        raise _refused(f"a member named {shown}", expected="plain relative names")
    if not is_expected(name):
        raise _refused(f"a member {shown}", expected="what belongs to a model, and nothing else")
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        raise _refused(f"a link or device {shown}", expected="plain members")
    if info.flag_bits & 0x1:
        raise _refused(f"an encrypted member {shown}", expected="plain ones")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refused(f"{shown} in a way of packing that Keras does not use", expected="stored or deflated")
    is_stored = info.compress_type == zipfile.ZIP_STORED
    if is_stored and info.file_size != info.compress_size:
        raise _refused(f"two sizes of {shown}: {info.file_size} and {info.compress_size} bytes")
    if info.file_size > max(SMALL_BYTES, MAX_EXPANSION * info.compress_size):
        got = f"{info.file_size} bytes of {shown} packed into {info.compress_size}"
        raise _refused(got, expected=f"at most {MAX_EXPANSION} times as many: this is a bomb")


@contextlib.contextmanager
def _damage_told(what: str) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except _DAMAGE as error:
        message = explain(f"{what} cannot be read: {str(error)[:150]}", fix="get or save the file again")
        raise DataError(message) from error


def _refused(got: str, expected: str = "") -> DataError:
    return DataError(explain("The archive is refused.", expected=expected, got=got))


def _shown(name: str) -> str:
    return ascii(name[:80])  # text of a stranger: no control characters

"""Archives of strangers: nothing leaves the folder, nothing fills the disk or the memory."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from layerlab.errors import UnreadableFileError
from layerlab.utils.archives import unpack

Content = bytes | None


def info(name: str, content: bytes = b"x", **attributes: Any) -> tuple[tarfile.TarInfo, bytes]:
    made = tarfile.TarInfo(name)
    made.size = len(content)
    for key, value in attributes.items():
        setattr(made, key, value)
    return made, content


def tar_file(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for member, content in members:
            tar.addfile(member, io.BytesIO(content))
    return path


def zip_file(path: Path, name: str, content: bytes = b"x", mode: int = 0, flag: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo(name)
        member.external_attr = mode << 16
        archive.writestr(member, content, zipfile.ZIP_DEFLATED)
    if flag:
        raw = bytearray(path.read_bytes())
        raw[raw.index(b"PK\1\2") + 8] |= flag
        path.write_bytes(raw)
    return path


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    return info(name, b"", type=kind, linkname=to)


HOSTILE: dict[str, Callable[[Path], Path]] = {
    "tar .. ": lambda p: tar_file(p, info("a/../../evil")),
    "tar absolute": lambda p: tar_file(p, info("/tmp/evil")),
    "tar link out": lambda p: tar_file(p, link("a", "../../evil")),
    "tar absolute link": lambda p: tar_file(p, link("a", "/etc/passwd")),
    "tar link out of a folder": lambda p: tar_file(p, link("a/b", "../../evil")),
    "tar hard link out": lambda p: tar_file(p, link("a", "../evil", tarfile.LNKTYPE)),
    "tar device": lambda p: tar_file(p, info("a", b"", type=tarfile.CHRTYPE)),
    "tar pipe": lambda p: tar_file(p, info("a", b"", type=tarfile.FIFOTYPE)),
    "zip ..": lambda p: zip_file(p, "../evil"),
    "zip absolute": lambda p: zip_file(p, "/tmp/evil"),
    "zip link": lambda p: zip_file(p, "a", b"/etc/passwd", stat.S_IFLNK | 0o777),
    "zip pipe": lambda p: zip_file(p, "a", b"", stat.S_IFIFO | 0o777),
    "zip encrypted": lambda p: zip_file(p, "a", flag=1),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_members_that_would_leave_the_folder_are_refused(tmp_path: Path, kind: str) -> None:
    path, folder = HOSTILE[kind](tmp_path / "x"), tmp_path / "in" / "side"
    folder.mkdir(parents=True)
    with pytest.raises(UnreadableFileError, match="refused"):
        unpack(path, folder, ("tar", "zip"))
    assert not list(folder.rglob("*"))
    assert {p.name for p in tmp_path.rglob("*")} == {"x", "in", "side"}


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "in"
    outside.mkdir()
    folder.mkdir()
    path = tar_file(
        tmp_path / "x", info("d", b"", type=tarfile.DIRTYPE), link("d", "../outside"), info("d/evil")
    )
    with pytest.raises(UnreadableFileError, match="refused"):
        unpack(path, folder, ("tar",))
    assert not list(outside.iterdir())


def test_links_inside_become_copies(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    members = [
        link("deep/second", "first"),
        link("deep/first", "../real"),
        link("hard", "real", tarfile.LNKTYPE),
        info("./real", b"text"),
        info("folder", b"", type=tarfile.DIRTYPE),
        link("alias", "folder"),
    ]
    with pytest.warns(UserWarning, match="'alias'"):
        assert unpack(tar_file(tmp_path / "x", *members), folder, ("tar",))
    files = {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}
    assert files == dict.fromkeys(["deep/second", "deep/first", "hard", "real"], "text")
    assert not any(p.is_symlink() for p in folder.rglob("*"))


class Zeros(io.RawIOBase):
    """As many as are asked for, and none of them in memory."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        count = min(size, self.left)
        self.left -= count
        return bytes(count)


def zip_bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a", "w") as member:
        for _ in range(300):
            member.write(bytes(2**20))
    return path


def tar_bomb(path: Path) -> Path:
    with gzip.open(path, "wb", compresslevel=1) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        member = tarfile.TarInfo("a")
        member.size = 300 * 2**20
        tar.addfile(member, Zeros(300 * 2**20))  # type: ignore[arg-type]
    return path


def tar_with_a_huge_name(path: Path) -> Path:
    header = tarfile.TarInfo("./PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, 2**28
    with gzip.open(path, "wb", compresslevel=1) as packed:
        packed.write(header.tobuf())
        for _ in range(256):
            packed.write(bytes(2**20))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("make", [zip_bomb, tar_bomb, tar_with_a_huge_name])
def test_bombs_are_refused_in_little_memory(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    path, folder = make(tmp_path / "x"), tmp_path / "in"
    folder.mkdir()
    assert path.stat().st_size < 10 * 2**20
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableFileError, match=r"bomb|header of"):
            unpack(path, folder, ("tar", "zip"))
        assert tracemalloc.get_traced_memory()[1] < 50 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("form", ["tar", "zip"])
def test_too_many_members_are_refused(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("layerlab.utils.archives._MOST_MEMBERS", 3)
    path, folder = tmp_path / "x", tmp_path / "in"
    folder.mkdir()
    if form == "tar":
        tar_file(path, *(info(str(i)) for i in range(4)))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            for i in range(4):
                archive.writestr(str(i), "x")
    with pytest.raises(UnreadableFileError, match="too many"):
        unpack(path, folder, ("tar", "zip"))


def test_a_full_disk_is_no_damage_of_the_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, folder = tar_file(tmp_path / "x", info("a", bytes(100))), tmp_path / "in"
    folder.mkdir()
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10}))
    with pytest.raises(OSError, match="disk is full") as caught:
        unpack(path, folder, ("tar",))
    assert not isinstance(caught.value, UnreadableFileError)


@pytest.mark.parametrize("form", ["tar", "zip"])
def test_a_damaged_archive_is_told(tmp_path: Path, form: str) -> None:
    path, folder = tmp_path / "x", tmp_path / "in"
    folder.mkdir()
    text = b"".join(b"%d" % (i * i) for i in range(20000))
    if form == "tar":
        tar_file(path, info("a", text))
        path.write_bytes(path.read_bytes()[:-5000])
    else:
        zip_file(path, "a", text)
        raw = bytearray(path.read_bytes())
        raw[2000] ^= 255
        path.write_bytes(raw)
    with pytest.raises(UnreadableFileError, match="damaged"):
        unpack(path, folder, ("tar", "zip"))

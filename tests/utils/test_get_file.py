"""`get_file` against a server on this machine, with the installed Keras as witness for names and places."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras as oracle
import pytest

import layerlab as keras
from layerlab.errors import DownloadError, InvalidArgumentError, UnreadableFileError
from tests.utils.local_server import LocalServer, local_server

CONTENT = b"forty-two bytes, or so, of a file of data."
SHA256, MD5 = hashlib.sha256(CONTENT).hexdigest(), hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LocalServer]:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    with local_server() as served:
        served.files["a.txt"] = CONTENT
        yield served


def tar_of(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zip_of(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


MEMBERS = {"pets/cat/1.txt": b"miau", "pets/dog/ü.txt": b"wau"}


def test_a_file_is_fetched_once(server: LocalServer, tmp_path: Path, capsys: Any) -> None:
    path = keras.utils.get_file(origin=f"{server.url}/a.txt?version=3")
    assert path == str(tmp_path / "home" / "datasets" / "a.txt")
    assert Path(path).read_bytes() == CONTENT
    assert f"{len(CONTENT)}/{len(CONTENT)}" in capsys.readouterr().out  # the bar
    server.files.clear()
    assert keras.utils.get_file(origin=f"{server.url}/a.txt?version=3") == path
    assert len(server.asked) == 1 and capsys.readouterr().out == ""


def test_it_can_be_fetched_again(server: LocalServer) -> None:
    path = keras.utils.get_file("b.txt", f"{server.url}/a.txt")
    server.files["a.txt"] = b"new"
    assert keras.utils.get_file("b.txt", f"{server.url}/a.txt", force_download=True) == path
    assert Path(path).read_bytes() == b"new"


@pytest.mark.parametrize(
    "arguments",
    [
        {"file_hash": SHA256},
        {"file_hash": MD5.upper()},
        {"md5_hash": MD5},
        {"file_hash": SHA256, "hash_algorithm": "sha256"},
        {"file_hash": MD5, "hash_algorithm": "md5"},
    ],
)
def test_a_file_with_the_right_hash_is_taken(server: LocalServer, arguments: Any) -> None:
    path = keras.utils.get_file("x", f"{server.url}/a.txt", **arguments)
    assert Path(path).read_bytes() == CONTENT


def test_another_file_than_expected_is_refused_and_the_old_one_stays(
    server: LocalServer, tmp_path: Path
) -> None:
    old = tmp_path / "home" / "datasets" / "a.txt"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"older")
    with pytest.raises(UnreadableFileError, match=SHA256):
        keras.utils.get_file(origin=f"{server.url}/a.txt", file_hash="0" * 64)
    assert old.read_bytes() == b"older"
    assert [path.name for path in old.parent.iterdir() if path.suffix != ".lock"] == ["a.txt"]


def test_a_cached_file_with_another_hash_is_fetched_again(server: LocalServer, tmp_path: Path) -> None:
    old = tmp_path / "home" / "datasets" / "a.txt"
    old.parent.mkdir(parents=True)
    old.write_bytes(CONTENT[:-1])
    assert keras.utils.get_file(origin=f"{server.url}/a.txt", file_hash=SHA256) == str(old)
    assert old.read_bytes() == CONTENT


@pytest.mark.parametrize("hash_", ["12", "g" * 64, SHA256[:-1], SHA256 + "0"])
def test_what_cannot_be_a_hash_is_told_before_anything_is_fetched(server: LocalServer, hash_: str) -> None:
    with pytest.raises(InvalidArgumentError, match="hexadecimal"):
        keras.utils.get_file(origin=f"{server.url}/a.txt", file_hash=hash_)
    assert server.asked == []


def test_without_a_network_the_error_says_where_to_put_the_file(tmp_path: Path) -> None:
    with local_server() as gone:
        url = gone.url
    with pytest.raises(DownloadError) as caught:
        keras.utils.get_file("a.txt", f"{url}/a.txt", file_hash=SHA256, cache_dir=tmp_path)
    message = str(caught.value)
    assert str(tmp_path / "datasets" / "a.txt") in message and SHA256 in message and "refused" in message
    assert isinstance(caught.value, OSError)
    (tmp_path / "datasets" / "a.txt").write_bytes(CONTENT)  # by hand
    assert keras.utils.get_file("a.txt", f"{url}/a.txt", file_hash=SHA256, cache_dir=tmp_path)


def test_a_download_that_is_cut_off_leaves_nothing(server: LocalServer, tmp_path: Path) -> None:
    server.cut = 7
    with pytest.raises(DownloadError, match="7"):
        keras.utils.get_file(origin=f"{server.url}/a.txt")
    with pytest.raises(DownloadError, match="404"):
        keras.utils.get_file(origin=f"{server.url}/missing.txt")
    folder = tmp_path / "home" / "datasets"
    assert [path.name for path in folder.iterdir() if path.suffix != ".lock"] == []


def test_a_full_disk_is_told_before_the_download(
    server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 10}))
    with pytest.raises(OSError, match="disk is full") as caught:
        keras.utils.get_file(origin=f"{server.url}/a.txt")
    assert not isinstance(caught.value, DownloadError)


@pytest.mark.slow
def test_two_processes_fetch_a_file_once(server: LocalServer, tmp_path: Path) -> None:
    server.files["big"] = os.urandom(3_000_000)
    code = (
        "import sys, layerlab; "
        f"print(layerlab.utils.get_file(origin='{server.url}/big', cache_dir=r'{tmp_path}'))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    path = tmp_path / "datasets" / "big"
    assert all(output.strip().endswith(str(path)) for output in outputs)
    assert path.read_bytes() == server.files["big"]
    assert server.asked == ["big"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "origin"),
        ({"origin": "a.txt"}, "URL"),
        ({"origin": "gopher://x/a.txt"}, "URL"),
        ({"origin": "http://127.0.0.1/"}, "fname"),
        ({"origin": "http://127.0.0.1/x/.."}, "fname"),
        ({"fname": "../a.txt", "origin": "http://127.0.0.1/a"}, "cache_subdir"),
        ({"fname": "x", "origin": "http://127.0.0.1/a", "extract": True, "archive_format": "rar"}, "'zip'"),
        ({"fname": "x", "origin": "http://127.0.0.1/a", "hash_algorithm": "crc", "file_hash": "1"}, "sha256"),
    ],
)
def test_arguments_that_cannot_be_are_named(tmp_path: Path, arguments: Any, says: str) -> None:
    with pytest.raises(InvalidArgumentError, match=says):
        keras.utils.get_file(**arguments, cache_dir=tmp_path)


# -- where things are, as in Keras ----------------------------------------------------------------------


@pytest.mark.oracle
@pytest.mark.parametrize(
    "arguments",
    [
        {"fname": "pets.tar.gz", "extract": True},
        {"fname": "pets", "untar": True},
        {"extract": True},
        {"extract": True, "archive_format": ["zip", "tar"], "cache_subdir": "images"},
        {},
        {"fname": Path("other.tgz"), "cache_subdir": ""},
    ],
    ids=lambda arguments: "-".join(arguments) or "file",
)
def test_files_and_folders_are_where_keras_puts_them(
    server: LocalServer, tmp_path: Path, arguments: Any
) -> None:
    server.files["pets.tgz"] = tar_of(MEMBERS)
    found = []
    for k, folder in ((keras, tmp_path / "ours"), (oracle, tmp_path / "theirs")):
        folder.mkdir()
        path = Path(k.utils.get_file(origin=f"{server.url}/pets.tgz", cache_dir=str(folder), **arguments))
        files = {p.relative_to(folder) for p in folder.rglob("*") if p.is_file() and p.name[0] != "."}
        found.append((path.relative_to(folder), files))
    assert found[0] == found[1]


@pytest.mark.oracle
def test_what_keras_has_fetched_is_found(server: LocalServer, tmp_path: Path) -> None:
    server.files["pets.zip"] = zip_of(MEMBERS)
    arguments: Any = {"origin": f"{server.url}/pets.zip", "extract": True, "cache_dir": str(tmp_path)}
    theirs = oracle.utils.get_file(**arguments)
    Path(theirs, "pets", "cat", "1.txt").unlink()  # Keras unpacks each time; a half unpacked folder is filled
    assert keras.utils.get_file(**arguments) == theirs
    assert server.asked == ["pets.zip"]
    assert Path(theirs, "pets", "cat", "1.txt").read_bytes() == b"miau"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz", "zip"])
def test_each_kind_of_archive_is_unpacked(server: LocalServer, mode: str) -> None:
    server.files["pets"] = zip_of(MEMBERS) if mode == "zip" else tar_of(MEMBERS, mode)
    folder = Path(keras.utils.get_file(origin=f"{server.url}/pets", extract=True))
    assert {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.txt")} == MEMBERS


def test_an_archive_is_unpacked_once_and_what_was_changed_since_stays(server: LocalServer) -> None:
    server.files["pets"] = tar_of(MEMBERS)
    arguments: Any = {"origin": f"{server.url}/pets", "extract": True}
    folder = Path(keras.utils.get_file(**arguments))
    (folder / "pets/cat/1.txt").unlink()  # as tutorials do with what they do not need
    (folder / "pets/mine.txt").write_text("mine")
    keras.utils.get_file(**arguments)
    assert not (folder / "pets/cat/1.txt").exists()
    keras.utils.get_file(**arguments, force_download=True)
    assert (folder / "pets/cat/1.txt").exists() and (folder / "pets/mine.txt").read_text() == "mine"


def test_a_cache_that_can_only_be_read_serves(server: LocalServer, tmp_path: Path, monkeypatch: Any) -> None:
    server.files["pets"] = tar_of(MEMBERS)
    arguments: Any = {"origin": f"{server.url}/pets", "extract": True}
    path = keras.utils.get_file(**arguments)
    Path(path).with_name(".pets.unpacked").unlink()  # as Keras would have left it
    monkeypatch.setattr("os.access", lambda path, mode: mode != os.W_OK)
    assert keras.utils.get_file(**arguments) == path
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    elsewhere = Path(keras.utils.get_file(origin=f"{server.url}/a.txt"))
    assert elsewhere.read_bytes() == CONTENT and elsewhere.is_relative_to(tmp_path / f"keras-{os.getuid()}")


def test_what_is_no_archive_is_told(server: LocalServer, tmp_path: Path) -> None:
    for arguments in ({}, {"archive_format": "zip"}, {"archive_format": None}):
        server.files["x"] = tar_of(MEMBERS) if arguments else CONTENT
        with pytest.raises(UnreadableFileError, match="extract=False"):
            keras.utils.get_file(origin=f"{server.url}/x", extract=True, force_download=True, **arguments)
    left = [p.name for p in (tmp_path / "home" / "datasets").iterdir()]
    assert sorted(name for name in left if not name.endswith(".lock")) == ["x_archive"]

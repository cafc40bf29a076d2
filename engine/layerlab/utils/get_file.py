"""`keras.utils.get_file`: files of the network in a cache on disk, shared with Keras.

The cache is Keras' own, `$KERAS_HOME` or `~/.keras`, with the same names in it: what one has fetched, the
other finds. See docs/decisions/036-data-from-outside.md.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from layerlab.errors import InvalidArgumentError, UnreadableFileError, explain
from layerlab.terminal.console import write
from layerlab.typing import PathLike
from layerlab.utils.archives import unpack
from layerlab.utils.download import Expected, download

__all__ = ["get_file"]


def get_file(
    fname: PathLike | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: PathLike = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: object = "auto",
    cache_dir: PathLike | None = None,
    force_download: bool = False,
) -> str:
    """Fetch a file from the network once, and find it in the cache from then on.

    The cache is Keras' own: a file that one of the two has fetched, the other finds.
    Without a network the error says where the file is expected, so that it can be put
    there by hand. Pass `file_hash` for what you do not fully trust. Archives are
    unpacked inside of their folder or not at all.

    Args:
        fname: the name of the file in the cache; None: the last part of the URL. With
            `extract`, a name without a dot is the folder's.
        origin: the URL.
        untar: True is the older way to say `extract=True, archive_format="tar"`.
        md5_hash: the older way to say `file_hash`, by MD5.
        file_hash: the hash that the file must have, in hexadecimal. A cached file with
            another is fetched again.
        cache_subdir: folder inside of the cache, or an absolute path.
        hash_algorithm: "sha256", "md5", or "auto": by the length of the hash.
        extract: True unpacks an archive, once, and returns its folder.
        archive_format: "tar" (also .tar.gz, .tar.bz2, .tar.xz), "zip", a list of them,
            or "auto": both.
        cache_dir: the cache; None: the folder in the environment variable KERAS_HOME, or
            `~/.keras`.
        force_download: True fetches the file also if it is in the cache.
    Returns: the path of the file, or of the folder with what was unpacked.
    Raises: DownloadError, an OSError, if it cannot be fetched; UnreadableFileError for
        another file than `file_hash` says, and for a damaged or hostile archive;
        InvalidArgumentError.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     there = pathlib.Path(folder, "there.txt")
        ...     _ = there.write_text("12 apples")
        ...     path = get_file("here.txt", there.as_uri(), cache_dir=folder)
        ...     pathlib.Path(path).read_text()
        Downloading data from file:///...
        '12 apples'
    """
    if origin is None:
        raise InvalidArgumentError(explain("get_file", expected="origin, the URL of the file"))
    expected = Expected(file_hash or md5_hash, "md5" if md5_hash and not file_hash else hash_algorithm)
    formats = _checked_formats("tar" if untar else archive_format)
    names = _names(fname, origin, extract or untar)
    folder = _cache_folder(cache_dir, cache_subdir, names)
    path = _cached(origin, folder / names.file, expected, force_download)
    return str(_unpacked(path, folder / names.folder, formats) if names.folder else path)


@dataclass(frozen=True)
class _Names:
    """What is in the cache: a file, and the folder for what it holds, if that is asked for."""

    file: str
    folder: str


def _names(fname: PathLike | None, origin: str, extract: bool) -> _Names:
    """As Keras names them, so that each finds what the other has fetched."""
    name = os.fspath(fname) if fname else os.path.basename(urlsplit(origin).path)
    if not name or name in (".", "..") or "\0" in name or os.path.basename(name) != name:
        raise InvalidArgumentError(
            explain(
                "The name of the file",
                expected="one without folders",
                got=repr(name)[:80],
                fix="pass fname='name.ext', and cache_dir or cache_subdir for where it goes",
            )
        )
    if not extract:
        return _Names(name, "")
    if fname and "." in name:
        return _Names(name, f"{name[: name.index('.')]}_extracted")
    return _Names(f"{name}_archive", name)


def _checked_formats(archive_format: object) -> tuple[str, ...]:
    if archive_format == "auto":
        return ("tar", "zip")
    one = () if archive_format is None else (archive_format,)
    formats = tuple(archive_format) if isinstance(archive_format, list | tuple) else one
    if any(form not in ("tar", "zip") for form in formats):
        raise InvalidArgumentError(
            explain(
                "archive_format", expected="'auto', 'tar', 'zip' or a list", got=repr(archive_format)[:80]
            )
        )
    return formats


def _cache_folder(cache_dir: PathLike | None, cache_subdir: PathLike, names: _Names) -> Path:
    """The folder, made if it can be. One that cannot be written serves if the file is in it."""
    home = cache_dir if cache_dir is not None else os.environ.get("KERAS_HOME") or Path("~", ".keras")
    folder = Path(os.path.expanduser(home), os.fspath(cache_subdir))
    if (folder / names.file).is_file():
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    instead = _private_folder() / (os.fspath(cache_subdir).lstrip("/\\") or ".")
    instead.mkdir(parents=True, exist_ok=True)
    write(f"{folder} cannot be written; the file goes into {instead}.\n")
    return instead


def _private_folder() -> Path:
    """A folder for temporary files that nobody else can write to."""
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    folder = Path(tempfile.gettempdir(), f"keras-{owner}")
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if folder.is_symlink() or (hasattr(os, "getuid") and status.st_uid != os.getuid()):
        raise PermissionError(f"{folder} belongs to somebody else. Pass cache_dir=... that you can write to.")
    return folder


def _cached(origin: str, path: Path, expected: Expected, force: bool) -> Path:
    if not force and path.is_file() and expected.fits(path):
        return path
    with _alone_at(path):
        if path.is_file() and not force:  # there before, or another process has just fetched it
            if expected.fits(path):
                return path
            write(f"{path} is not the expected file (its {expected.algorithm} differs); fetching it again.\n")
        download(origin, path, expected)
    return path


def _unpacked(path: Path, folder: Path, formats: tuple[str, ...]) -> Path:
    """The folder with what an archive holds. What a person has changed in it since stays so."""
    if _is_unpacked(path, folder):
        return folder
    with _alone_at(folder):
        if _is_unpacked(path, folder):
            return folder
        for left in folder.parent.glob(f".{folder.name}.unpacking-*"):  # by a process that was killed
            shutil.rmtree(left, ignore_errors=True)
        temporary = folder.with_name(f".{folder.name}.unpacking-{secrets.token_hex(6)}")
        temporary.mkdir()
        try:
            if not unpack(path, temporary, formats):
                raise UnreadableFileError(
                    explain(
                        f"{path} cannot be unpacked.",
                        expected=f"an archive: {' or '.join(formats) or 'but archive_format allows none'}",
                        fix="extract=False, if it is none; force_download=True, if it is damaged",
                    )
                )
            _move(temporary, folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        _mark(folder).write_text(_state(path))
    return folder


def _is_unpacked(path: Path, folder: Path) -> bool:
    if not folder.is_dir():
        return False
    mark = _mark(folder)
    if mark.is_file():
        return mark.read_text() == _state(path)
    return not os.access(folder.parent, os.W_OK)  # a cache to read from: what is there must do


def _mark(folder: Path) -> Path:
    """The note that all of an archive is in the folder; Keras leaves none, and unpacks each time."""
    return folder.with_name(f".{folder.name}.unpacked")


def _state(path: Path) -> str:
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}"


def _move(source: Path, target: Path) -> None:
    """All at once where there is no such folder yet; else file by file, beside those that are there."""
    if not target.exists():
        source.rename(target)
        return
    for root, folders, files in os.walk(source):
        place = target / os.path.relpath(root, source)
        for name in folders:
            (place / name).mkdir(parents=True, exist_ok=True)
        for name in files:
            os.replace(Path(root, name), place / name)


@contextmanager
def _alone_at(path: Path) -> Iterator[None]:
    """One process, or thread, at a time."""
    from filelock import FileLock  # with its own imports, and most programs fetch nothing

    with FileLock(path.with_name(f".{path.name}.lock")):
        yield

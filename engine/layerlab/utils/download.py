"""Fetch one file from a URL: whole and checked before it takes its place, or an error that helps."""

from __future__ import annotations

import errno
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from layerlab.errors import DownloadError, InvalidArgumentError, UnreadableFileError, explain
from layerlab.saving.replace_file import replacing
from layerlab.terminal.console import write
from layerlab.terminal.progbar import Progbar

__all__ = ["Expected", "download"]

_SCHEMES = ("http", "https", "ftp", "file")
_SECONDS = 60  # without a byte from the server
_PIECE = 2**18
_LEFT_ON_DISK = 2**26
_DIGITS = {"md5": 32, "sha256": 64}


class Expected:
    """The hash that a file must have; without one every file is right.

    Args:
        digest: hexadecimal, or None.
        algorithm: "sha256", "md5", or "auto": by the length of the digest.
    Raises: InvalidArgumentError for what cannot be such a hash.
    """

    def __init__(self, digest: object, algorithm: str) -> None:
        self.digest = None if digest is None else str(digest).lower()
        if algorithm not in ("auto", *_DIGITS):
            raise InvalidArgumentError(
                explain("hash_algorithm", expected="'auto', 'sha256' or 'md5'", got=repr(algorithm)[:40])
            )
        self.algorithm = algorithm
        if self.digest is None:
            return
        if algorithm == "auto":
            self.algorithm = "sha256" if len(self.digest) == _DIGITS["sha256"] else "md5"
        digits = _DIGITS[self.algorithm]
        if len(self.digest) != digits or set(self.digest) - set("0123456789abcdef"):
            raise InvalidArgumentError(
                explain(
                    f"file_hash is no {self.algorithm} hash.",
                    expected=f"{digits} hexadecimal digits",
                    got=repr(digest)[:80],
                )
            )

    def __str__(self) -> str:
        return "" if self.digest is None else f" ({self.algorithm} {self.digest})"

    def of(self, path: Path) -> str:
        """The hash of a file, in pieces."""
        with path.open("rb") as file:
            return hashlib.file_digest(file, self.algorithm).hexdigest()

    def fits(self, path: Path) -> bool:
        """Whether the file is the expected one."""
        return self.digest is None or self.of(path) == self.digest


def download(origin: str, path: Path, expected: Expected) -> None:
    """Put what a URL has at `path`. Until all of it is there and right, `path` stays as it was.

    Raises: DownloadError, with where to put the file by hand; UnreadableFileError for another file than
        expected; InvalidArgumentError for no URL.
    """
    if urlsplit(origin).scheme not in _SCHEMES:
        raise InvalidArgumentError(
            explain(
                "get_file(origin=...)",
                expected="a URL: https://..., http://..., file:///...",
                got=repr(origin)[:200],
            )
        )
    write(f"Downloading data from {origin}\n")
    with replacing(path) as temporary:
        with temporary.open("wb") as file:
            for piece in _pieces(origin, path, expected):
                file.write(piece)
        if not expected.fits(temporary):
            raise UnreadableFileError(
                explain(
                    f"{origin} gave another file than the expected one.",
                    expected=f"{expected.algorithm} {expected.digest}",
                    got=f"{expected.of(temporary)}, {temporary.stat().st_size:,} bytes",
                    fix="try again; if it stays so, look at the file there before you trust it",
                )
            )


def _pieces(origin: str, path: Path, expected: Expected) -> Iterator[bytes]:
    # Takes as long to import as a tenth of layerlab, and most programs fetch nothing.
    import http.client
    import urllib.request

    request = urllib.request.Request(origin, headers={"User-Agent": "layerlab"})
    done = 0
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as response:
            size = response.headers.get("Content-Length")
            total = int(size) if size is not None and size.isdigit() else None
            bar = Progbar(total)
            while piece := response.read(_PIECE):
                if done % 2**24 < len(piece):
                    _check_disk(path, (total or done) - done)
                done += len(piece)
                yield piece
                if done != total:
                    bar.update(done, finalize=False)
        if total is not None and done != total:
            raise EOFError(f"it ended after {done:,} of {total:,} bytes")
        bar.update(done, finalize=True)
    except (OSError, EOFError, http.client.HTTPException) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise
        raise DownloadError(_unreachable(origin, path, expected, error)) from error


def _check_disk(path: Path, coming: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if free < coming + _LEFT_ON_DISK:
        raise OSError(errno.ENOSPC, f"The disk is full ({free:,} bytes are free)", str(path))


def _unreachable(origin: str, path: Path, expected: Expected, error: Exception) -> str:
    reason = str(getattr(error, "reason", None) or error or type(error).__name__)[:150]
    code = getattr(error, "code", None)
    return explain(
        f"{origin} cannot be fetched: {f'{code} ' if code else ''}{reason}.",
        expected="the network; or no network, and the file in its place",
        fix=f"get the file{expected} elsewhere, and put it at {path}",
    )

"""The `assets/` of a `.keras` file: what objects with `save_assets` keep beside arrays, such as vocabularies.

Each object gets a folder under its path in the model, temporary on both ways.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from layerlab.core.model_protocol import ModelLike
from layerlab.errors import DataError, LayerlabError, explain
from layerlab.saving.file_limits import MAX_ASSETS_BYTES
from layerlab.saving.safe_folder import SafeFolder
from layerlab.saving.safe_zip import SafeZip
from layerlab.saving.stateful_objects import walk

__all__ = ["ASSETS", "load_assets", "write_assets"]

ASSETS = "assets"


def write_assets(archive: Any, model: ModelLike) -> None:
    """Let the model's objects save their assets, and put these into the archive by `write(path, name)`."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for place, item in walk(model):
            if hasattr(item, "save_assets"):
                item.save_assets(str(_folder(root, place)))
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                archive.write(path, path.relative_to(root).as_posix())


def load_assets(archive: SafeZip | SafeFolder, model: ModelLike) -> None:
    """Give each object of the model the folder with its assets.

    Raises: DataError if there are too many bytes of them, or an object cannot use them.
    """
    owners = [(place, item) for place, item in walk(model) if hasattr(item, "load_assets")]
    if not owners:
        return
    names = [name for name in archive.names if name.startswith(f"{ASSETS}/")]
    size = sum(archive.size(name) for name in names)
    if size > MAX_ASSETS_BYTES:
        raise DataError(
            explain("The assets are too large.", expected=f"{MAX_ASSETS_BYTES} bytes", got=str(size))
        )
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for name in names:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            archive.extract(name, path)
        for place, item in owners:
            try:
                item.load_assets(str(_folder(root, place)))
            except (LayerlabError, OSError, ValueError, KeyError, TypeError) as error:
                message = explain(f"The assets of '{place}' do not fit: {str(error)[:200]}")
                raise DataError(message) from error


def _folder(root: Path, place: str) -> Path:
    path = root / ASSETS / place
    path.mkdir(parents=True, exist_ok=True)
    return path

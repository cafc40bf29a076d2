"""TensorFlow's SavedModel: a folder with `saved_model.pb`. The model is in its assets, as a `.keras` file.

So it comes back with everything, and by the same checks: loading reads that file, and nothing else of the
folder; neither TensorFlow nor a program of its is needed for it. TensorFlow can open the folder, but finds
no function to call in it, unless `signatures` are passed.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any

from layerlab.core.model_protocol import ModelLike
from layerlab.errors import DataError, UnsupportedError, explain
from layerlab.saving.archive import read_archive, write_archive
from layerlab.saving.tensorflow_extra import tensorflow
from layerlab.training.interrupts import deferred_interrupts

__all__ = ["load_saved_model", "save_saved_model"]

_PROGRAM = "saved_model.pb"
_ARCHIVE = "layerlab_model.keras"


def save_saved_model(
    model: ModelLike,
    path: Path,
    include_optimizer: bool = True,
    signatures: object = None,
    options: object = None,
) -> None:
    """Write a model as a folder, which takes the place of a SavedModel that is there.

    Args:
        signatures, options: as of `tf.saved_model.save`.
    Raises: ImportError without TensorFlow; OSError, for instance where something else is; ConfigError,
        UnsupportedError. What is there stays then.
    """
    tf = tensorflow()
    path = Path(os.path.realpath(path))
    _check_place(path)
    with tempfile.TemporaryDirectory(prefix=f".{path.name[:40]}.", dir=path.parent) as temporary:
        archive, folder = Path(temporary) / _ARCHIVE, Path(temporary) / "folder"
        write_archive(model, archive, include_optimizer)
        root = tf.Module()
        root.model = tf.saved_model.Asset(str(archive))
        tf.saved_model.save(root, str(folder), signatures=signatures, options=options)
        with (folder / "assets" / _ARCHIVE).open("rb+") as file:
            os.fsync(file.fileno())
        _put_in_place(folder, path)


def load_saved_model(
    path: Path, custom_objects: dict[str, Any] | None = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """The model of a folder that `save_saved_model` wrote.

    Args: those of `load_model`.
    Raises: UnsupportedError for a SavedModel of somebody else, which is a program for TensorFlow; DataError
        for another folder; those of `.keras` files.
    """
    archive = path / "assets" / _ARCHIVE
    if not (path / _PROGRAM).is_file():
        raise DataError(
            explain(
                f"The folder {path} holds no model.",
                expected=f"a .keras or .h5 file, or a SavedModel with {_PROGRAM}",
            )
        )
    if not archive.is_file():
        raise UnsupportedError(
            explain(
                f"{path} is a SavedModel that layerlab did not write: a program, which is not run.",
                fix="load it where it was made, and save it there to '.keras' or '.h5'",
            )
        )
    if Path(os.path.realpath(archive)) != Path(os.path.realpath(path)) / "assets" / _ARCHIVE:
        raise DataError(explain(f"{path} is refused.", got="a link out of the folder in its assets"))
    return read_archive(archive, custom_objects, compile, safe_mode)


def _check_place(path: Path) -> None:
    if not path.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {path.parent} to save {path.name} in.")
    is_free = not path.exists() or (path.is_dir() and (not any(path.iterdir()) or (path / _PROGRAM).exists()))
    if not is_free:
        raise OSError(f"{path} is no SavedModel, so none takes its place: remove it, or choose another path.")


def _put_in_place(folder: Path, path: Path) -> None:
    """Let the new folder take the place of the old one, which comes back if that fails."""
    old = path.with_name(f".{path.name[:40]}.{secrets.token_hex(6)}.old")
    with deferred_interrupts():
        had_one = path.exists()
        if had_one:
            os.replace(path, old)
        try:
            os.replace(folder, path)
        except BaseException:
            if had_one:
                os.replace(old, path)
            raise
        if had_one:
            shutil.rmtree(old, ignore_errors=True)

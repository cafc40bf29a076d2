"""Which format a path and `save_format` mean, and which one a file is in: by its content, not its name."""

from __future__ import annotations

import stat
import warnings
from pathlib import Path

from layerlab.errors import DataError, InvalidArgumentError, MissingFileError, did_you_mean, explain

__all__ = ["HDF5_SUFFIXES", "format_of_file", "format_to_save", "no_such_file"]

HDF5_SUFFIXES = (".h5", ".hdf5")
_FORMATS = ("keras", "h5", "tf")
_MOST_NAMES = 5  # that an error lists


def format_to_save(path: Path, save_format: str | None) -> str:
    """'keras', 'h5' or 'tf'.

    Raises: InvalidArgumentError for another `save_format`, or one that the suffix contradicts.
    """
    if save_format is None:
        if path.suffix == ".keras":
            return "keras"
        if path.suffix in HDF5_SUFFIXES:
            return "h5"
        warnings.warn(
            f"'{path.name}' has no suffix that means a format, so save writes a TensorFlow SavedModel, as "
            "older Keras did. Add '.keras'.",
            DeprecationWarning,
            stacklevel=4,
        )
        return "tf"
    if save_format not in _FORMATS:
        raise InvalidArgumentError(
            explain(
                "save(save_format=...)", expected="None, 'keras', 'h5' or 'tf'", got=repr(save_format)[:80]
            )
        )
    contradicts = (save_format == "keras" and path.suffix != ".keras") or (
        save_format == "tf" and path.suffix in HDF5_SUFFIXES
    )
    if contradicts:
        raise InvalidArgumentError(
            explain(
                f"save_format='{save_format}' and the path '{path.name}' contradict each other.",
                fix="leave save_format out: '.keras' and '.h5' say it",
            )
        )
    return save_format


def no_such_file(path: Path) -> MissingFileError:
    """The error for a path where nothing is: where it was looked for, and what of that kind is there."""
    folder = path.parent
    try:
        there = sorted(other.name for other in folder.glob(f"*{path.suffix}"))
    except OSError:
        there = []
    return MissingFileError(
        explain(
            f"There is no file {path}.{did_you_mean(path.name, there)}",
            expected=f"a file in {folder.resolve()}",
            got=", ".join(there[:_MOST_NAMES])
            or ("none of that kind" if folder.is_dir() else "no such folder"),
        )
    )


def format_of_file(path: Path) -> str:
    """'keras', 'h5', or 'tf' for a folder.

    Raises: FileNotFoundError; OSError for devices and pipes, which are not opened; DataError for a file that
    is empty or of another kind.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise no_such_file(path) from error
    except ValueError as error:  # a NUL in the name
        raise InvalidArgumentError(explain("load_model(filepath=...)", got=ascii(str(path))[:80])) from error
    if stat.S_ISDIR(mode):
        return "tf"
    if not stat.S_ISREG(mode):
        raise OSError(f"{path} is no file but a device or pipe, so no model can be loaded from it.")
    with path.open("rb") as file:
        start = file.read(8)
    if start[:4] == b"PK\3\4":
        return "keras"
    if start == b"\x89HDF\r\n\x1a\n":
        return "h5"
    raise DataError(
        explain(
            f"{path} holds no model: it is " + ("of another kind, or damaged." if start else "empty."),
            expected="a .keras or .h5 file",
        )
    )

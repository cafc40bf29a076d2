"""`.weights.h5`: a model's weights in the layout of Keras 3, which Keras reads and writes as well.

Writing never loses the old file: the new one is complete on disk before it takes its place. Loading changes
nothing unless everything fits (but for what `skip_mismatch` leaves out).
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import ml_dtypes
import numpy as np

from layerlab.errors import (
    ConfigError,
    DataError,
    InvalidArgumentError,
    LayerlabError,
    NotBuiltError,
    explain,
)
from layerlab.saving.walk import walk

__all__ = ["load_weights", "save_weights"]

SUFFIX = ".weights.h5"


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write the weights (and the optimizer's state, once it has any) of a built model to `<name>.weights.h5`.

    Raises: NotBuiltError; InvalidArgumentError for another suffix; FileExistsError if the file is there and
    `overwrite` is False.
    """
    path = _checked_path(filepath, "save_weights")
    _check_built(model, "save_weights")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists. Pass overwrite=True to replace it.")
    with _replacing(path) as temporary, h5py.File(temporary, "w") as file:
        for place, saveable in walk(model):
            store: dict[str, np.ndarray] = {}
            saveable.save_own_variables(store)
            if place or store:
                group = file.require_group(f"{place}/vars" if place else "vars")
                group.attrs["name"] = str(getattr(saveable, "name", ""))
                for key, value in store.items():
                    _write(group, key, value)


def load_weights(model: Any, filepath: Any, skip_mismatch: bool = False) -> None:
    """Read `<name>.weights.h5` into a built model of the same architecture.

    Raises: FileNotFoundError; DataError for a damaged file; ShapeError or ConfigError where file and model
    differ. The model is then as before.
    """
    path = _checked_path(filepath, "load_weights")
    _check_built(model, "load_weights")
    if not path.is_file():
        raise FileNotFoundError(f"There is no weights file {path}.")
    backup = [(variable, variable.numpy()) for variable in model.variables]
    try:
        with _opened(path) as file:
            _load_all(model, file, path, skip_mismatch)
    except BaseException:
        for variable, value in backup:
            variable.assign(value)
        raise


def _load_all(model: Any, file: h5py.File, path: Path, skip_mismatch: bool) -> None:
    for place, saveable in walk(model):
        if place.split("/")[0] == "optimizer" and not getattr(saveable, "built", True):
            continue  # an optimizer that has not run has no state to fill
        group = file.get(f"{place}/vars" if place else "vars")
        store = {} if group is None else _read(group, path)
        expected: dict[str, Any] = {}
        saveable.save_own_variables(expected)
        if not expected and not store:
            continue
        try:
            if not store and expected:
                if place.split("/")[0] == "optimizer":
                    continue
                raise ConfigError(
                    explain(
                        f"{path.name} has no weights for '{place}'.",
                        expected=f"{len(expected)} arrays",
                        got="places " + ", ".join(sorted(_places(file))[:8]),
                        fix="load into a model of the architecture that was saved",
                    )
                )
            saveable.load_own_variables(store)
        except (LayerlabError, ValueError) as error:
            if not skip_mismatch:
                raise
            warnings.warn(f"Left out '{place}' of {path.name}: {error}", stacklevel=4)


def _read(group: Any, path: Path) -> dict[str, np.ndarray]:
    if not isinstance(group, h5py.Group):
        raise DataError(
            explain(f"{path.name} is damaged: '{group.name}' is no group.", fix="save the weights again")
        )
    store = {}
    for key in group:
        link = group.get(key, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise DataError(
                explain(
                    f"{path.name} links to something outside: '{group.name}/{key}'.",
                    expected="plain datasets",
                )
            )
        dataset = group[key]
        if (
            not isinstance(dataset, h5py.Dataset)
            or dataset.external
            or dataset.is_virtual
            or dataset.dtype.kind == "O"
        ):
            raise DataError(explain(f"{path.name}: '{group.name}/{key}'", expected="a plain numeric dataset"))
        value = dataset[()]
        kind = dataset.attrs.get("dtype")
        store[key] = (
            np.asarray(value).view(ml_dtypes.bfloat16)
            if kind == "bfloat16" and value.dtype == np.uint16
            else np.asarray(value)
        )
    return store


def _write(group: h5py.Group, key: str, value: np.ndarray) -> None:
    array = np.asarray(value)
    if array.dtype.name == "bfloat16":  # HDF5 knows no bfloat16: its bits, and a note, as Keras does
        group.create_dataset(key, data=array.view(np.uint16)).attrs["dtype"] = "bfloat16"
    else:
        group.create_dataset(key, data=array)


def _places(file: h5py.File) -> list[str]:
    places: list[str] = []
    file.visit(lambda name: places.append(name.removesuffix("/vars")) if name.endswith("/vars") else None)
    return places


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise DataError(
            explain(f"{path} is not a readable HDF5 file: {str(error)[:120]}", fix="save the weights again")
        ) from error
    with file:
        yield file


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[str]:
    """A temporary file beside `path` that takes its place if all goes well."""
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _checked_path(filepath: Any, method: str) -> Path:
    path = Path(os.fspath(filepath))
    if not path.name.endswith(SUFFIX):
        raise InvalidArgumentError(
            explain(
                f"{method}(filepath=...)", expected=f"a path ending in '{SUFFIX}'", got=repr(str(path))[:120]
            )
        )
    return path


def _check_built(model: Any, method: str) -> None:
    if not model.built:
        raise NotBuiltError(
            explain(
                f"'{model.name}' has no weights yet, so {method} can do nothing.",
                fix="call it on data, or build it",
            )
        )

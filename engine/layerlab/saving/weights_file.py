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
from layerlab.saving.weights_store import WeightsStore, places_with_weights

__all__ = ["load_weights", "save_weights"]

SUFFIX = ".weights.h5"
_OPTIMIZER = "optimizer"


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write the weights (and the optimizer's state, once it has any) of a built model to `<name>.weights.h5`.

    Raises: NotBuiltError; InvalidArgumentError for another suffix; FileExistsError if the file is there and
    `overwrite` is False.
    """
    path = _checked_path(filepath, "save_weights")
    _check_built(model, "save_weights")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists. Pass overwrite=True to replace it.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {path.parent} to save {path.name} in.")
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
    optimizer = [] if model.optimizer is None else model.optimizer.variables
    backup = [(variable, variable.numpy()) for variable in [*model.variables, *optimizer]]
    try:
        with _opened(path) as file:
            _load_all(model, file, path, skip_mismatch)
    except BaseException:
        for variable, value in backup:
            variable.assign(value)
        raise
    _warn_of_bad_numbers(model, path)


def _load_all(model: Any, file: h5py.File, path: Path, skip_mismatch: bool) -> None:
    in_file = places_with_weights(file)
    if _OPTIMIZER in in_file and model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)  # so that there is something to load into
    seen = set()
    for place, saveable in walk(model):
        seen.add(place)
        expected: dict[str, Any] = {}
        saveable.save_own_variables(expected)
        is_optimizer = place.split("/")[0] == _OPTIMIZER
        try:
            store = WeightsStore(file, place, {} if is_optimizer else _shapes(expected))
            if len(store) == 0 and (is_optimizer or not expected):
                continue
            if len(store) == 0:
                raise _nothing_for(place, len(expected), in_file)
            saveable.load_own_variables(store)
        except (LayerlabError, ValueError) as error:
            if not skip_mismatch:
                raise type(error)(f"{path.name}: {error}") from error
            warnings.warn(f"Left out '{place}' of {path.name}: {error}", stacklevel=4)
    surplus = [place for place in in_file if place not in seen and place.split("/")[0] != _OPTIMIZER]
    if surplus:
        shown = ", ".join(surplus[:8]) + (", ..." if len(surplus) > 8 else "")
        warnings.warn(f"{path.name} has weights for which '{model.name}' has no place: {shown}", stacklevel=4)


def _shapes(stored: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(np.shape(value)) for key, value in stored.items()}


def _nothing_for(place: str, count: int, in_file: list[str]) -> ConfigError:
    return ConfigError(
        explain(
            f"There are no weights for '{place}'.",
            expected=f"{count} arrays",
            got="weights for " + (", ".join(in_file[:8]) or "nothing"),
            fix="load into a model of the architecture that was saved",
        )
    )


def _warn_of_bad_numbers(model: Any, path: Path) -> None:
    for variable in model.weights:
        value = variable.numpy()
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            message = f"{path.name}: '{variable.path}' has values that are not finite."
            warnings.warn(f"{message} Was the model saved after its loss became NaN?", stacklevel=4)
            return


def _write(group: h5py.Group, key: str, value: np.ndarray) -> None:
    array = np.asarray(value)
    if array.dtype.name == "bfloat16":  # HDF5 knows no bfloat16: its bits, and a note, as Keras does
        group.create_dataset(key, data=array.view(np.uint16)).attrs["dtype"] = "bfloat16"
    else:
        group.create_dataset(key, data=array)


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

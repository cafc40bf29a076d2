"""Arrays in an HDF5 file that may be damaged, or meant to do harm: opened, checked, read and written here.

Nothing outside the file is opened, and nothing larger than the file holds, or the model expects, is read.
What can go wrong is found before the first variable changes; assigning what was checked is one step for
interrupts.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import IO, Any

import ml_dtypes
import numpy as np

from layerlab import dtypes
from layerlab.backend.protocol import Shape
from layerlab.core.variable import Variable
from layerlab.errors import DataError, DTypeError, LayerlabError, ShapeError, explain
from layerlab.saving.file_formats import no_such_file
from layerlab.training.interrupts import deferred_interrupts

try:
    import h5py

    from layerlab.saving.hdf5_safety import check_hdf5
except ImportError:  # pragma: no cover: only what writes and reads HDF5 needs it
    h5py = None

__all__ = [
    "GroupWriter",
    "Shards",
    "WeightsStore",
    "assign_all",
    "check_array",
    "check_fits",
    "created",
    "distinct_paths",
    "naming",
    "opened",
    "opened_part",
    "places_with_weights",
    "read_array",
    "regular_file",
    "write_array",
]

_LAYERS, _OLD_LAYERS = "layers", "_layer_checkpoint_dependencies"  # in files of tf.keras 2.12 to 2.15
_KINDS = "biuf"  # of numbers; objects, text and complex numbers are no weights


# -- files ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def created(target: Path | IO[bytes]) -> Iterator[h5py.File]:
    """A new HDF5 file. Raises: ImportError without h5py."""
    _require_h5py()
    with h5py.File(target, "w") as file:
        yield file


@contextlib.contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The HDF5 file, once it is known to hold plain arrays only.

    Raises: ImportError without h5py; FileNotFoundError; OSError for what is no file; DataError for damage and
    for whatever points out of the file or claims more than it holds.
    """
    with opened_part(regular_file(path), str(path)) as file:
        yield file


@contextlib.contextmanager
def opened_part(source: Path | IO[bytes], name: str) -> Iterator[h5py.File]:
    """An HDF5 file, checked like `opened`, that may be a part of another open file."""
    _require_h5py()
    try:
        file = h5py.File(source, "r")
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(
            explain(f"{name} is not a readable HDF5 file: {str(error)[:120]}", fix="save it again")
        ) from error
    with file:
        with naming(Path(name)):
            check_hdf5(file)
        yield file


def regular_file(path: Path) -> Path:
    """The path. Raises: FileNotFoundError; OSError for a folder, a pipe or a device."""
    if not path.exists():
        raise no_such_file(path)
    if not path.is_file():
        raise OSError(f"{path} is no file, but a folder, a pipe or a device.")
    return path


@contextlib.contextmanager
def naming(path: Path) -> Iterator[None]:
    """Errors of ours that pass get the file's name in front."""
    try:
        yield
    except LayerlabError as error:
        if path.name in str(error).split("\n")[0]:
            raise
        raise type(error)(f"{path.name}: {error}") from error


def _require_h5py() -> None:
    if h5py is None:
        raise ImportError("Files in HDF5 (.h5, .keras) need h5py: pip install h5py. Or use .safetensors.")


# -- arrays ---------------------------------------------------------------------------------------------


def write_array(group: h5py.Group, name: str, value: object) -> None:
    """A dataset of the value under `name`, which may hold slashes."""
    array = np.asarray(value)
    dataset = group.create_dataset(name, data=array)
    if array.dtype.name == "bfloat16":  # HDF5 knows no bfloat16: its bits, and a note, as Keras does
        dataset.attrs["dtype"] = "bfloat16"


def read_array(dataset: h5py.Dataset) -> np.ndarray:
    """The values. Raises: DataError if they cannot be read."""
    try:
        value = np.asarray(dataset[()])
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise _no_weight(dataset.name, "a readable array") from error
    if dataset.dtype.itemsize == 2 and (value.dtype.kind == "V" or dataset.attrs.get("dtype") == "bfloat16"):
        return value.view(ml_dtypes.bfloat16)
    return value


def check_array(dataset: object, variable: Variable | None = None) -> None:
    """Raise DataError, DTypeError or ShapeError unless this is an array that the variable can take."""
    is_bfloat16 = isinstance(dataset, h5py.Dataset) and dataset.dtype == np.dtype("V2")
    if not isinstance(dataset, h5py.Dataset) or not (is_bfloat16 or dataset.dtype.kind in _KINDS):
        raise _no_weight(getattr(dataset, "name", ""), "an array of numbers")
    if dataset.chunks is not None:  # only then can reading go wrong in the middle
        read_array(dataset)
    if variable is not None:
        check_fits(dataset.shape, "bfloat16" if is_bfloat16 else dataset.dtype.name, variable)


def check_fits(shape: Shape, dtype: str, variable: Variable) -> None:
    """Raise ShapeError or DTypeError unless the variable can take an array of this shape and dtype."""
    place = f"The file does not fit the model at '{variable.path}'."
    if shape != variable.shape:
        raise ShapeError(
            explain(
                place,
                expected=f"an array of shape {variable.shape}",
                got=str(shape),
                fix="load into a model of the architecture that was saved",
            )
        )
    if dtypes.is_float(dtype) and not dtypes.is_float(variable.dtype):
        raise DTypeError(explain(place, expected=variable.dtype, got=dtype))


def assign_all(pairs: Iterable[tuple[Variable, Callable[[], np.ndarray]]]) -> None:
    """Give each variable the values that its reader gives; an interrupt waits until all have theirs."""
    with deferred_interrupts():
        for variable, read in pairs:
            variable.assign(read())


def distinct_paths(variables: Iterable[Variable]) -> list[str]:
    """A name for each in a file: its path, and a number where an inner model has two of the same."""
    distinct: dict[str, None] = {}
    for variable in variables:
        numbered = (f"{variable.path}_{number}" for number in itertools.count(1))
        distinct.setdefault(next(n for n in itertools.chain([variable.path], numbered) if n not in distinct))
    return list(distinct)


class Shards:
    """Several open and checked files that are read as one."""

    def __init__(self, files: list[h5py.File]) -> None:
        self.files = files


class WeightsStore(Mapping[str, np.ndarray]):
    """The arrays of one place (`layers/dense`) of a checked file, read when they are looked up.

    Raises: DataError if there is something else in their place.
    """

    def __init__(self, file: h5py.File | Shards, place: str) -> None:
        path = f"{place}/vars" if place else "vars"
        groups = [_group(each, path) or {} for each in _files(file)]
        self._datasets = {key: group[key] for group in groups for key in group}
        if len(self._datasets) != sum(map(len, groups)):
            raise DataError(
                explain(f"Two files have the same array of '{place}'.", fix="save the weights again")
            )
        for dataset in self._datasets.values():
            check_array(dataset)

    def __getitem__(self, key: str) -> np.ndarray:
        return read_array(self._datasets[key])

    def __contains__(self, key: object) -> bool:
        return key in self._datasets  # the inherited one reads the array

    def __iter__(self) -> Iterator[str]:
        return iter(self._datasets)

    def __len__(self) -> int:
        return len(self._datasets)

    @property
    def shapes(self) -> dict[str, Shape]:
        """Of all arrays, without reading them."""
        return {key: dataset.shape for key, dataset in self._datasets.items()}

    def check(self, key: str, variable: Variable) -> None:
        """Raise DTypeError or ShapeError unless the variable can take the array."""
        check_array(self._datasets[key], variable)


class GroupWriter(MutableMapping[str, Any]):
    """What `save_own_variables` puts into it goes to the file at once, so that one array is in memory."""

    def __init__(self, group: h5py.Group) -> None:
        self._group = group

    def __setitem__(self, key: str, value: object) -> None:
        write_array(self._group, str(key), value)

    def __getitem__(self, key: str) -> Any:
        return read_array(self._group[key])

    def __delitem__(self, key: str) -> None:
        del self._group[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._group)

    def __len__(self) -> int:
        return len(self._group)


def places_with_weights(file: h5py.File | Shards) -> list[str]:
    """All places of a file at which there are arrays."""
    places: dict[str, None] = {}

    def note(name: str, item: object) -> None:
        place, _, number = f"/{name}".rpartition("/vars/")
        if isinstance(item, h5py.Dataset) and number:
            places.setdefault(place.removeprefix("/").replace(_OLD_LAYERS, _LAYERS))

    for each in _files(file):
        each.visititems(note)
    return list(places)


def _files(file: h5py.File | Shards) -> list[h5py.File]:
    return file.files if isinstance(file, Shards) else [file]


def _group(file: h5py.File, path: str) -> Any:
    """The group of this path; None if there is nothing."""
    group = file
    for name in path.split("/"):
        if not isinstance(group, h5py.Group):
            raise DataError(explain(f"'{group.name}' is no group.", fix="save the weights again"))
        name = _OLD_LAYERS if name == _LAYERS and name not in group else name
        if name not in group:
            return None
        group = group[name]
    if not isinstance(group, h5py.Group):
        raise DataError(explain(f"'{path}' is no group.", fix="save the weights again"))
    return group


def _no_weight(name: str, expected: str) -> DataError:
    return DataError(
        explain(f"'{name[:200]}' is no weight.", expected=expected, fix="save the weights again")
    )

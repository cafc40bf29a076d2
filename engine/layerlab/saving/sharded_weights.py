"""Weights in several files: `name.weights.json` says in which `name_00000.weights.h5` each place is.

As Keras 3 writes it for `max_shard_size`. A save writes new files, and replaces the JSON at the end: until
then the old one leads to the old files, which stay.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
from collections.abc import Iterable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

import numpy as np

from layerlab.core.model_protocol import ModelLike
from layerlab.errors import DataError, InvalidArgumentError, MissingFileError, explain
from layerlab.saving.file_limits import MAX_CONFIG_BYTES
from layerlab.saving.replace_file import replacing
from layerlab.saving.stateful_objects import walk
from layerlab.saving.weights_file import read_state
from layerlab.saving.weights_store import Shards, created, opened, regular_file, write_array
from layerlab.training.interrupts import deferred_interrupts

__all__ = ["SHARDED", "load_sharded", "save_sharded"]

SHARDED = ".weights.json"
_MAX_SHARDS = 10_000
_SHARD = re.compile(r"[^/\\\0:]{1,240}\.h5")


# -- writing ------------------------------------------------------------------------------------------------


def save_sharded(path: Path, model: ModelLike, max_shard_size: float, leave_out: Iterable[Any] = ()) -> None:
    """Write the weights, and the optimizer's state, into files of at most `max_shard_size` GiB of arrays.

    Args:
        path: `*.weights.json`; the others lie beside it.
        leave_out: objects of the model (layers, the optimizer) that are not written.
    Raises: InvalidArgumentError for an array that is larger. The old files stay then.
    """
    with deferred_interrupts(), contextlib.ExitStack() as shards:
        writer = _Writer(path, int(max_shard_size * 2**30), shards)
        for place, saveable in walk(model, seen={id(item) for item in leave_out}):
            saveable.save_own_variables(_Place(writer, place, str(getattr(saveable, "name", ""))))
        writer.finish()
    old = _shards_of(path)
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(writer.config, indent=4))
    for name in old - writer.names:
        path.with_name(name).unlink(missing_ok=True)


class _Writer:
    """Puts arrays into files, one file after the other.

    Args:
        shards: closed when all is written; then the files take their names.
    """

    def __init__(self, path: Path, most: int, shards: contextlib.ExitStack) -> None:
        self._path, self._most, self._shards = path, most, shards
        base = path.name.removesuffix(SHARDED)
        is_new = not path.exists() and not path.with_name(f"{base}_00000.weights.h5").exists()
        # Never the names of files that are there: the JSON of an earlier save leads to them.
        self._base = base if is_new else f"{base}_{secrets.token_hex(3)}"
        self._file: Any = None
        self._open = contextlib.ExitStack()
        self._free = 0
        self._total = 0
        self._map: dict[str, list[str]] = {}
        self.names: set[str] = set()

    @property
    def config(self) -> dict[str, Any]:
        """What the JSON holds."""
        return {
            "metadata": {"total_size": self._total},
            "weight_map": {
                place: names[0] if len(names) == 1 else names for place, names in self._map.items()
            },
        }

    def write(self, place: str, name: str, key: str, value: object) -> None:
        """Add an array under `key` to a place, which belongs to an object of this name."""
        array = np.asarray(value)
        if array.nbytes > self._most:
            raise InvalidArgumentError(
                explain(
                    f"save_weights(max_shard_size=...): '{place}' has an array of {array.nbytes} bytes.",
                    expected=f"at most max_shard_size, {self._most} bytes",
                    fix="a larger max_shard_size",
                )
            )
        if self._file is None or array.nbytes > self._free:
            self._begin()
        path = f"{place}/vars" if place else "vars"
        group = self._file.require_group(path)
        group.attrs["name"] = name
        write_array(group, key, array)
        self._free -= array.nbytes
        self._total += array.nbytes
        names = self._map.setdefault(f"/{path}", [])
        if self._shard not in names:
            names.append(self._shard)

    def finish(self) -> None:
        """Close the last file; there is one even without weights."""
        if self._file is None:
            self._begin()
        self._open.close()

    def _begin(self) -> None:
        self._open.close()
        self._shard = f"{self._base}_{len(self.names):05}.weights.h5"
        temporary = self._shards.enter_context(replacing(self._path.with_name(self._shard)))
        self._file = self._open.enter_context(created(temporary))
        self._shards.callback(self._open.close)  # after an error, before the temporary file is removed
        self.names.add(self._shard)
        self._free = self._most


class _Place(MutableMapping[str, Any]):
    """What `save_own_variables` puts into it goes to a file at once."""

    def __init__(self, writer: _Writer, place: str, name: str) -> None:
        self._writer, self._place, self._name = writer, place, name
        self._shapes: dict[str, tuple[int, ...]] = {}

    def __setitem__(self, key: str, value: Any) -> None:
        self._writer.write(self._place, self._name, str(key), value)
        self._shapes[str(key)] = np.shape(value)

    def __getitem__(self, key: str) -> Any:
        raise self._refused()

    def __delitem__(self, key: str) -> None:
        raise self._refused()

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)

    def _refused(self) -> InvalidArgumentError:
        return InvalidArgumentError(
            explain(f"'{self._place}' reads back what it saves.", fix="save to one file, '.weights.h5'")
        )


# -- reading ------------------------------------------------------------------------------------------------


def load_sharded(
    path: Path, model: ModelLike, skip_mismatch: bool = False, leave_out: Iterable[Any] = ()
) -> None:
    """Read weights of several files into a built model; nothing changes unless everything fits.

    Raises: FileNotFoundError; DataError for a damaged file, for names that lead out of the folder, and where
        two files have the same array; ShapeError, DTypeError, ConfigError where files and model differ.
    """
    names = sorted(_names_in(path))
    with contextlib.ExitStack() as files:
        parts = [files.enter_context(opened(_beside(path, name))) for name in names]
        read_state(Shards(parts), model, path.name, skip_mismatch, leave_out)


def _names_in(path: Path) -> set[str]:
    """The files that a JSON names, each of them a plain name."""
    with regular_file(path).open("rb") as file:
        text = file.read(MAX_CONFIG_BYTES + 1)
    if len(text) > MAX_CONFIG_BYTES:
        raise _damaged(path, f"at most {MAX_CONFIG_BYTES} bytes", "more")
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "JSON", str(error)[:100]) from error
    places = config.get("weight_map") if isinstance(config, dict) else None
    if not isinstance(places, dict):
        raise _damaged(path, "a dict with a weight_map", str(type(config).__name__))
    names: set[Any] = set()
    for entry in places.values():
        for name in entry if isinstance(entry, list) else [entry]:
            if not isinstance(name, str) or not _SHARD.fullmatch(name) or not name.isprintable():
                raise _damaged(path, "names of '.h5' files beside it", ascii(name)[:80])
            names.add(name)
    if len(names) > _MAX_SHARDS:
        raise _damaged(path, f"at most {_MAX_SHARDS} files", str(len(names)))
    return names


def _beside(path: Path, name: str) -> Path:
    """The file of this name in the folder. Raises: DataError for a link that leads out of it."""
    shard = path.with_name(name)
    if shard.resolve().parent != path.resolve().parent:
        raise _damaged(path, "files in its own folder", f"{name[:80]}, a link to another folder")
    if not shard.exists():
        raise MissingFileError(f"{path.name} needs the file {name}, which is not beside it.")
    return shard


def _shards_of(path: Path) -> set[str]:
    """The files of an earlier save; none if there is none, or its JSON cannot be trusted."""
    try:
        return _names_in(path)
    except (OSError, DataError):
        return set()


def _damaged(path: Path, expected: str, got: str) -> DataError:
    return DataError(explain(f"{path.name} does not say where weights are.", expected=expected, got=got))

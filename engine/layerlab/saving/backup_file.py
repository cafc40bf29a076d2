"""The file of a backup: all that a resumed run needs, in one, so that it is replaced as one.

A safetensors file: arrays, and as its metadata a text in JSON. Numbers, text, lists, dicts and arrays go in
and come back as they were, to the last bit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from layerlab.backend.active import backend
from layerlab.core.variable import Variable
from layerlab.errors import DataError, UnsupportedError, explain
from layerlab.saving.replace_file import replacing
from layerlab.saving.safetensors_file import StoredArray, read_header, write_arrays
from layerlab.saving.weights_store import assign_all, check_fits, naming, regular_file

__all__ = ["Backup", "read_backup", "write_backup"]

_FORMAT = "layerlab-backup-1"
_ARRAY = "__array__"
_STATE, _EXTRA = "state/", "extra/"


@dataclass(frozen=True)
class Backup:
    """A backup that was read: `facts` as they were written, and values of variables, still in the file."""

    facts: dict[str, Any]
    values: dict[str, StoredArray]

    def check_fits(self, variables: Mapping[str, Variable]) -> None:
        """Raise DataError, ShapeError or DTypeError unless these are the variables that were written."""
        if self.values.keys() != variables.keys():
            odd = sorted(self.values.keys() ^ variables.keys())[0]
            has, lacks = ("the backup", "the model") if odd in self.values else ("the model", "the backup")
            raise DataError(
                explain(
                    f"{has[0].upper()}{has[1:]} has a variable '{odd}', which {lacks} has not.",
                    expected=f"{len(self.values)} variables",
                    got=str(len(variables)),
                )
            )
        for name, variable in variables.items():
            check_fits(self.values[name].shape, self.values[name].dtype.name, variable)

    def assign(self, variables: Mapping[str, Variable]) -> None:
        """Give the variables their values; an interrupt waits until all have theirs."""
        assign_all((variable, self.values[name].read) for name, variable in variables.items())


def write_backup(
    path: Path, facts: dict[str, Any], variables: Mapping[str, Variable], before: Callable[[], None]
) -> None:
    """Write a backup; the one before stays until this one is complete.

    Args:
        facts: numbers, text, None, and lists, dicts (by text) and arrays of them.
        before: called when all is written, and the old file is still there.
    Raises: UnsupportedError for facts of another kind.
    """
    arrays: dict[str, Any] = {f"{_STATE}{name}": variable for name, variable in variables.items()}
    text = json.dumps(facts, default=lambda value: _in_place_of(value, arrays))
    with replacing(path) as temporary:
        write_arrays(temporary, arrays, {"format": _FORMAT, "facts": text})
        before()


def read_backup(path: Path) -> Backup:
    """A backup, of whose arrays none is read but those among the facts.

    Raises: FileNotFoundError; OSError for what is no file; DataError for a damaged file.
    """
    with naming(path):
        arrays, metadata = read_header(regular_file(path))
        if metadata.get("format") != _FORMAT:
            raise DataError(
                explain(f"{path.name} is no backup.", expected=_FORMAT, got=metadata.get("format", "")[:40])
            )
        try:
            facts = json.loads(
                metadata["facts"],
                object_hook=lambda item: arrays[item[_ARRAY]].read() if item.keys() == {_ARRAY} else item,
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DataError(explain("The backup is damaged.", got=str(error)[:100])) from error
    if not isinstance(facts, dict):
        raise DataError(explain(f"{path.name}: the backup is damaged.", expected="a dict of facts"))
    values = {name.removeprefix(_STATE): a for name, a in arrays.items() if name.startswith(_STATE)}
    return Backup(facts, values)


def _in_place_of(value: object, arrays: dict[str, Any]) -> Any:
    """What stands in JSON for a value that JSON does not know."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) or backend().is_array(value):
        name = f"{_EXTRA}{len(arrays)}"
        arrays[name] = value if isinstance(value, np.ndarray) else backend().to_numpy(value)
        return {_ARRAY: name}
    raise UnsupportedError(
        explain(
            f"A backup cannot hold a {type(value).__name__}.",
            expected="numbers, text, None, and lists, dicts and arrays of them, as the state of a callback",
        )
    )

"""Tables: where the first elements of a data set come from, if they are rows of something."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.data.recipes import Recipe, Table
from layerlab.errors import DataError, explain

__all__ = ["ArrayTable", "Computed", "as_columns", "rows_of"]


class ArrayTable:
    """The rows of a structure of arrays."""

    def __init__(self, columns: object) -> None:
        self.columns = columns

    def rows(self, indices: np.ndarray) -> Any:
        """Those of these numbers."""
        return tree.map_structure(lambda column: column[indices], self.columns)

    def row(self, index: int) -> Any:
        """One of them; of a column of numbers the number."""
        return tree.map_structure(lambda column: column[index], self.columns)


class Computed:
    """Rows that a function makes of their numbers, several at once."""

    def __init__(self, function: Callable[[np.ndarray], Any]) -> None:
        self.rows = function

    def row(self, index: int) -> Any:
        """One of them."""
        return tree.map_structure(lambda column: column[0], self.rows(np.array([index])))


def rows_of(table: Table, count: int) -> Iterator[Recipe]:
    """The recipes for all rows."""
    row: Any = table.row  # type: ignore[attr-defined]
    for index in range(count):
        yield Recipe(lambda index=index: row(index), None, table, index)  # type: ignore[misc]


def as_columns(structure: object) -> tuple[Any, int]:
    """(arrays of the host, the number of their rows). Raises: DataError unless all have as many."""
    columns = tree.map_structure(_column, _without_lists(structure))
    leaves = tree.flatten(columns)
    lengths = {len(leaf) if leaf.ndim else -1 for leaf in leaves}
    if len(lengths) != 1 or -1 in lengths:
        raise DataError(
            explain(
                "The arrays of a data set",
                expected="arrays with the same number of rows",
                got=", ".join(str(leaf.shape) for leaf in leaves[:5]),
            )
        )
    return columns, lengths.pop()


def _without_lists(structure: object) -> Any:
    """A list is one array; tuples and dicts are structures, as in tf.data."""
    if isinstance(structure, dict):
        return {key: _without_lists(child) for key, child in structure.items()}
    if isinstance(structure, tuple):
        return tuple(_without_lists(child) for child in structure)
    return _column(structure)


def _column(value: object) -> np.ndarray:
    if backend().is_array(value) and not isinstance(value, np.ndarray):
        return backend().to_numpy(value)
    array = np.asarray(value)
    return array.astype(object) if array.dtype.kind in "US" else array

"""The state of an optimizer in an HDF5 file of Keras 2: into the slots that ours has for it.

Up to tf.keras 2.10 a file has the count of steps, then one slot of all variables, then the next; from 2.11 on
the slots by turns, variable by variable. Names tell which; the oldest have none that do (`Variable_3`), and
there the place tells. Hyperparameters are in the config.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from layerlab.architectures.legacy_table import SLOTS
from layerlab.core.variable import Variable
from layerlab.errors import ShapeError, explain
from layerlab.saving.weights_store import assign_all, check_array, read_array

__all__ = ["read_legacy_optimizer"]

_COUNTS = ("iter", "iteration", "iterations")
_PRODUCTS = ("momentum_cache", "m_schedule")  # of Nadam: one number for all variables

Named = list[tuple[list[str], Any]]  # the parts of a name, the array


def read_legacy_optimizer(stored: Sequence[tuple[str, Any]], optimizer: Any) -> None:
    """Give a built optimizer what the file has for it; nothing changes unless all that it needs is there.

    Args:
        stored: names and datasets, in the order of the file.
    Raises: ShapeError, DTypeError, DataError.
    """
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)  # a loss scale adapts itself again
    named = [(_parts(name), array) for name, array in stored]
    arrays = [(parts, array) for parts, array in named if getattr(array, "shape", ()) != ()]
    by_slot = _by_slot(type(optimizer).__name__, arrays, len(optimizer._trainable_variables))
    pairs: list[tuple[Variable, Any]] = []
    for slot, variables in optimizer._slot_variables.items():
        if len(by_slot.get(slot, ())) != len(variables):
            raise ShapeError(
                explain(
                    f"The file does not fit the optimizer's '{slot}'.",
                    expected=f"{len(variables)} arrays",
                    got=f"{len(by_slot.get(slot, ()))} among " + ", ".join(name for name, _ in stored[:4]),
                )
            )
        pairs += [(v, a) for v, a in zip(variables, by_slot[slot], strict=True) if v is not None]
    for names, variable in (
        (_COUNTS, optimizer._iterations),
        (_PRODUCTS, getattr(optimizer, "_u_product", None)),
    ):
        found = next((array for parts, array in named if parts[-1] in names), None)
        if found is not None and variable is not None:
            pairs.append((variable, found))
    for variable, array in pairs:
        check_array(array, variable)
    assign_all((variable, functools.partial(_read, array, variable)) for variable, array in pairs)


def _parts(name: str) -> list[str]:
    """'training/Adam/m_3:0' as training, Adam, m."""
    parts = name.split(":")[0].split("/")
    return [*parts[:-1], re.sub(r"_\d+$", "", parts[-1])]


def _by_slot(optimizer: str, arrays: Named, count: int) -> dict[str, list[Any]]:
    """Our name of a slot -> its arrays in the order of the variables."""
    table = SLOTS.get(optimizer, {})
    slot_of = {old: slot for slot, names in table.items() for old in names}
    for place in (-1, 1):  # 'Adam/dense/kernel/m', and 'Adam/m/dense/kernel' from 2.11 on
        found = [slot_of.get(parts[place]) if len(parts) > 1 else None for parts, _ in arrays]
        if None not in found:
            grouped: dict[str, list[Any]] = {}
            for slot, (_, array) in zip(found, arrays, strict=True):
                grouped.setdefault(str(slot), []).append(array)
            return grouped
    if count == 0 or len(arrays) % count:
        return {}
    groups = [[array for _, array in arrays[k : k + count]] for k in range(0, len(arrays), count)]
    return dict(zip(table, groups, strict=False))


def _read(array: object, variable: Variable) -> np.ndarray:
    return read_array(array).astype(np.int32) if variable.dtype == "int32" else read_array(array)

"""Batches as tuples: (x,), (x, y), (x, y, sample_weight)."""

from __future__ import annotations

from typing import Any

from layerlab import tree
from layerlab.data.convert import PARTS, as_arrays, count_samples, is_list_of_values
from layerlab.data.model_needs import EVERYTHING, Needs
from layerlab.errors import DataError, DTypeError, explain
from layerlab.typing import Batch

__all__ = ["as_batch", "pack_x_y_sample_weight", "prepared", "unpack_x_y_sample_weight"]


def unpack_x_y_sample_weight(data: object) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of a batch, None for what it lacks.

    For a `train_step` of your own, which gets the batch as the data give it.

    Args:
        data: a tuple or list of one to three, or x alone.
    Raises: DataError for a longer one.

    Example:
        >>> unpack_x_y_sample_weight(("x", "y"))
        ('x', 'y', None)
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise DataError(
            explain(
                "A batch",
                expected="a tuple (x,), (x, y) or (x, y, sample_weight)",
                got=f"a tuple of {len(data)}",
            )
        )
    return (*data, *(None,) * (3 - len(data)))


def pack_x_y_sample_weight(x: object, y: object = None, sample_weight: object = None) -> Any:
    """The shortest tuple that holds what is given; x alone stays as it is unless it is a tuple or list.

    Args:
        x: the inputs.
        y: the targets; None leaves them out.
        sample_weight: a weight for each sample; None leaves them out.

    Example:
        >>> pack_x_y_sample_weight("x", "y")
        ('x', 'y')
        >>> pack_x_y_sample_weight("x")
        'x'
    """
    if sample_weight is not None:
        return (x, y, sample_weight)
    if y is not None:
        return (x, y)
    return (x,) if isinstance(x, tuple | list) else x


def as_batch(data: object, lists_are_tuples: bool = False) -> tuple[Any, ...]:
    """What an iterator yields, as a tuple; an array or a dict is taken whole as x.

    Args:
        lists_are_tuples: as in a DataLoader or a PyDataset; else a list of arrays is refused, because it may
            be meant as (x, y) or as several inputs.
    Raises: DataError for a namedtuple, a tuple of more than three, or such a list.
    """
    if isinstance(data, list) and lists_are_tuples:
        data = tuple(data)
    if isinstance(data, list) and not is_list_of_values(data):
        raise DataError(
            explain(
                f"The data yield a list of {len(data)}, which may mean (x, y) or several inputs.",
                fix="yield a tuple: (x, y), or ([a, b],) for two inputs",
            )
        )
    if not isinstance(data, tuple):
        return (data,)
    if hasattr(data, "_fields"):
        raise DataError(
            explain(
                f"The data yield a namedtuple ({type(data).__name__}), which may mean x alone or (x, y).",
                fix="yield a plain tuple: (x,), (x, y) or (x, y, sample_weight)",
            )
        )
    unpack_x_y_sample_weight(data)
    return data


def prepared(data: object, where: str, lists_are_tuples: bool = False, needs: Needs = EVERYTHING) -> Batch:
    """What an iterator yields as a checked tuple of arrays; those of the back end stay.

    x alone stays alone: a step of a user's gets what was yielded.

    Args:
        where: which batch it is, for messages.
        needs: what a model reads of it.
    Raises: DataError or DTypeError.
    """
    try:
        batch = as_batch(data, lists_are_tuples)
        arrays = tuple(
            as_arrays(part, name, to_host=False, needed=needs.keys if name == "x" else None)
            for part, name in zip(batch, PARTS, strict=False)
        )
    except (DataError, DTypeError) as error:
        raise type(error)(f"{where}: {error}") from None
    if needs.even:
        count_samples(arrays, where)
    else:
        for leaf in tree.flatten(arrays):
            count_samples((leaf,), where)
    return arrays if isinstance(data, tuple) or (isinstance(data, list) and lists_are_tuples) else arrays[0]

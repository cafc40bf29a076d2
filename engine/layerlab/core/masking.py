"""Masks that travel beside tensors: which time steps are padding.

A mask is a boolean array (batch, time) in the attribute `_keras_mask` of a tensor, as in Keras. Tensors that
take no attributes (NumPy's, and those of a program that JAX traces) have theirs in a table, by identity,
until they are forgotten.
"""

from __future__ import annotations

import weakref
from typing import Any

from layerlab.typing import Array

__all__ = ["get_mask", "set_mask"]

_masks: dict[int, tuple[weakref.ref, Any]] = {}


def get_mask(tensor: object) -> Array | None:
    """The mask attached to `tensor`, or None."""
    mask = getattr(tensor, "_keras_mask", None)
    if mask is not None or not _masks:
        return mask
    entry = _masks.get(id(tensor))
    return entry[1] if entry is not None and entry[0]() is tensor else None


def set_mask(tensor: Any, mask: Array | None) -> None:
    """Attach `mask` to `tensor`; None detaches."""
    if mask is None and get_mask(tensor) is None:
        return
    try:
        tensor._keras_mask = mask
    except AttributeError:
        _set_in_table(tensor, mask)


def _set_in_table(tensor: object, mask: object) -> None:
    key = id(tensor)
    if mask is None:
        _masks.pop(key, None)
        return
    forget = _masks.pop  # at the end of the process the name of the table is gone before the last tensors
    try:
        reference = weakref.ref(tensor, lambda _: forget(key, None))
    except TypeError:  # a Python number: it carries no time steps
        return
    _masks[key] = (reference, mask)

"""Masks that travel beside tensors: which time steps are padding.

A mask is a boolean array (batch, time) attached to an array by identity, because arrays of most
back ends take no attributes. It is forgotten together with its array.
"""

from __future__ import annotations

import weakref
from typing import Any

__all__ = ["get_mask", "set_mask"]

_masks: dict[int, tuple[weakref.ref, Any]] = {}


def get_mask(tensor: Any) -> Any:
    """The mask attached to `tensor`, or None."""
    entry = _masks.get(id(tensor))
    return entry[1] if entry is not None and entry[0]() is tensor else None


def set_mask(tensor: Any, mask: Any) -> None:
    """Attach `mask` to `tensor`; None detaches."""
    key = id(tensor)
    if mask is None:
        _masks.pop(key, None)
        return
    try:
        reference = weakref.ref(tensor, lambda _: _masks.pop(key, None))
    except TypeError:  # a Python number: it carries no time steps
        return
    _masks[key] = (reference, mask)

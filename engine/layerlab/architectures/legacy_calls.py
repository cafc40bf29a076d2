"""The calls between layers in configs of Keras 2: nested lists, not the dicts of Keras 3."""

from __future__ import annotations

from typing import Any

from layerlab.errors import ConfigError, explain
from layerlab.numeric import is_integer

__all__ = [
    "has_legacy_calls",
    "is_place",
    "legacy_entries",
    "legacy_kwargs",
    "reads_legacy_node",
    "single_end",
]


def has_legacy_calls(layers: Any) -> bool:
    """Whether Keras 2 wrote these entries of a graph, by the form of their calls."""
    calls = [entry.get("inbound_nodes") for entry in layers if isinstance(entry, dict)]
    return any(
        isinstance(call, list | tuple)
        for of_one in calls
        if isinstance(of_one, list)
        for call in of_one
        if call
    )


def reads_legacy_node(call: object) -> bool:
    """True for a call in a form of Keras 2: a list, or a dict of tensors by name.

    Raises: ConfigError for what is neither that nor a call of Keras 3.
    """
    if isinstance(call, dict) and ("args" in call or "kwargs" in call):
        return False
    if isinstance(call, dict | list | tuple) and call:
        return True
    raise ConfigError(explain("A call of a config", expected="a list or a dict", got=repr(call)[:80]))


def legacy_entries(call: Any) -> list[Any]:
    """The entries `["dense", 0, 0, {...}]` of a call; one entry may stand alone."""
    return [call] if isinstance(call[0], str) else list(call)


def legacy_kwargs(entry: object) -> dict[str, Any]:
    """The further arguments of the call, which come with an entry."""
    further = entry[3] if isinstance(entry, list | tuple) and len(entry) > 3 else {}
    if not isinstance(further, dict):
        raise ConfigError(
            explain("A call of a config", expected="a dict in fourth place", got=repr(further)[:80])
        )
    return further


def is_place(value: object) -> bool:
    """True for `["dense", 0, 0]`: a layer, its call, its output; a fourth entry may follow."""
    if not isinstance(value, list | tuple) or len(value) not in (3, 4) or not isinstance(value[0], str):
        return False
    return all(map(is_integer, value[1:3]))


def single_end(ends: Any) -> Any:
    """The input_layers or output_layers of an older model: a list of one meant that one."""
    is_single = isinstance(ends, list | tuple) and len(ends) == 1 and is_place(ends[0])
    return ends[0] if is_single else ends

"""The objects with state inside a model, each under its path in a file, in Keras' order.

Source: the layout of `.weights.h5` files that Keras 3 writes: a layer reached through an attribute has its
name, one in a list its class name in snake case and a count; a graph's layers are the list 'layers'.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from layerlab.core.bookkeeping import not_saved
from layerlab.core.naming import snake_case
from layerlab.core.replaced_classes import class_name_in_file

__all__ = ["walk"]


def walk(owner: object, path: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """(path, object) for the owner and everything with state inside it, each once."""
    seen = set() if seen is None else seen
    if id(owner) in seen:
        return
    seen.add(id(owner))
    yield path, owner
    for name, child in _children(owner):
        yield from _walk_child(child, _join(path, name), seen)


def _children(owner: Any) -> list[tuple[str, Any]]:
    left_out = not_saved(type(owner))
    children = {name: value for name, value in vars(owner).items() if name not in left_out}
    has_graph = getattr(owner, "_model_graph", None) is not None
    if hasattr(type(owner), "operations"):  # a model
        children["layers"] = owner.layers
    ordered = sorted(
        children, key=lambda name: f"~{name}" if name.startswith("_") else name
    )  # private ones last
    if has_graph:
        ordered.remove("layers")
        ordered.insert(0, "layers")
    return [(name, children[name]) for name in ordered]


def _walk_child(child: object, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if hasattr(child, "save_own_variables") and not isinstance(child, type):
        yield from walk(child, path, seen)
    elif isinstance(child, list | tuple | dict):
        counts: dict[str, int] = {}
        for item in child.values() if isinstance(child, dict) else child:
            is_container = isinstance(item, list | tuple | dict)
            if not is_container and not hasattr(item, "save_own_variables"):
                continue
            name = "container" if is_container else snake_case(class_name_in_file(item))
            count = counts.get(name, 0)
            counts[name] = count + 1
            yield from _walk_child(item, _join(path, f"{name}_{count}" if count else name), seen)


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name

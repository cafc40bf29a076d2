"""Nested structures: lists, tuples, named tuples and dicts with leaves of any kind.

None is a leaf. Dicts are walked in the order of their sorted keys, as in Keras and JAX, so that
two dicts with equal keys always correspond. Imports nothing of ours but errors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from layerlab.errors import InvalidArgumentError, explain

__all__ = [
    "flatten",
    "flatten_with_path",
    "is_nested",
    "map_structure",
    "pack",
    "same_structure",
    "sorted_keys",
]


def is_nested(value: object) -> bool:
    """True for a list, a tuple or a dict."""
    return isinstance(value, list | tuple | dict)


def flatten(structure: object) -> list[Any]:
    """The leaves, depth first."""
    if not is_nested(structure):
        return [structure]
    leaves: list[Any] = []
    _collect(structure, leaves)
    return leaves


def flatten_with_path(
    structure: object, prefix: tuple[Any, ...] = ()
) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Pairs of (keys and indices that lead to the leaf, leaf)."""
    if not is_nested(structure):
        yield prefix, structure
        return
    for key, child in _items(structure):
        yield from flatten_with_path(child, (*prefix, key))


def map_structure(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """Apply `function` leaf by leaf, in the order of `flatten`; `others` have the structure of the first."""
    if not is_nested(structure):
        return function(structure, *others)
    if isinstance(structure, dict):
        for other in others:
            _check_keys(structure, other)
        mapped = {
            key: map_structure(function, structure[key], *(other[key] for other in others))
            for key in sorted_keys(structure)
        }
        return _rebuild_dict(structure, {key: mapped[key] for key in structure})
    for other in others:
        _check_length(structure, other)
    return _rebuild(
        structure, [map_structure(function, *children) for children in zip(structure, *others, strict=True)]
    )


def pack(structure: object, leaves: Iterable[Any]) -> Any:
    """A structure like `structure` that holds `leaves` in the order of `flatten`."""
    iterator = iter(leaves)
    packed = _pack(structure, iterator)
    if next(iterator, iterator) is not iterator:
        raise InvalidArgumentError(
            explain("Too many leaves for the structure.", got=f"more than {len(flatten(structure))}")
        )
    return packed


def same_structure(first: Any, second: Any) -> bool:
    """True if both nest in the same way, whatever their leaves are."""
    if is_nested(first) != is_nested(second):
        return False
    if not is_nested(first):
        return True
    if isinstance(first, dict) or isinstance(second, dict):
        if not (isinstance(first, dict) and isinstance(second, dict)) or first.keys() != second.keys():
            return False
        return all(same_structure(first[key], second[key]) for key in first)
    return len(first) == len(second) and all(map(same_structure, first, second))


def _collect(structure: object, leaves: list[Any]) -> None:
    for _, child in _items(structure):
        if is_nested(child):
            _collect(child, leaves)
        else:
            leaves.append(child)


def _items(structure: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(structure, dict):
        return [(key, structure[key]) for key in sorted_keys(structure)]
    return enumerate(structure)


def sorted_keys(mapping: dict[Any, Any]) -> list[Any]:
    """The keys in the order in which a dict is walked."""
    try:
        return sorted(mapping)
    except TypeError:  # keys of mixed types: their own order is the only one there is
        return list(mapping)


def _pack(structure: Any, leaves: Iterator[Any]) -> Any:
    if not is_nested(structure):
        try:
            return next(leaves)
        except StopIteration:
            raise InvalidArgumentError("Too few leaves for the structure.") from None
    if isinstance(structure, dict):
        packed = {key: _pack(structure[key], leaves) for key in sorted_keys(structure)}
        return _rebuild_dict(structure, {key: packed[key] for key in structure})
    return _rebuild(structure, [_pack(child, leaves) for child in structure])


def _rebuild(like: object, children: list[Any]) -> Any:
    if isinstance(like, tuple):
        return type(like)(*children) if hasattr(like, "_fields") else tuple(children)
    return children


def _rebuild_dict(like: dict[Any, Any], children: dict[Any, Any]) -> dict[Any, Any]:
    return children if type(like) is dict else type(like)(children)


def _check_keys(first: dict[Any, Any], second: object) -> None:
    if not isinstance(second, dict) or first.keys() != second.keys():
        got = sorted(map(str, second)) if isinstance(second, dict) else type(second).__name__
        raise InvalidArgumentError(
            explain(
                "Two structures differ.",
                expected=f"a dict with the keys {sorted(map(str, first))}",
                got=str(got),
            )
        )


def _check_length(first: list[Any] | tuple[Any, ...], second: Any) -> None:
    is_sequence = isinstance(second, list | tuple)
    if not is_sequence or len(first) != len(second):
        got = f"{len(second)} entries" if is_sequence else type(second).__name__
        raise InvalidArgumentError(
            explain("Two structures differ.", expected=f"a list or tuple of {len(first)} entries", got=got)
        )

"""Which of the values that are given belongs to which input of a graph.

Inputs may be one tensor, a list, a dict, or nested; values may be given in the same structure, as a flat list
in the order of the inputs, or as dicts by name. This is the only place where a dict of values meets inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from layerlab import tree
from layerlab.errors import DataError, explain

__all__ = ["match_inputs"]


def match_inputs(inputs: object, values: object, name_of: Callable[[Any], str], owner: str) -> list[Any]:
    """The values in the order in which `tree.flatten` lists the inputs; what a dict has beyond them is left.

    Args:
        inputs: a structure of tensors.
        values: in the same structure; for a list of tensors, or a single one, also a dict by their names.
        name_of: the name of a tensor.
        owner: whose inputs they are, for messages.
    Raises: DataError for a wrong number of values, for a name that is missing, and for a list in place of a
        dict whose keys are not in alphabetical order: the order meant is not known.
    """
    if isinstance(values, dict):
        return _by_key(inputs, values, name_of, owner)
    if isinstance(inputs, dict):
        if list(inputs) != tree.sorted_keys(inputs):
            raise DataError(
                explain(
                    f"'{owner}' takes a dict of inputs, and got a {type(values).__name__}.",
                    expected=f"a dict with the keys {list(inputs)}",
                    fix="name the values: in a list, the order of these keys and the alphabetical one differ",
                )
            )
    elif isinstance(inputs, list | tuple) and isinstance(values, list | tuple) and len(inputs) == len(values):
        pairs = zip(inputs, values, strict=True)
        return [leaf for pair in pairs for leaf in match_inputs(*pair, name_of, owner)]
    leaves, tensors = tree.flatten(values), tree.flatten(inputs)
    if len(leaves) != len(tensors):
        raise DataError(_wrong_number(leaves, list(map(name_of, tensors)), owner))
    return leaves


def _by_key(inputs: object, values: dict[Any, Any], name_of: Callable[[Any], str], owner: str) -> list[Any]:
    """A dict of inputs is met by its own keys, anything else by the names of its tensors."""
    named = list(inputs) if isinstance(inputs, dict) else list(map(name_of, tree.flatten(inputs)))
    missing = [key for key in named if key not in values]
    if missing:
        raise DataError(
            explain(
                f"'{owner}' got no value for {', '.join(map(str, missing))}.",
                expected=f"the keys {named}",
                got=str(list(values)),
            )
        )
    if isinstance(inputs, dict):
        keys = tree.sorted_keys(inputs)
        return [leaf for key in keys for leaf in match_inputs(inputs[key], values[key], name_of, owner)]
    return [values[name] for name in named]


def _wrong_number(leaves: list[Any], names: list[str], owner: str) -> str:
    numbers = all(isinstance(leaf, int | float) for leaf in leaves)
    return explain(
        f"'{owner}' got {len(leaves)} inputs.",
        expected=f"{len(names)}: {', '.join(names)}",
        got=str(len(leaves)),
        fix="make an array of the numbers: np.array([...])" if numbers else "",
    )

"""The outputs of a model by name, and how targets, weights, losses and metrics are matched to them.

Predictions may be one array, a list, a dict, or nested; what belongs to them may be given in the same
structure, as a list in the order of the outputs, or as a dict by output name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from layerlab import tree
from layerlab.core.naming import snake_case
from layerlab.errors import DataError, InvalidArgumentError, LayerlabError, did_you_mean, explain
from layerlab.typing import Tensor, Tree

__all__ = ["Outputs", "align_weights", "describe", "flat_entries", "is_config", "label_of", "map_entries"]

_MISSING = object()


@dataclass(frozen=True)
class Outputs:
    """Names of the outputs, and the keys and indices that lead to each in the predictions."""

    names: tuple[str, ...]
    paths: tuple[tuple[Any, ...], ...]

    @classmethod
    def of(cls, y_pred: Tree[Tensor | None], output_names: Sequence[str] | None) -> Outputs:
        """The outputs in `y_pred`. A dict brings its names; else `output_names`, else 'output_1' ...."""
        paths = [path for path, _ in tree.flatten_with_path(y_pred)]
        given = list(output_names or ())
        if isinstance(y_pred, dict) and all(len(path) == 1 for path in paths):
            keys = [path[0] for path in paths]
            ordered = given if set(given) == set(keys) else keys
            return cls(tuple(map(str, ordered)), tuple((key,) for key in ordered))
        names = (
            given if len(given) == len(paths) else [_made_up_name(i, path) for i, path in enumerate(paths)]
        )
        return cls(tuple(names), tuple(paths))

    def __len__(self) -> int:
        return len(self.names)

    def predictions(self, y_pred: Tree[Tensor | None]) -> list[Any]:
        """The arrays of `y_pred` in the order of the outputs."""
        return [_strictly_at(y_pred, path) for path in self.paths]

    def align(self, data: object, what: str) -> list[Any]:
        """One array for each output from targets or weights, in any of the forms; None where there is none.

        Raises: DataError if they do not correspond; `what` names the argument.
        """
        if data is None:
            return [None] * len(self)
        if len(self) == 1 and (not tree.is_nested(data) or len(tree.flatten(data)) == 1):
            self._check_keys(data, what, DataError)
            return [tree.flatten(data)[0]]
        found = [_MISSING]
        if isinstance(data, dict):
            self._check_keys(data, what, DataError)
            found = [
                data[name] if name in data else _strictly_at(data, path, default=None)
                for name, path in zip(self.names, self.paths, strict=True)
            ]
        elif isinstance(data, list | tuple) and len(tree.flatten(data)) == len(self):
            found = [_strictly_at(data, path) for path in self.paths]
            if any(leaf is _MISSING or tree.is_nested(leaf) for leaf in found):
                found = list(data)
        if len(found) != len(self) or any(leaf is _MISSING or tree.is_nested(leaf) for leaf in found):
            raise DataError(self._mismatch(data, what))
        return found

    def spread(self, value: Any, what: str) -> list[Any]:
        """One entry for each output from a list or dict of losses, weights or metrics; None for none.

        In a nested structure an entry stands for all outputs below it.
        Raises: InvalidArgumentError; `what` names the argument of compile.
        """
        if isinstance(value, dict):
            self._check_keys(value, what, InvalidArgumentError)
            return [
                value[name] if name in value else _loosely_at(value, path)
                for name, path in zip(self.names, self.paths, strict=True)
            ]
        if self._is_flat(value):
            return list(value)
        if any(len(path) > 1 for path in self.paths) and len(value) == len({path[0] for path in self.paths}):
            return [_loosely_at(value, path) for path in self.paths]
        raise InvalidArgumentError(
            explain(
                f"{what} does not fit the model's outputs.",
                expected=f"{len(self)} entries, for {self._listed()}",
                got=f"{len(value)}",
                fix=f"name them: {what}={{'{self.names[0]}': ...}}",
            )
        )

    def _is_flat(self, value: Any) -> bool:
        """One entry per output, in their order."""
        return len(value) == len(self) and not any(isinstance(v, dict) and not is_config(v) for v in value)

    def _check_keys(self, value: object, what: str, error: type[LayerlabError]) -> None:
        if not isinstance(value, dict):
            return
        known = {*self.names, *(path[0] for path in self.paths if path)}
        for key in value:
            if key not in known:
                raise error(
                    explain(
                        f"{what} names '{key}', which is no output of the model."
                        f"{did_you_mean(key, map(str, self.names))}",
                        expected=f"keys among {self._listed()}",
                    )
                )

    def _mismatch(self, data: object, what: str) -> str:
        count = len(self)
        return explain(
            f"{what} does not fit the model's {count} output{'s' if count > 1 else ''}.",
            expected=f"{'one array' if count == 1 else f'{count} arrays'}, for {self._listed()}",
            got=describe(data),
            fix=f"{what}={{{', '.join(f'{name!r}: ...' for name in self.names[:4])}}}",
        )

    def _listed(self) -> str:
        return ", ".join(f"'{name}'" for name in self.names)


def align_weights(outputs: Outputs, sample_weight: Tree[Tensor | None] | None) -> list[Any]:
    """Weights for each output; one array counts for all of them."""
    if tree.is_nested(sample_weight):
        return outputs.align(sample_weight, "sample_weight")
    return [sample_weight] * len(outputs)


def is_config(value: object) -> bool:
    """True for the saved form of an object, which is a dict but one entry."""
    return isinstance(value, dict) and "class_name" in value


def map_entries(function: Callable[[Any], Any], value: object) -> Any:
    """Apply `function` to each entry of a list or dict given to compile; tuples become lists, None stays."""
    if isinstance(value, list | tuple):
        return [map_entries(function, entry) for entry in value]
    if isinstance(value, dict) and not is_config(value):
        return {key: map_entries(function, entry) for key, entry in value.items()}
    return None if value is None else function(value)


def flat_entries(value: object) -> list[Any]:
    """The entries in a list, in lists in it, or alone; without None."""
    if isinstance(value, list | tuple):
        return [entry for item in value for entry in flat_entries(item)]
    return [] if value is None else [value]


def label_of(identifier: object) -> str:
    """What a loss or metric that is no object of ours is called: its name, or that of its class."""
    if isinstance(identifier, str):
        return identifier
    name = getattr(identifier, "name", None) or getattr(identifier, "__name__", None)
    return name or snake_case(type(identifier).__name__)


def describe(data: object) -> str:
    """A structure with the shape of each array in place of the array."""
    if isinstance(data, dict):
        return "{" + ", ".join(f"{str(key)!r}: {describe(value)}" for key, value in data.items()) + "}"
    if isinstance(data, list | tuple):
        shown = ", ".join(describe(item) for item in data[:8])
        return f"{type(data).__name__} of {len(data)}: [{shown}{', ...' if len(data) > 8 else ''}]"
    shape = getattr(data, "shape", None)
    return type(data).__name__ if shape is None else f"shape {tuple(shape)}"


def _made_up_name(index: int, path: tuple[Any, ...]) -> str:
    return "/".join(map(str, path)) if any(isinstance(key, str) for key in path) else f"output_{index + 1}"


def _strictly_at(value: Any, path: tuple[Any, ...], default: object = _MISSING) -> Any:
    """What lies at the end of the path; the default if it is cut off."""
    for key in path:
        reachable = key in value if isinstance(value, dict) else isinstance(key, int) and _length(value) > key
        if not reachable:
            return default
        value = value[key]
    return value


def _loosely_at(value: object, path: tuple[Any, ...]) -> Any:
    """What lies on the path: the first entry that is no structure; None if a dict has no such key."""
    for key in path:
        if isinstance(value, dict) and not is_config(value):
            value = value.get(key)
        elif isinstance(value, list | tuple) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            break
    return value


def _length(value: object) -> int:
    return len(value) if isinstance(value, list | tuple) else 0

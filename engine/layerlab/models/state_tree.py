"""A model's whole state as nested dicts of arrays, keyed by the variables' paths: methods of Model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from layerlab.backend.active import backend
from layerlab.core.tracking import tracked, unique
from layerlab.core.variable import Variable
from layerlab.core.variable_values import check_shape
from layerlab.dtypes import numpy_dtype
from layerlab.errors import InvalidArgumentError, did_you_mean, explain

if TYPE_CHECKING:
    from layerlab.models.model import Model

__all__ = ["get_state_tree", "set_state_tree"]

_FORMATS = ("backend_tensor", "numpy_array")


def get_state_tree(self: Model, value_format: str = "backend_tensor") -> dict[str, Any]:
    """The values of all variables as nested dicts, by the parts of their paths.

    The states of random generators are not among them.

    Args:
        value_format: "backend_tensor" or "numpy_array", for the leaves.
    Returns: nested dicts under 'trainable_variables', 'non_trainable_variables',
        'optimizer_variables' and 'metrics_variables'.
    Raises: InvalidArgumentError for another format, or two variables with one path.

    Example:
        >>> import layerlab as keras
        >>> head = keras.layers.Dense(1, name="head")
        >>> model = keras.Sequential([keras.Input((2,)), head], name="line")
        >>> values = model.get_state_tree("numpy_array")
        >>> values["trainable_variables"]["line"]["head"]["bias"]
        array([0.], dtype=float32)
    """
    if value_format not in _FORMATS:
        raise InvalidArgumentError(
            explain(
                "get_state_tree(value_format=...)", expected=" or ".join(_FORMATS), got=repr(value_format)
            )
        )
    as_numpy = value_format == "numpy_array"
    return {
        group: _nested({path: v.numpy() if as_numpy else v.value for path, v in variables.items()})
        for group, variables in _variables_of(self).items()
    }


def set_state_tree(self: Model, state_tree: Mapping[str, Any]) -> None:
    """Assign values from nested dicts like those of `get_state_tree`.

    Args:
        state_tree: may have only some of the entries; the others stay as they are.
    Raises: InvalidArgumentError for an entry that names no variable, ShapeError.
        Nothing changes then.
    """
    if not isinstance(state_tree, Mapping):
        raise InvalidArgumentError(
            explain("set_state_tree", expected="nested dicts", got=type(state_tree).__name__)
        )
    groups = _variables_of(self)
    assignments = []
    for group, branch in state_tree.items():
        if group not in groups:
            raise InvalidArgumentError(
                explain(
                    f"set_state_tree: there are no '{str(group)[:80]}'." + did_you_mean(group, groups),
                    expected=", ".join(groups),
                )
            )
        for path, value in _leaves(branch):
            variable = _named(groups[group], path, str(group))
            assignments.append((variable, _fitting(value, variable, f"{group}/{path}")))
    for variable, value in assignments:
        variable.assign(value)


def _variables_of(model: Any) -> dict[str, dict[str, Variable]]:
    """The variables of each group by path; the states of random generators belong to none."""
    seeds = {id(generator.state) for layer in model._flatten_layers() for generator in tracked(layer, "seed")}
    groups = {
        "trainable_variables": model.trainable_variables,
        "non_trainable_variables": [v for v in model.non_trainable_variables if id(v) not in seeds],
        "optimizer_variables": [] if model.optimizer is None else model.optimizer.variables,
        "metrics_variables": unique(v for metric in model.metrics for v in metric.variables),
    }
    return {group: _by_path(variables) for group, variables in groups.items()}


def _by_path(variables: list[Variable]) -> dict[str, Variable]:
    paths: dict[str, Variable] = {}
    for variable in variables:
        if variable.path in paths:
            raise InvalidArgumentError(
                explain(
                    f"Two variables have the path '{variable.path}', so a state tree cannot hold both.",
                    fix="give layers and metrics names of their own",
                )
            )
        paths[variable.path] = variable
    return paths


def _nested(values: dict[str, Any]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for path, value in values.items():
        *parents, last = path.split("/")
        branch = root
        for part in parents:
            branch = branch.setdefault(part, {})
        branch[last] = value
    return root


def _leaves(branch: object, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(branch, Mapping):
        yield prefix, branch
        return
    for key, value in branch.items():
        yield from _leaves(value, f"{prefix}/{key}" if prefix else str(key))


def _named(variables: dict[str, Variable], path: str, group: str) -> Variable:
    if path not in variables:
        raise InvalidArgumentError(
            explain(
                f"set_state_tree: '{group}' has no variable '{path[:200]}'.{did_you_mean(path, variables)}",
                expected=", ".join(variables) or "nothing",
            )
        )
    return variables[path]


def _fitting(value: object, variable: Variable, path: str) -> Any:
    """`value` as an array of the variable's shape."""
    try:
        array = value.value if isinstance(value, Variable) else value
        array = array if backend().is_array(array) else np.asarray(array, numpy_dtype(variable.dtype))
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(
            explain(f"set_state_tree: the value of '{path}' is no array.", got=type(value).__name__)
        ) from error
    check_shape(f"set_state_tree: the value of '{path}' does not fit.", variable, array.shape)
    return array

"""The `@op` decorator: what every operation does around its own formula.

Called with a symbolic tensor, an op infers the result and records a node. Called with values, it converts them to
arrays of the active back end, promotes them by our table, and runs the formula.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import numpy as np

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.naming import auto_name
from layerlab.core.symbolic import KerasTensor, Operation, any_symbolic
from layerlab.core.variable import Variable

__all__ = ["FunctionOperation", "convert", "op", "op_table"]

Function = TypeVar("Function", bound=Callable[..., Any])
Promotion = Literal["common", "float", None]

op_table: dict[str, Callable[..., Any]] = {}  # class name as Keras writes it in a file -> op


def op(*arrays: str, promote: Promotion = "common", class_name: str | None = None) -> Callable[[Function], Function]:
    """Make a formula over `backend().xp` an op.

    Args:
        arrays: names of the parameters that are arrays (or lists of arrays); None is let through.
        promote: "common": to their common dtype; "float": the same, and integers become floatx; None: keep each dtype.
        class_name: name of the operation in saved graphs, by default the function's name in camel case.
    """

    def decorate(function: Function) -> Function:
        parameters = list(inspect.signature(function).parameters.values())
        names = [parameter.name for parameter in parameters]
        variadic = {parameter.name for parameter in parameters if parameter.kind is parameter.VAR_POSITIONAL}
        is_array = [name in arrays for name in names]
        saved_name = class_name or "".join(part.capitalize() for part in function.__name__.split("_"))

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if any_symbolic(args, kwargs):
                return _record(wrapper, saved_name, names, is_array, args, kwargs)
            positions = [index for index in range(len(args)) if _is_array_at(index, is_array, variadic)]
            keys = [key for key in kwargs if key in arrays]
            values = [args[index] for index in positions] + [kwargs[key] for key in keys]
            converted = convert(values, promote)
            new_args = list(args)
            for index, value in zip(positions, converted, strict=False):
                new_args[index] = value
            for key, value in zip(keys, converted[len(positions) :], strict=True):
                kwargs[key] = value
            return function(*new_args, **kwargs)

        op_table[saved_name] = wrapper
        return wrapper  # type: ignore[return-value]

    return decorate


class FunctionOperation(Operation):
    """One use of an op in a graph: the function with its static arguments, called on the tensors."""

    def __init__(self, function: Callable[..., Any], class_name: str, static: dict[str, Any], name: str | None = None):
        super().__init__(name or auto_name(class_name))
        self.function = function
        self.class_name = class_name
        self.static = static

    def call(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs, **self.static)

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, **self.static}


def convert(values: list[Any], promote: Promotion = "common") -> list[Any]:
    """Arrays of the active back end for values, lists of values (one level), variables and Python numbers."""
    module = backend()
    flat = [leaf for value in values for leaf in (value if isinstance(value, list | tuple) and _holds_arrays(value) else [value])]
    kinds = [_kind(leaf, module) for leaf in flat]
    known = [kind for kind in kinds if kind is not None]
    target = None
    if promote is not None and known:
        target = dtypes.result_type(*known, float) if promote == "float" else dtypes.result_type(*known)
    converted = iter([_to_array(leaf, kind, target, module) for leaf, kind in zip(flat, kinds, strict=True)])
    return [
        [next(converted) for _ in value] if isinstance(value, list | tuple) and _holds_arrays(value) else next(converted)
        for value in values
    ]


def _holds_arrays(value: Any) -> bool:
    return any(hasattr(item, "shape") and hasattr(item, "dtype") for item in value)


def _is_array_at(index: int, is_array: list[bool], variadic: set[str]) -> bool:
    if index < len(is_array):
        return is_array[index]
    return bool(variadic) and is_array[-1]


def _kind(leaf: Any, module: Any) -> Any:
    """The dtype name of an array, the Python type of a number (weak), None for None."""
    if leaf is None:
        return None
    if isinstance(leaf, bool | int | float):
        return type(leaf)
    if module.is_array(leaf):
        return module.dtype_name(leaf)
    if isinstance(leaf, Variable):
        return module.dtype_name(leaf.value)
    if hasattr(leaf, "dtype"):
        return dtypes.standardize_dtype(leaf.dtype)
    kind = np.asarray(leaf).dtype.kind  # a nested list of numbers
    return {"f": dtypes.standardize_dtype(None), "i": "int32", "u": "int32", "b": "bool", "c": "complex64"}.get(kind, "string")


def _to_array(leaf: Any, kind: Any, target: str | None, module: Any) -> Array:
    if leaf is None:
        return None
    if isinstance(leaf, Variable):
        leaf = leaf.value
    wanted = target or (dtypes.standardize_dtype(kind) if isinstance(kind, type) else kind)
    if module.is_array(leaf):
        return leaf if kind == wanted else module.cast(leaf, wanted)
    return module.asarray(leaf, wanted)


def _record(
    function: Callable[..., Any],
    class_name: str,
    names: list[str],
    is_array: list[bool],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    """Split the arguments into tensors, which the node holds, and static ones, which the operation holds."""
    called: dict[str, Any] = {}
    tensors = []
    for index, value in enumerate(args):
        by_position = len(tensors) == index and (index >= len(is_array) or is_array[index])
        if by_position:
            tensors.append(value)
        else:
            called[names[index]] = value
    called.update(kwargs)
    array_names = {name for name, flag in zip(names, is_array, strict=True) if flag}
    in_call = {k: v for k, v in called.items() if k in array_names or _has_symbolic(v)}
    static = {k: v for k, v in called.items() if k not in in_call}
    operation = FunctionOperation(function, class_name, static, static.pop("name", None))
    return operation.symbolic_call(*tensors, **in_call)


def _has_symbolic(value: Any) -> bool:
    return any(isinstance(leaf, KerasTensor) for leaf in tree.flatten(value))

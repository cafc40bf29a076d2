"""Python's operators and indexing on symbolic tensors and variables: `x + 1`, `x @ y`, `x[:, 0]`, `x == y`.

They are set here, on import of the ops, so that the core need not import an op. Comparison gives a tensor of
booleans; identity and hash stay those of the object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from layerlab.core.symbolic import KerasTensor
from layerlab.core.variable import Variable
from layerlab.errors import UnsupportedError, explain
from layerlab.ops import elementwise, index, linalg, logical, shapes

__all__: list[str] = []

_UNARY = {
    "__neg__": elementwise.negative,
    "__abs__": elementwise.absolute,
    "__invert__": logical.logical_not,
}
_BINARY = {
    "add": elementwise.add,
    "sub": elementwise.subtract,
    "mul": elementwise.multiply,
    "truediv": elementwise.divide,
    "floordiv": elementwise.floor_divide,
    "mod": elementwise.mod,
    "pow": elementwise.power,
    "matmul": linalg.matmul,
    "and": logical.logical_and,
    "or": logical.logical_or,
    "xor": logical.logical_xor,
}
_COMPARISON = {
    "__lt__": logical.less,
    "__le__": logical.less_equal,
    "__gt__": logical.greater,
    "__ge__": logical.greater_equal,
    "__eq__": logical.equal,
    "__ne__": logical.not_equal,
}


def _unary(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda self: function(self)


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: function(self, other)


def _comparison(name: str, function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    # A tensor equals nothing that is not one: `x in ["name", None]` must not raise.
    missing = {"__eq__": False, "__ne__": True}

    def compare(self: object, other: object) -> Any:
        if name in missing and (other is None or isinstance(other, str)):
            return missing[name]
        return function(self, other)

    return compare


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda self, other: function(other, self)


def _get_item(self: object, key: object) -> Any:
    return index.get_item(self, key)


def _round(self: object, ndigits: int | None = None) -> Any:
    return elementwise.round(self, decimals=ndigits or 0)


def _no_iteration(self: KerasTensor) -> Iterator[Any]:
    raise UnsupportedError(
        explain(
            f"A symbolic tensor ('{self.name}') cannot be iterated over.", fix="use ops.unstack, or index it"
        )
    )


def _iterate(self: Variable) -> Iterator[Any]:
    return iter([index.get_item(self, place) for place in range(len(self))])


def _reshape(self: KerasTensor, newshape: Any) -> Any:
    """The tensor in another shape, with the same elements in the same order; see `ops.reshape`.

    Args:
        newshape: tuple of sizes, with the axis of the batch; one of them may be -1 for what is
            left.
    Returns: a symbolic tensor.

    Example:
        >>> KerasTensor((2, 6)).reshape((4, -1)).shape
        (4, 3)
    """
    return shapes.reshape(self, newshape)


def _squeeze(self: KerasTensor, axis: Any = None) -> Any:
    """The tensor without axes of length 1; see `ops.squeeze`.

    Args:
        axis: the axis, or tuple of axes, to take out; a negative one counts from the last. None
            takes out all of length 1.
    Returns: a symbolic tensor.

    Example:
        >>> KerasTensor((2, 1, 3)).squeeze(axis=1).shape
        (2, 3)
    """
    return shapes.squeeze(self, axis)


def _methods() -> dict[str, Any]:
    methods: dict[str, Any] = {name: _unary(function) for name, function in _UNARY.items()}
    for name, function in _BINARY.items():
        methods[f"__{name}__"] = _binary(function)
        methods[f"__r{name}__"] = _reflected(function)
    for name, function in _COMPARISON.items():
        methods[name] = _comparison(name, function)
    # NumPy's arrays leave the operator to whoever has the higher priority.
    return methods | {"__getitem__": _get_item, "__round__": _round, "__array_priority__": 100}


for _class in (KerasTensor, Variable):
    for _name, _method in _methods().items():
        setattr(_class, _name, _method)
KerasTensor.__iter__ = _no_iteration  # type: ignore[method-assign, assignment]
KerasTensor.reshape = _reshape  # type: ignore[method-assign, assignment]
KerasTensor.squeeze = _squeeze  # type: ignore[method-assign, assignment]
Variable.__iter__ = _iterate  # type: ignore[method-assign, assignment]

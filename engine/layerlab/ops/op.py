"""The `@op` decorator: what every operation does around its own formula.

Called with a symbolic tensor, an op infers the result and records a node. Called with values, it converts
them to arrays of the active back end, promotes them by our table, and runs the formula.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np

from layerlab import dtypes, tree
from layerlab.backend.active import backend
from layerlab.backend.host_arrays import NARROW, plain_dtype
from layerlab.backend.protocol import Array
from layerlab.core.context import context
from layerlab.core.deserialization import deserialize_keras_object
from layerlab.core.foreign_errors import raise_told, retold
from layerlab.core.registry import builtin, register_builtin
from layerlab.core.symbolic import KerasTensor, Operation, any_symbolic
from layerlab.core.variable import Variable
from layerlab.errors import ConfigError, explain
from layerlab.ops.arguments import documented

__all__ = ["FunctionOperation", "convert", "op"]

Function = TypeVar("Function", bound=Callable[..., Any])
Promotion = Literal["common", "float", None]


def op(
    *arrays: str,
    promote: Promotion = "common",
    as_is: tuple[str, ...] = (),
    lists: tuple[str, ...] = (),
    in_call: tuple[str, ...] = (),
    in_config: tuple[str, ...] = (),
    class_name: str | None = None,
    home: str = "ops.numpy",
) -> Callable[[Function], Function]:
    """Make a formula over `backend().xp` an op.

    Args:
        arrays: names of the parameters that are arrays; None is let through, a list of arrays is stacked.
        lists: names among `arrays` that stay lists of arrays.
        promote: "common": to their common dtype; "float": the same, and integers become floatx; None: keep.
        in_call: names of static parameters that a saved graph keeps with the tensors of the call.
        in_config: names among `arrays` that a saved graph keeps in the operation unless they are symbolic.
        as_is: names of further parameters that are arrays and keep their dtype: indices, conditions.
        class_name: name of the operation in saved graphs, by default the function's name in camel case.
        home: the module of `keras.src` with Keras' class for the op, which saved graphs name.
    """

    def decorate(function: Function) -> Function:
        documented(function)
        parameters = list(inspect.signature(function).parameters.values())
        place = _Places(parameters, {*arrays, *as_is, *in_call} - set(in_config))
        name = function.__name__.lstrip("_")
        saved_name = class_name or "".join(part.capitalize() for part in function.__name__.split("_"))

        @functools.wraps(function)
        def wrapper(*args: object, **kwargs: object) -> Any:
            if any_symbolic(args, kwargs):
                return _record(operation, place, args, kwargs)
            values = list(args)
            try:
                _convert_arguments(values, kwargs, place, arrays, promote, lists)
                if as_is:
                    _convert_arguments(values, kwargs, place, as_is, None, lists)
                return function(*values, **kwargs)
            except Exception as error:
                # While shapes are inferred the layer tells it, whose sizes are not made up.
                if not context.stand_in:
                    raise_told(retold(error, f"ops.{name}", tuple(values)), error)
                raise

        operation: Any = type(
            saved_name,
            (FunctionOperation,),
            {"function": staticmethod(wrapper), "places": place, "home": f"keras.src.{home}"},
        )
        register_builtin("operations", saved_name, operation)
        return wrapper  # type: ignore[return-value]

    return decorate


class _Places:
    """Which parameter the positional argument at an index belongs to."""

    def __init__(self, parameters: list[inspect.Parameter], in_call: Iterable[str]) -> None:
        self.names = [parameter.name for parameter in parameters]
        self.in_call = frozenset(in_call)
        kinds = [parameter.kind for parameter in parameters]
        # What comes after *operands can only be given by keyword: every later position is an operand.
        self.last = (
            kinds.index(inspect.Parameter.VAR_POSITIONAL)
            if inspect.Parameter.VAR_POSITIONAL in kinds
            else None
        )

    @property
    def static(self) -> list[str]:
        """The parameters that the operation of a graph holds."""
        return [name for name in self.names if name not in self.in_call and name != "name"]

    def name(self, index: int) -> str:
        if self.last is not None and index > self.last:
            index = self.last
        return self.names[index] if index < len(self.names) else ""


def _convert_arguments(
    args: list[Any],
    kwargs: dict[str, Any],
    place: _Places,
    chosen: tuple[str, ...],
    promote: Promotion,
    lists: tuple[str, ...],
) -> None:
    positions = [index for index in range(len(args)) if place.name(index) in chosen]
    keys = [key for key in kwargs if key in chosen] if kwargs else []
    if not keys and _is_ready([args[index] for index in positions], promote):
        return
    converted = convert([args[index] for index in positions] + [kwargs[key] for key in keys], promote)
    for index, value in zip(positions, converted, strict=False):
        args[index] = value if place.name(index) in lists else _as_one(value)
    for key, value in zip(keys, converted[len(positions) :], strict=True):
        kwargs[key] = value if key in lists else _as_one(value)


def _as_one(value: object) -> Any:
    return backend().asarray(value) if isinstance(value, list) else value


def _is_ready(values: list[Any], promote: Promotion) -> bool:
    """True if all are arrays of the back end that need no promotion: the usual case, kept cheap."""
    module = backend()
    if not all(map(module.is_array, values)):
        return False
    if promote is None or not values:
        return True
    first = values[0].dtype
    if any(value.dtype != first for value in values[1:]):
        return False
    return promote == "common" or dtypes.is_float(module.dtype_name(values[0]))


class FunctionOperation(Operation):
    """Abstract: one use of an op in a graph, called on the tensors. Each op has a subclass of its own, named
    like the class that Keras has for it.

    Args:
        static: the arguments that are no tensors.
    """

    function: ClassVar[Callable[..., Any]]
    places: ClassVar[_Places]
    home: ClassVar[str]

    def __init__(self, static: dict[str, Any], name: str | None = None) -> None:
        super().__init__(name)
        self.static = static

    def call(self, *args: object, **kwargs: object) -> Any:
        return self.function(*args, **kwargs, **self.static)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unfilled, (self.class_name,), self.__getstate__()  # pickle finds no class that an op has made

    @property
    def class_name(self) -> str:
        """What saved graphs call the op."""
        return type(self).__name__

    @property
    def saved_as(self) -> tuple[str, str]:
        """Module and name of Keras' class for this op."""
        return self.home, self.class_name

    def get_config(self) -> dict[str, Any]:
        """The name and the static arguments, defaults included: those of Keras' class may be others."""
        return {"name": self.name, **_defaults(type(self)), **self.static}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> FunctionOperation:
        """The inverse of `get_config`. Raises: ConfigError for an argument that the op does not have."""
        unknown = sorted(map(str, config.keys() - {"name", *cls.places.static}))
        if unknown:
            where = f"The op {cls.__name__} of a config has unknown arguments."
            raise ConfigError(explain(where, got=", ".join(unknown)[:200]))
        static = {key: deserialize_keras_object(value) for key, value in config.items() if key != "name"}
        return cls(static, config.get("name"))


def _unfilled(class_name: str) -> FunctionOperation:
    cls: type[FunctionOperation] = builtin("operations", class_name)
    return cls.__new__(cls)


def _defaults(cls: Any) -> dict[str, Any]:
    parameters = inspect.signature(cls.function).parameters
    defaults = {name: parameters[name].default for name in cls.places.static}
    return {name: value for name, value in defaults.items() if value is not inspect.Parameter.empty}


def convert(values: list[Any], promote: Promotion = "common") -> list[Any]:
    """Arrays of the active back end for values, lists of values (one level), variables and Python numbers."""
    module = backend()
    flat = [
        leaf
        for value in values
        for leaf in (value if isinstance(value, list | tuple) and _holds_arrays(value) else [value])
    ]
    kinds = [_kind(leaf, module) for leaf in flat]
    known = [kind for kind in kinds if kind is not None]
    target = None
    if promote is not None and known:
        target = dtypes.result_type(*known, float) if promote == "float" else dtypes.result_type(*known)
    converted = iter([_to_array(leaf, kind, target, module) for leaf, kind in zip(flat, kinds, strict=True)])
    return [
        [next(converted) for _ in value]
        if isinstance(value, list | tuple) and _holds_arrays(value)
        else next(converted)
        for value in values
    ]


def _holds_arrays(value: Any) -> bool:
    return any(hasattr(item, "shape") and hasattr(item, "dtype") for item in value)


def _kind(leaf: Any, module: Any) -> Any:
    """The dtype name of an array, the Python type of a number (weak), None for None."""
    if leaf is None:
        return None
    if type(leaf) in (bool, int, float):  # not isinstance: np.float64 is a float too
        return type(leaf)
    if module.is_array(leaf):
        return module.dtype_name(leaf)
    if isinstance(leaf, Variable):
        return leaf.value_dtype
    if hasattr(leaf, "dtype"):
        name = dtypes.standardize_dtype(plain_dtype(leaf.dtype))
        return NARROW.get(name, name)  # `backend().asarray` narrows them, and promotion must know
    kind = np.asarray(leaf).dtype.kind  # a nested list of numbers
    return {
        "f": dtypes.standardize_dtype(None),
        "i": "int32",
        "u": "int32",
        "b": "bool",
        "c": "complex64",
    }.get(kind, "string")


def _to_array(leaf: Any, kind: Any, target: str | None, module: Any) -> Array | None:
    if leaf is None:
        return None
    if isinstance(leaf, Variable):
        leaf = leaf.value
    wanted = target or (dtypes.standardize_dtype(kind) if isinstance(kind, type) else kind)
    if module.is_array(leaf):
        return leaf if kind == wanted else module.cast(leaf, wanted)
    return module.asarray(leaf, wanted)


def _record(
    operation: type[FunctionOperation], place: _Places, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Split the arguments into tensors, which the node holds, and static ones, which the operation holds."""
    called: dict[str, Any] = {}
    tensors: list[Any] = []
    for index, value in enumerate(args):
        name = place.name(index)
        if len(tensors) == index and name in place.in_call:
            tensors.append(value)
        else:
            called[name] = value
    called.update(kwargs)
    in_call = {k: v for k, v in called.items() if k in place.in_call or _has_symbolic(v)}
    static = {k: v for k, v in called.items() if k not in in_call}
    return operation(static, static.pop("name", None)).symbolic_call(*tensors, **in_call)


def _has_symbolic(value: object) -> bool:
    return any(isinstance(leaf, KerasTensor) for leaf in tree.flatten(value))

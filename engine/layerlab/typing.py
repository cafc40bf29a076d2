"""Names of the kinds of values that signatures speak of: arrays, what becomes one, what stands for a part.

All are structural: a class of NumPy, JAX or PyTorch is an `Array` because it can do what an array can, a
user's is a `Regularizer` because it can be called like one. Imports nothing of ours: all may import it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar, Union

import numpy as np

__all__ = [
    "ActivationLike",
    "Array",
    "Axes",
    "Batch",
    "Config",
    "Constraint",
    "ConstraintLike",
    "DTypeLike",
    "Initializer",
    "InitializerLike",
    "LearningRateLike",
    "Logs",
    "LossLike",
    "MetricLike",
    "Number",
    "OpenShape",
    "Operand",
    "Operators",
    "PathLike",
    "Regularizer",
    "RegularizerLike",
    "SeedLike",
    "SeedStream",
    "Shape",
    "State",
    "SupportsArray",
    "Tensor",
    "TensorLike",
    "Tree",
    "overridable",
]

T = TypeVar("T")


def overridable(method: Callable[..., T]) -> Callable[..., T]:
    """The method itself. For type checkers: a subclass may name and number its arguments as it likes."""
    return method


# -- sizes and kinds ------------------------------------------------------------------------------

Shape: TypeAlias = tuple[int, ...]
OpenShape: TypeAlias = tuple[int | None, ...]  # None where a size is not known, mostly the batch's
Axes: TypeAlias = int | Sequence[int] | None  # None is all of them
Number: TypeAlias = bool | int | float | complex
PathLike: TypeAlias = str | os.PathLike[str]
Config: TypeAlias = dict[str, Any]  # JSON-like values by name
Logs: TypeAlias = dict[str, float]  # values of losses and metrics by name


class HasDType(Protocol):
    """What tells its dtype: an array, or a scalar type such as `jax.numpy.float32`."""

    @property
    def dtype(self) -> Any: ...


class HasItemSize(Protocol):
    """A dtype of another library: `torch.float32`."""

    @property
    def itemsize(self) -> int: ...


DTypeLike: TypeAlias = Union[str, type, "np.dtype[Any]", HasDType, HasItemSize, None]  # None is floatx

# -- arrays ---------------------------------------------------------------------------------------


# fmt: off
class Operators(Protocol):
    """Python's operators. They give arrays; comparison gives one of booleans.

    With bodies, so that classes whose operators are set later, by `ops.operators`, can name it as their base
    for type checkers.
    """

    def __abs__(self) -> Array: return NotImplemented
    def __neg__(self) -> Array: return NotImplemented
    def __invert__(self) -> Array: return NotImplemented
    def __add__(self, other: Any, /) -> Array: return NotImplemented
    def __radd__(self, other: Any, /) -> Array: return NotImplemented
    def __sub__(self, other: Any, /) -> Array: return NotImplemented
    def __rsub__(self, other: Any, /) -> Array: return NotImplemented
    def __mul__(self, other: Any, /) -> Array: return NotImplemented
    def __rmul__(self, other: Any, /) -> Array: return NotImplemented
    def __truediv__(self, other: Any, /) -> Array: return NotImplemented
    def __rtruediv__(self, other: Any, /) -> Array: return NotImplemented
    def __floordiv__(self, other: Any, /) -> Array: return NotImplemented
    def __rfloordiv__(self, other: Any, /) -> Array: return NotImplemented
    def __mod__(self, other: Any, /) -> Array: return NotImplemented
    def __rmod__(self, other: Any, /) -> Array: return NotImplemented
    def __pow__(self, other: Any, /) -> Array: return NotImplemented
    def __rpow__(self, other: Any, /) -> Array: return NotImplemented
    def __matmul__(self, other: Any, /) -> Array: return NotImplemented
    def __rmatmul__(self, other: Any, /) -> Array: return NotImplemented
    def __and__(self, other: Any, /) -> Array: return NotImplemented
    def __or__(self, other: Any, /) -> Array: return NotImplemented
    def __xor__(self, other: Any, /) -> Array: return NotImplemented
    def __lt__(self, other: Any, /) -> Array: return NotImplemented
    def __le__(self, other: Any, /) -> Array: return NotImplemented
    def __gt__(self, other: Any, /) -> Array: return NotImplemented
    def __ge__(self, other: Any, /) -> Array: return NotImplemented
    def __eq__(self, other: Any, /) -> Array: return NotImplemented  # type: ignore[override]
    def __ne__(self, other: Any, /) -> Array: return NotImplemented  # type: ignore[override]
    def __getitem__(self, key: Any, /) -> Array: return NotImplemented
    def __iter__(self) -> Iterator[Any]: return iter(())
# fmt: on


class Tensor(Protocol):
    """What has a shape and a dtype: an array, a variable, or a symbolic tensor, with sizes left open."""

    @property
    def shape(self) -> OpenShape: ...
    @property
    def dtype(self) -> Any: ...
    @property
    def ndim(self) -> int: ...


class Array(Operators, Protocol):
    """An array of the active back end: what `numpy.ndarray`, `jax.Array` and `torch.Tensor` have in common.

    A Variable is one too. What only one library has is asked of `backend()`.
    """

    @property
    def shape(self) -> Shape: ...
    @property
    def dtype(self) -> Any: ...
    @property
    def ndim(self) -> int: ...
    def __array__(self) -> np.ndarray: ...
    def __len__(self) -> int: ...
    def __bool__(self) -> bool: ...
    def __int__(self) -> int: ...
    def __float__(self) -> float: ...


class SupportsArray(Protocol):
    """What NumPy can read: a data frame, a tensor of another library."""

    def __array__(self) -> np.ndarray: ...


TensorLike: TypeAlias = Tensor | SupportsArray | Number | Sequence["TensorLike"]

Operand: TypeAlias = Array | Any
"""A parameter that `@op` converts: callers give anything TensorLike, the formula gets the Array made of it.
One annotation cannot say both. This one holds the formula to what an Array can do, and lets callers be."""

Tree: TypeAlias = T | Sequence["Tree[T]"] | Mapping[str, "Tree[T]"]  # T, or lists, tuples, dicts of them
State: TypeAlias = dict[str, dict[str, Array]]  # of a step: arrays by group and path
Batch: TypeAlias = tuple[Any, ...] | list[Any] | dict[str, Any] | Array
"""(x,), (x, y) or (x, y, sample_weight), each an array or a structure of arrays; or x alone."""

# -- parts, by name, by config, or as they are -----------------------------------------------------


class SeedStream(Protocol):
    """A `SeedGenerator`: each `next` gives a key that it has not given before."""

    def next(self) -> Array: ...


class Initializer(Protocol):
    """The rule for the first value of a weight."""

    def __call__(self, shape: Any, dtype: Any = ...) -> Any: ...


class Regularizer(Protocol):
    """A penalty, a scalar, for the values of a weight."""

    def __call__(self, x: Any, /) -> Any: ...


class Constraint(Protocol):
    """The values nearest to those of a weight that are allowed."""

    def __call__(self, w: Any, /) -> Any: ...


SeedLike: TypeAlias = Union[int, "np.integer[Any]", SeedStream, Config, None]
InitializerLike: TypeAlias = str | Config | Initializer | Tensor | type | None
RegularizerLike: TypeAlias = str | Config | Regularizer | type | None
ConstraintLike: TypeAlias = str | Config | Constraint | type | None
ActivationLike: TypeAlias = str | Config | Callable[[Any], Any] | None
LossLike: TypeAlias = str | Config | Callable[[Any, Any], Any] | None
MetricLike: TypeAlias = str | Config | Callable[[Any, Any], Any] | None
LearningRateLike: TypeAlias = float | Tensor | Callable[..., Any] | Config  # a schedule is a callable

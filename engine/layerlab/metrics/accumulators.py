"""Variables that metrics add up in: sums go on where the dtype of the variable has no room left.

A float32 stops counting by ones at 2**24 and an int32 turns negative at 2**31. The variable itself stays what
Keras has, and a second one, its `rest`, holds what it has no room for. Training steps carry the rest along
(`StateLayout`); it is in no file and in no list of variables, and begins at zero where a value is assigned.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.variable import Variable
from layerlab.typing import DTypeLike, TensorLike

__all__ = ["Counter", "FloatSum", "accumulator_type"]

_WRAP = 2**31


class _WithRest(Variable):
    """Abstract: adds by `_added`, a pure function from (value, rest, addend) to the new value and rest."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._no_rest = np.zeros(self.shape, dtypes.numpy_dtype(self.dtype))
        self.rest = Variable(self._no_rest, dtype=self.dtype, trainable=False, name=f"{self.name}_rest")

    def assign(self, value: TensorLike) -> Variable:
        """Replace the value; nothing is left of what was added before."""
        super().assign(value)
        assert self.rest is not None
        self.rest.assign(self._no_rest)
        return self

    def assign_add(self, value: TensorLike) -> Variable:
        """Add `value`, and what earlier additions had no room for."""
        rest = self.rest
        assert rest is not None
        other = backend().asarray(value.value if isinstance(value, Variable) else value, self.dtype)
        with backend().inference():
            total, left = self._added(self.present_value(), rest.present_value(), other)
            super().assign(total)
            rest.assign(left)
        return self

    def assign_sub(self, value: TensorLike) -> Variable:
        """Subtract `value`."""
        value = value.value if isinstance(value, Variable) else value
        return self.assign_add(-backend().asarray(value, self.dtype))

    def _added(self, value: Array, rest: Array, other: Array) -> tuple[Array, Array]:
        raise NotImplementedError


class FloatSum(_WithRest):
    """A sum of floats, each addition of which passes its rounding error on to the next.

    Source: Kahan 1965, "Further remarks on reducing truncation errors", CACM 8.
    """

    def _added(self, value: Array, rest: Array, other: Array) -> tuple[Array, Array]:
        corrected = other + rest
        total = value + corrected
        return total, corrected - (total - value)


class Counter(_WithRest):
    """A count in int32; its rest is how often 2**31 is to be added."""

    def whole(self) -> Array:
        """The whole count, as float32."""
        assert self.rest is not None
        return backend().cast(self.value, "float32") + backend().cast(self.rest.value, "float32") * float(
            _WRAP
        )

    def _added(self, value: Array, rest: Array, other: Array) -> tuple[Array, Array]:
        total = value + other  # wraps around to a negative number
        is_over = backend().cast((other > 0) & (total < value), "int32")
        return total - is_over * (_WRAP - 1) - is_over, rest + is_over


def accumulator_type(dtype: DTypeLike) -> type[Variable]:
    """The class of a metric's variable of this dtype."""
    name = dtypes.standardize_dtype(dtype)
    if name == "int32":
        return Counter
    return FloatSum if dtypes.is_float(name) else Variable

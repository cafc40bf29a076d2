"""The dtypes that `xp` functions give, the same on every back end although the libraries differ.

Indices and counts are int32. Arrays made without a dtype are float32 or int32. Sums and products
of integers are 32 bits wide unless the input is wider. Averages of integers are float32. Dtypes are
accepted as standard names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps
from types import SimpleNamespace
from typing import Any

import ml_dtypes
import numpy as np

from layerlab.backend.protocol import Array
from layerlab.dtypes import numpy_dtype, standardize_dtype

__all__ = ["make_namespace"]

_INDICES = (
    "argmax",
    "argmin",
    "argpartition",
    "argsort",
    "bincount",
    "count_nonzero",
    "digitize",
    "searchsorted",
)
_ACCUMULATORS = ("cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "nansum", "prod", "sum", "trace")
_AVERAGES = ("average", "mean", "median", "nanmean", "nanstd", "nanvar", "quantile", "std", "var")
# Where `dtype` may stand among the positional arguments (None: by keyword only).
_CREATION: dict[str, int | None] = {
    "arange": None, "empty": 1, "eye": None, "full": 2, "geomspace": None, "identity": None, "linspace": None,
    "logspace": None, "ones": 1, "tri": None, "zeros": 1,
}  # fmt: skip
_LIKE: dict[str, int | None] = {"empty_like": 1, "full_like": 2, "ones_like": 1, "zeros_like": 1}
_WIDENED = {"bool": "int32", "int8": "int32", "int16": "int32", "uint8": "uint32", "uint16": "uint32"}

Function = Callable[..., Any]


def make_namespace(
    functions: dict[str, Any],
    *,
    asarray: Function,
    cast: Function,
    dtype_name: Callable[[Array], str],
    native_dtype: Callable[[str], Any],
) -> SimpleNamespace:
    """`xp`: the library's functions, those listed above wrapped.

    Args:
        asarray, cast, dtype_name: the back end's own.
        native_dtype: the library's dtype object for a standard name.
    """
    wrap = _Wrappers(cast, dtype_name, native_dtype)
    kinds: list[tuple[Iterable[str], Callable[[str, Function], Function]]] = [
        (_INDICES, wrap.index),
        (_ACCUMULATORS, wrap.accumulator),
        (_AVERAGES, wrap.average),
        (_CREATION, wrap.creation),
        (_LIKE, wrap.like),
    ]
    xp = SimpleNamespace(**functions)
    for names, wrapper in kinds:
        for name in functions.keys() & set(names):
            setattr(xp, name, wrapper(name, functions[name]))
    nonzero = xp.nonzero
    xp.nonzero = lambda x, **kwargs: tuple(cast(found, "int32") for found in nonzero(x, **kwargs))
    xp.asarray = xp.array = lambda x, dtype=None: asarray(
        x, None if dtype is None else standardize_dtype(dtype)
    )
    xp.astype = lambda x, dtype: cast(x, standardize_dtype(dtype))
    xp.finfo = lambda dtype: ml_dtypes.finfo(numpy_dtype(standardize_dtype(dtype)))
    xp.iinfo = lambda dtype: ml_dtypes.iinfo(numpy_dtype(standardize_dtype(dtype)))
    return xp


@dataclass(frozen=True)
class _Wrappers:
    """One method per kind of function: (name, library's function) -> function by our conventions."""

    cast: Function
    dtype_name: Callable[[Array], str]
    native_dtype: Callable[[str], Any]

    def index(self, name: str, function: Function) -> Function:
        @wraps(function)
        def call(*args: object, **kwargs: object) -> Array:
            found = function(*args, **kwargs)
            is_integer = "int" in self.dtype_name(found)  # not those of bincount with weights
            return self.cast(found, "int32") if is_integer else found

        return call

    def accumulator(self, name: str, function: Function) -> Function:
        def widened(x: Array, *args: object) -> str:
            return _WIDENED.get(self.dtype_name(x), self.dtype_name(x))

        return self._with_named_dtype(function, None, widened)

    def average(self, name: str, function: Function) -> Function:
        named = self._with_named_dtype(function, None, None)

        @wraps(function)
        def call(x: Array, *args: object, **kwargs: object) -> Array:
            is_exact = "int" in self.dtype_name(x) or self.dtype_name(x) == "bool"
            return named(self.cast(x, "float32") if is_exact else x, *args, **kwargs)

        return call

    def creation(self, name: str, function: Function) -> Function:
        numbers = {"arange": slice(None), "full": slice(1, 2)}.get(name)

        def default(*args: object) -> str:
            return _number_dtype(args[numbers]) if numbers else "float32"

        return self._with_named_dtype(function, _CREATION[name], default)

    def like(self, name: str, function: Function) -> Function:
        return self._with_named_dtype(function, _LIKE[name], None)

    def _with_named_dtype(
        self, function: Function, position: int | None, default: Callable[..., str] | None
    ) -> Function:
        """Names for `dtype`, by keyword or at `position`; `default(*args)` names the one left out."""

        @wraps(function)
        def call(*args: object, dtype: Any = None, **kwargs: Any) -> Array:
            if position is not None and len(args) > position:
                args, dtype = args[:position], args[position]
            if dtype is None and default is not None:
                dtype = default(*args)
            if dtype is not None:
                kwargs["dtype"] = self.native_dtype(standardize_dtype(dtype))
            return function(*args, **kwargs)

        return call


def _number_dtype(numbers: Any) -> str:
    dtype = np.result_type(*[getattr(number, "dtype", type(number)) for number in numbers])
    return {"f": "float32", "i": "int32", "u": "int32"}.get(dtype.kind, dtype.name)

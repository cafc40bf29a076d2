"""`xp` on NumPy: its functions with our conventions for dtypes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import ml_dtypes
import numpy as np

from layerlab.backend.dtype_conventions import make_namespace
from layerlab.backend.numpy.arrays import asarray, cast, dtype_name
from layerlab.backend.protocol import Array
from layerlab.dtypes import numpy_dtype

__all__ = ["xp"]


_WIDENING = ("bartlett", "bincount", "blackman", "hamming", "hanning", "kaiser", "vander")


def _narrow(function: Callable[..., Any]) -> Callable[..., Any]:
    """float32 where NumPy makes float64 unasked, as in sqrt(2) or 1 / 2."""

    @wraps(function)
    def call(*args: object, **kwargs: object) -> Array:
        result = function(*args, **kwargs)
        if getattr(result, "dtype", None) != np.float64:
            return result
        asked = any(getattr(arg, "dtype", None) == np.float64 for arg in args)
        return result if asked else np.asarray(result, dtype=np.float32)

    return call


def _functions() -> dict[str, Any]:
    found = {name: getattr(np, name) for name in dir(np) if not name.startswith("_")}
    widening = [name for name, value in found.items() if isinstance(value, np.ufunc)]
    found |= {name: _narrow(found[name]) for name in (*widening, *_WIDENING)}
    return found | {"bfloat16": ml_dtypes.bfloat16}


xp = make_namespace(_functions(), asarray=asarray, cast=cast, dtype_name=dtype_name, native_dtype=numpy_dtype)

"""`xp` on torch: array_api_compat's namespace, NumPy's other names, and our conventions for dtypes."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import array_api_compat.torch as compat
import torch
from torch import Tensor as Array

from layerlab.backend.dtype_conventions import make_namespace
from layerlab.backend.torch import array_creation, numpy_like, reductions
from layerlab.backend.torch.arrays import asarray, cast, default_device, dtype_name, torch_dtype

__all__ = ["xp"]

# Listed, because torch has functions with NumPy's names and another meaning (split, repeat, median ...).
_STANDARD = """
    abs acos acosh add all any arange argmax argmin argsort asin asinh astype atan atan2 atanh bitwise_and
    bitwise_invert bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor broadcast_arrays
    broadcast_to can_cast ceil clip concat conj copysign cos cosh count_nonzero cumulative_prod
    cumulative_sum diff divide e empty empty_like equal exp expand_dims expm1 eye fft flip floor
    floor_divide from_dlpack full full_like greater greater_equal hypot imag inf isdtype isfinite isin
    isinf isnan less less_equal linalg linspace log log10 log1p log2 logaddexp logical_and logical_not
    logical_or logical_xor matmul matrix_transpose max maximum mean meshgrid min minimum moveaxis multiply
    nan negative newaxis nextafter nonzero not_equal ones ones_like permute_dims pi positive pow prod real
    reciprocal remainder repeat reshape result_type roll round searchsorted sign signbit sin sinh sort
    sqrt square stack std subtract sum take_along_axis tan tanh tensordot tile tril triu trunc unique_all
    unique_counts unique_inverse unique_values unstack var vecdot where zeros zeros_like bool int8 int16
    int32 int64 uint8 uint16 uint32 uint64 float32 float64 complex64 complex128
"""
_TORCH = """
    allclose angle argwhere atleast_1d atleast_2d atleast_3d bfloat16 broadcast_shapes column_stack
    corrcoef deg2rad dstack exp2 float16 float_power fmax fmin fmod frexp gcd heaviside hstack i0
    isclose isneginf isposinf isreal kron lcm ldexp logaddexp2 nan_to_num nanmean nansum rad2deg ravel
    sinc swapaxes trapezoid unravel_index vander vstack
"""
_ALIASES = {
    "absolute": "abs", "amax": "max", "amin": "min", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin",
    "arcsinh": "asinh", "arctan": "atan", "arctan2": "atan2", "arctanh": "atanh", "around": "round",
    "bitwise_not": "bitwise_invert", "concatenate": "concat", "conjugate": "conj", "degrees": "rad2deg",
    "invert": "bitwise_invert", "left_shift": "bitwise_left_shift", "mod": "remainder", "power": "pow",
    "radians": "deg2rad", "right_shift": "bitwise_right_shift", "true_divide": "divide",
}  # fmt: skip
_SUMS = ("cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "prod", "sum")
_ON_DEVICE = ("arange", "empty", "eye", "full", "linspace", "ones", "zeros")


def _on_device(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: object, **kwargs: object) -> Array:
        return function(*args, device=default_device(), **kwargs)

    return call


def _summing_unsigned(function: Callable[..., Any]) -> Callable[..., Any]:
    """By way of int64: torch has no sums of uint16, uint32 and uint64."""

    @wraps(function)
    def call(*args: object, dtype: torch.dtype | None = None, **kwargs: object) -> Array:
        if dtype in (torch.uint16, torch.uint32, torch.uint64):
            return function(*args, dtype=torch.int64, **kwargs).to(dtype)
        return function(*args, dtype=dtype, **kwargs)

    return call


def _functions() -> dict[str, Any]:
    found = {name: getattr(compat, name) for name in _STANDARD.split()}
    found |= {name: getattr(torch, name) for name in _TORCH.split()}
    found |= {name: _on_device(found[name]) for name in _ON_DEVICE}
    for module in (array_creation, numpy_like, reductions):
        found |= {name: getattr(module, name) for name in module.__all__}
    found |= {name: _summing_unsigned(found[name]) for name in _SUMS}
    return found | {alias: found[name] for alias, name in _ALIASES.items()}


xp = make_namespace(_functions(), asarray=asarray, cast=cast, dtype_name=dtype_name, native_dtype=torch_dtype)

"""Activations and one-hot encodings. Formulas keep the dtype of floating inputs.

Written so that values and gradients are finite for large inputs; the gradient of relu at 0 is 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, UnsupportedError, explain
from layerlab.ops.common import as_axes, as_axis
from layerlab.ops.op import op

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "multi_hot",
    "one_hot",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh_shrink",
    "threshold",
]

# Klambauer et al. 2017, arXiv:1706.02515, eq. 14: the fixed point of mean 0 and variance 1.
_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


@op("x")
def relu(x: Any) -> Array:
    """x where positive, else 0."""
    return backend().relu(x)


@op("x", promote="float")
def relu6(x: Any) -> Array:
    """x between 0 and 6, 0 below, 6 above."""
    return _between(x, 0, 6)


@op("x", promote="float")
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Array:
    """x where positive, else negative_slope * x."""
    return backend().xp.where(x >= 0, x, negative_slope * x)


@op("x", promote="float")
def sigmoid(x: Any) -> Array:
    """1 / (1 + exp(-x))."""
    return backend().sigmoid(x)


@op("x", promote="float")
def log_sigmoid(x: Any) -> Array:
    """log(sigmoid(x)) without overflow."""
    return -_softplus(-x)


@op("x", promote="float")
def softplus(x: Any) -> Array:
    """log(1 + exp(x)) without overflow."""
    return _softplus(x)


@op("x", promote="float")
def softsign(x: Any) -> Array:
    """x / (1 + |x|)."""
    return x / (1 + abs(x))


@op("x", promote="float")
def silu(x: Any) -> Array:
    """x * sigmoid(x)."""
    return x * backend().sigmoid(x)


@op("x", promote="float", class_name="Silu")
def swish(x: Any) -> Array:
    """x * sigmoid(x), the same as `silu`."""
    return x * backend().sigmoid(x)


@op("x", promote="float")
def gelu(x: Any, approximate: bool = True) -> Array:
    """x times the normal distribution's function of x; by default its approximation with tanh.

    Source: Hendrycks, Gimpel 2016, arXiv:1606.08415.
    """
    kernel = backend().gelu
    if kernel is not None:
        return kernel(x, approximate)
    if not approximate:
        return x * (0.5 * (1 + backend().erf(x * math.sqrt(0.5))))
    return x * (0.5 * (1 + backend().xp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x)))))


@op("x", promote="float")
def elu(x: Any, alpha: float = 1.0) -> Array:
    """x where positive, else alpha * (exp(x) - 1)."""
    return _elu(x, alpha)


@op("x", promote="float")
def selu(x: Any) -> Array:
    """`elu`, scaled so that mean 0 and variance 1 stay; arXiv:1706.02515."""
    return _SELU_SCALE * _elu(x, _SELU_ALPHA)


@op("x", promote="float")
def celu(x: Any, alpha: float = 1.0) -> Array:
    """x where positive, else alpha * (exp(x / alpha) - 1)."""
    xp = backend().xp
    positive = x > 0
    return xp.where(positive, x, alpha * xp.expm1(xp.where(positive, 0, x) / alpha))


@op("x", promote="float")
def glu(x: Any, axis: int = -1) -> Array:
    """The first half of an axis times the sigmoid of the second."""
    axis = as_axis(axis, len(x.shape))
    if x.shape[axis] % 2:
        raise InvalidArgumentError(
            explain("glu", expected=f"an even size along axis {axis}", got=str(x.shape[axis]))
        )
    half, before = x.shape[axis] // 2, (slice(None),) * axis
    return x[(*before, slice(None, half))] * backend().sigmoid(x[(*before, slice(half, None))])


@op("x", promote="float")
def hard_sigmoid(x: Any) -> Array:
    """x / 6 + 1/2 between 0 and 1."""
    return _between(x + 3, 0, 6) / 6


@op("x", promote="float")
def hard_silu(x: Any) -> Array:
    """x * hard_sigmoid(x)."""
    return x * (_between(x + 3, 0, 6) / 6)


@op("x", promote="float", class_name="HardSilu")
def hard_swish(x: Any) -> Array:
    """x * hard_sigmoid(x), the same as `hard_silu`."""
    return x * (_between(x + 3, 0, 6) / 6)


@op("x", promote="float")
def hard_tanh(x: Any) -> Array:
    """x between -1 and 1, -1 below, 1 above."""
    return _between(x, -1, 1)


@op("x", promote="float")
def tanh_shrink(x: Any) -> Array:
    """x - tanh(x)."""
    return x - backend().xp.tanh(x)


@op("x", promote="float")
def soft_shrink(x: Any, threshold: float = 0.5) -> Array:
    """x moved towards 0 by the threshold, 0 within it."""
    xp = backend().xp
    return xp.where(x > threshold, x - threshold, xp.where(x < -threshold, x + threshold, 0 * x))


@op("x", promote="float")
def hard_shrink(x: Any, threshold: float = 0.5) -> Array:
    """x where it is further from 0 than the threshold, else 0."""
    return backend().xp.where(abs(x) > threshold, x, 0)


@op("x", promote="float")
def threshold(x: Any, threshold: float, default_value: float) -> Array:
    """x where it is above the threshold, else the default value."""
    return backend().xp.where(x > threshold, x, default_value)


@op("x", promote="float")
def squareplus(x: Any, b: float = 4) -> Array:
    """(x + sqrt(x**2 + b)) / 2, a smooth relu without exponentials."""
    return (x + backend().xp.sqrt(x * x + b)) / 2


@op("x", promote="float")
def sparse_plus(x: Any) -> Array:
    """0 up to -1, (x + 1)**2 / 4 up to 1, then x."""
    xp = backend().xp
    return xp.where(x <= -1, 0, xp.where(x < 1, (x + 1) * (x + 1) / 4, x))


@op("x", promote="float")
def sparse_sigmoid(x: Any) -> Array:
    """0 up to -1, (x + 1) / 2 up to 1, then 1."""
    return (_between(x, -1, 1) + 1) / 2


@op("x", promote="float")
def softmax(x: Any, axis: int | Sequence[int] = -1) -> Array:
    """exp(x) divided by its sum along the axis, or over several axes together."""
    if isinstance(axis, int):
        return backend().softmax(x, axis)
    return _over_axes(backend().softmax, x, axis)


@op("x", promote="float")
def log_softmax(x: Any, axis: int | Sequence[int] = -1) -> Array:
    """log(softmax(x)) without overflow."""
    if isinstance(axis, int):
        return backend().log_softmax(x, axis)
    return _over_axes(backend().log_softmax, x, axis)


@op("x", promote="float")
def sparsemax(x: Any, axis: int = -1) -> Array:
    """The point of the probability simplex nearest to x: many elements are exactly 0.

    Source: Martins, Astudillo 2016, arXiv:1602.02068, algorithm 1.
    """
    xp, name = backend().xp, backend().dtype_name(x)
    axis = as_axis(axis, len(x.shape))
    descending = xp.flip(xp.sort(x, axis=axis), axis=(axis,))
    running = xp.cumsum(descending, axis=axis)
    rank = xp.reshape(xp.arange(1, x.shape[axis] + 1, dtype=name), (-1, *(1 for _ in x.shape[axis + 1 :])))
    support = descending - (running - 1) / rank > 0
    count = xp.sum(backend().cast(support, name), axis=axis, keepdims=True)
    total = xp.sum(xp.where(support, descending, 0), axis=axis, keepdims=True)
    return backend().relu(x - (total - 1) / count)


@op("x")
def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Array:
    """1 at the index that x holds, else 0, along a new axis; an index that does not exist gives zeros."""
    if sparse:
        raise UnsupportedError(explain("Sparse one-hot tensors are not supported.", fix="use sparse=False"))
    return _one_hot(x, num_classes, axis, dtype)


@op("inputs")
def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Array:
    """1 for each class among the indices: (batch, n) to (batch, num_classes), (n,) to (num_classes,)."""
    num_classes = kwargs.pop("num_tokens", None) if num_classes is None else num_classes
    if kwargs or num_classes is None:
        raise InvalidArgumentError(
            explain("multi_hot", expected="num_classes", got=", ".join(kwargs) or "None")
        )
    if sparse:
        raise UnsupportedError(explain("Sparse multi-hot tensors are not supported.", fix="use sparse=False"))
    hot = _one_hot(inputs, num_classes, axis, dtype)
    return backend().xp.max(hot, axis=1 if len(inputs.shape) > 1 else 0)


def _between(x: Array, low: float, high: float) -> Array:
    # where, not minimum and maximum: the gradient at both ends is 0 on every back end.
    xp = backend().xp
    return xp.where(x <= low, low, xp.where(x >= high, high, x))


def _softplus(x: Array) -> Array:
    return backend().xp.logaddexp(x, backend().xp.zeros_like(x))


def _elu(x: Array, alpha: float) -> Array:
    # The input of expm1 is guarded: for large x it is infinite, and its gradient times 0 is NaN.
    xp = backend().xp
    positive = x > 0
    return xp.where(positive, x, alpha * xp.expm1(xp.where(positive, 0, x)))


def _over_axes(function: Any, x: Array, axis: Sequence[int]) -> Array:
    xp, axes = backend().xp, as_axes(tuple(axis), len(x.shape))
    last = tuple(range(len(x.shape) - len(axes), len(x.shape)))
    moved = xp.moveaxis(x, axes, last)
    flat = xp.reshape(moved, (*moved.shape[: last[0]], -1))
    return xp.moveaxis(xp.reshape(function(flat, -1), moved.shape), last, axes)


def _one_hot(x: Array, num_classes: int, axis: int, dtype: Any) -> Array:
    xp = backend().xp
    classes = xp.arange(num_classes, dtype=backend().dtype_name(x))
    hot = backend().cast(x[..., None] == classes, dtypes.standardize_dtype(dtype))
    return hot if axis in (-1, len(x.shape)) else xp.moveaxis(hot, -1, axis)

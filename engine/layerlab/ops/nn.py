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
from layerlab.numeric import is_integer
from layerlab.ops.dtypes_and_axes import as_axes, as_axis
from layerlab.ops.op import op
from layerlab.typing import DTypeLike, Operand

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


@op("x", home="ops.nn")
def relu(x: Operand) -> Array:
    """The rectified linear unit max(x, 0), element by element.

    The gradient is 1 above 0, and 0 at 0 and below.

    Returns: an array of the shape and dtype of x.
    Source: Nair, Hinton 2010, ICML.

    Example:
        >>> relu([-2.0, 0.0, 3.0]).tolist()
        [0.0, 0.0, 3.0]
    """
    return backend().relu(x)


@op("x", promote="float", home="ops.nn")
def relu6(x: Operand) -> Array:
    """The rectified linear unit with a ceiling: min(max(x, 0), 6), element by element.

    Small models for numbers of few bits take it, as the result has known bounds.

    Returns: a floating array of the shape of x.
    Source: Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10".

    Example:
        >>> relu6([-2.0, 3.0, 8.0]).tolist()
        [0.0, 3.0, 6.0]
    """
    return _between(x, 0, 6)


@op("x", promote="float", home="ops.nn")
def leaky_relu(x: Operand, negative_slope: float = 0.2) -> Array:
    """The leaky rectified linear unit: x from 0 on, negative_slope x below.

    Unlike with `relu`, a unit whose input is always negative still learns.

    Args:
        negative_slope: slope below 0; by default 0.2.
    Returns: a floating array of the shape of x.
    Source: Maas, Hannun, Ng 2013, ICML.

    Example:
        >>> leaky_relu([-2.0, 3.0], negative_slope=0.25).tolist()
        [-0.5, 3.0]
    """
    return backend().xp.where(x >= 0, x, negative_slope * x)


@op("x", promote="float", home="ops.nn")
def sigmoid(x: Operand) -> Array:
    """The logistic function 1 / (1 + e^-x), from 0 to 1.

    It turns a score into the probability of a yes.

    Returns: a floating array of the shape of x.

    Example:
        >>> sigmoid([-2.0, 0.0, 2.0]).tolist()
        [0.119..., 0.5, 0.880...]
    """
    return backend().sigmoid(x)


@op("x", promote="float", home="ops.nn")
def log_sigmoid(x: Operand) -> Array:
    """The natural logarithm of the logistic function: -log(1 + e^-x).

    It stays finite where sigmoid(x) is rounded to 0.

    Returns: a floating array of the shape of x, below 0.

    Example:
        >>> log_sigmoid([-200.0, 0.0]).tolist()
        [-200.0, -0.693...]
    """
    return -_softplus(-x)


@op("x", promote="float", home="ops.nn")
def softplus(x: Operand) -> Array:
    """The smooth rectifier log(1 + e^x), without overflow.

    It is above 0 everywhere, nearly 0 far below 0 and nearly x far above: a fit form
    for a scale or a rate that must be positive.

    Returns: a floating array of the shape of x.
    Source: Dugas et al. 2001, NIPS 13.

    Example:
        >>> softplus([-200.0, 0.0, 200.0]).tolist()
        [0.0, 0.693..., 200.0]
    """
    return _softplus(x)


@op("x", promote="float", home="ops.nn")
def softsign(x: Operand) -> Array:
    """The function x / (1 + |x|), from -1 to 1.

    Like tanh, but it nears its bounds more slowly.

    Returns: a floating array of the shape of x.

    Example:
        >>> softsign([-1.0, 0.0, 3.0]).tolist()
        [-0.5, 0.0, 0.75]
    """
    return x / (1 + abs(x))


@op("x", promote="float", home="ops.nn")
def silu(x: Operand) -> Array:
    """The sigmoid linear unit x sigmoid(x), a smooth relative of `relu`.

    Returns: a floating array of the shape of x.
    Source: Ramachandran, Zoph, Le 2017, arXiv:1710.05941.

    Example:
        >>> silu([-1.0, 0.0, 1.0]).tolist()
        [-0.268..., 0.0, 0.731...]
    """
    return x * backend().sigmoid(x)


@op("x", promote="float", class_name="Silu", home="ops.nn")
def swish(x: Operand) -> Array:
    """The sigmoid linear unit x sigmoid(x), the same as `silu`.

    Returns: a floating array of the shape of x.
    Source: Ramachandran, Zoph, Le 2017, arXiv:1710.05941.

    Example:
        >>> swish([-1.0, 0.0, 1.0]).tolist()
        [-0.268..., 0.0, 0.731...]
    """
    return x * backend().sigmoid(x)


@op("x", promote="float", home="ops.nn")
def gelu(x: Operand, approximate: bool = True) -> Array:
    """The Gaussian error linear unit x P(z < x), for a standard normal z.

    Args:
        approximate: True takes 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) for
            it, False the exact 0.5 x (1 + erf(x / sqrt(2))). The default of
            `activations.gelu` is False.
    Returns: a floating array of the shape of x.
    Source: Hendrycks, Gimpel 2016, arXiv:1606.08415.

    Example:
        >>> gelu([-1.0, 0.0, 1.0]).tolist()
        [-0.158..., 0.0, 0.841...]
    """
    kernel = backend().gelu
    if kernel is not None:
        return kernel(x, approximate)
    if not approximate:
        return x * (0.5 * (1 + backend().erf(x * math.sqrt(0.5))))
    return x * (0.5 * (1 + backend().xp.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x)))))


@op("x", promote="float", home="ops.nn")
def elu(x: Operand, alpha: float = 1.0) -> Array:
    """The exponential linear unit: x above 0, alpha (e^x - 1) below.

    Args:
        alpha: how far below 0 it goes; by default 1.
    Returns: a floating array of the shape of x.
    Source: Clevert, Unterthiner, Hochreiter 2016, arXiv:1511.07289.

    Example:
        >>> elu([-1.0, 0.0, 2.0]).tolist()
        [-0.632..., 0.0, 2.0]
    """
    return _elu(x, alpha)


@op("x", promote="float", home="ops.nn")
def selu(x: Operand) -> Array:
    """The scaled exponential linear unit, which keeps mean 0 and variance 1.

    1.0507 x above 0, 1.0507 times 1.6733 (e^x - 1) below. For the effect the weights
    come from the initializer "lecun_normal".

    Returns: a floating array of the shape of x.
    Source: Klambauer et al. 2017, arXiv:1706.02515.

    Example:
        >>> selu([-1.0, 0.0, 1.0]).tolist()
        [-1.111..., 0.0, 1.050...]
    """
    return _SELU_SCALE * _elu(x, _SELU_ALPHA)


@op("x", promote="float", home="ops.nn")
def celu(x: Operand, alpha: float = 1.0) -> Array:
    """The exponential linear unit without a kink at 0, for any alpha.

    x above 0, alpha (e^(x / alpha) - 1) below.

    Args:
        alpha: how far below 0 it goes, not 0; by default 1.
    Returns: a floating array of the shape of x.
    Source: Barron 2017, arXiv:1704.07483.

    Example:
        >>> celu([-1.0, 0.0, 2.0], alpha=0.5).tolist()
        [-0.432..., 0.0, 2.0]
    """
    xp = backend().xp
    positive = x > 0
    return xp.where(positive, x, alpha * xp.expm1(xp.where(positive, 0, x) / alpha))


@op("x", promote="float", home="ops.nn")
def glu(x: Operand, axis: int = -1) -> Array:
    """The gated linear unit: half of the features times the sigmoid of the other half.

    x is cut into a and b along the axis; the result is a sigmoid(b).

    Args:
        axis: the axis that is cut, of even size; by default the last.
    Returns: a floating array, half as long along the axis.
    Raises: InvalidArgumentError for an odd size.
    Source: Dauphin et al. 2017, arXiv:1612.08083.

    Example:
        >>> glu([3.0, 5.0, 0.0, 100.0]).tolist()
        [1.5, 5.0]
    """
    axis = as_axis(axis, len(x.shape))
    if x.shape[axis] % 2:
        raise InvalidArgumentError(
            explain("glu", expected=f"an even size along axis {axis}", got=str(x.shape[axis]))
        )
    half, before = x.shape[axis] // 2, (slice(None),) * axis
    return x[(*before, slice(None, half))] * backend().sigmoid(x[(*before, slice(half, None))])


@op("x", promote="float", home="ops.nn")
def hard_sigmoid(x: Operand) -> Array:
    """A logistic function of straight lines: x / 6 + 1/2 between -3 and 3, else 0 or 1.

    Returns: a floating array of the shape of x, from 0 to 1.

    Example:
        >>> hard_sigmoid([-4.0, 0.0, 1.5]).tolist()
        [0.0, 0.5, 0.75]
    """
    return _between(x + 3, 0, 6) / 6


@op("x", promote="float", home="ops.nn")
def hard_silu(x: Operand) -> Array:
    """A sigmoid linear unit without exponentials: x hard_sigmoid(x).

    Returns: a floating array of the shape of x.
    Source: Howard et al. 2019, arXiv:1905.02244.

    Example:
        >>> hard_silu([-1.5, 1.5, 4.0]).tolist()
        [-0.375, 1.125, 4.0]
    """
    return x * (_between(x + 3, 0, 6) / 6)


@op("x", promote="float", class_name="HardSilu", home="ops.nn")
def hard_swish(x: Operand) -> Array:
    """A sigmoid linear unit without exponentials: the same as `hard_silu`.

    Returns: a floating array of the shape of x.
    Source: Howard et al. 2019, arXiv:1905.02244.

    Example:
        >>> hard_swish([-1.5, 1.5, 4.0]).tolist()
        [-0.375, 1.125, 4.0]
    """
    return x * (_between(x + 3, 0, 6) / 6)


@op("x", promote="float", home="ops.nn")
def hard_tanh(x: Operand) -> Array:
    """A hyperbolic tangent of straight lines: x, cut off at -1 and 1.

    Returns: a floating array of the shape of x, from -1 to 1.

    Example:
        >>> hard_tanh([-3.0, 0.5, 3.0]).tolist()
        [-1.0, 0.5, 1.0]
    """
    return _between(x, -1, 1)


@op("x", promote="float", home="ops.nn")
def tanh_shrink(x: Operand) -> Array:
    """The part of x that tanh takes away: x - tanh(x).

    It is nearly 0 around 0.

    Returns: a floating array of the shape of x.

    Example:
        >>> tanh_shrink([-1.0, 0.0, 1.0]).tolist()
        [-0.238..., 0.0, 0.238...]
    """
    return x - backend().xp.tanh(x)


@op("x", promote="float", home="ops.nn")
def soft_shrink(x: Operand, threshold: float = 0.5) -> Array:
    """The elements of x moved towards 0 by a threshold, and 0 within it.

    x - t above t, x + t below -t. It solves the penalty of `regularizers.L1` for one
    number.

    Args:
        threshold: t, at least 0.
    Returns: a floating array of the shape of x.

    Example:
        >>> soft_shrink([-2.0, 0.3, 2.0]).tolist()
        [-1.5, 0.0, 1.5]
    """
    xp = backend().xp
    return xp.where(x > threshold, x - threshold, xp.where(x < -threshold, x + threshold, 0 * x))


@op("x", promote="float", home="ops.nn")
def hard_shrink(x: Operand, threshold: float = 0.5) -> Array:
    """The elements of x that are further from 0 than a threshold; 0 for the others.

    Args:
        threshold: how far; at least 0.
    Returns: a floating array of the shape of x.

    Example:
        >>> hard_shrink([-2.0, 0.3, 2.0]).tolist()
        [-2.0, 0.0, 2.0]
    """
    return backend().xp.where(abs(x) > threshold, x, 0)


@op("x", promote="float", home="ops.nn")
def threshold(x: Operand, threshold: float, default_value: float) -> Array:
    """The elements of x that are above a threshold, and another value for the rest.

    Args:
        threshold: elements must be above it; one that is equal is replaced.
        default_value: what stands for the rest.
    Returns: a floating array of the shape of x.

    Example:
        >>> threshold([0.5, 1.0, 3.0], 1.0, -9.0).tolist()
        [-9.0, -9.0, 3.0]
    """
    return backend().xp.where(x > threshold, x, default_value)


@op("x", promote="float", home="ops.nn")
def squareplus(x: Operand, b: float = 4) -> Array:
    """A smooth rectifier without exponentials: (x + sqrt(x^2 + b)) / 2.

    Args:
        b: how smooth: sqrt(b) / 2 is the value at 0, and b = 0 is `relu`.
    Returns: a floating array of the shape of x.
    Source: Barron 2021, arXiv:2112.11687.

    Example:
        >>> squareplus([-1.0, 0.0, 1.0]).tolist()
        [0.618..., 1.0, 1.618...]
    """
    return (x + backend().xp.sqrt(x * x + b)) / 2


@op("x", promote="float", home="ops.nn")
def sparse_plus(x: Operand) -> Array:
    """A smooth rectifier that reaches 0: (x + 1)^2 / 4 between -1 and 1, then x.

    Returns: a floating array of the shape of x.

    Example:
        >>> sparse_plus([-2.0, 0.0, 2.0]).tolist()
        [0.0, 0.25, 2.0]
    """
    xp = backend().xp
    return xp.where(x <= -1, 0, xp.where(x < 1, (x + 1) * (x + 1) / 4, x))


@op("x", promote="float", home="ops.nn")
def sparse_sigmoid(x: Operand) -> Array:
    """A logistic function that reaches 0 and 1: (x + 1) / 2 between -1 and 1.

    It is the slope of `sparse_plus`, and `sparsemax` of two classes.

    Returns: a floating array of the shape of x, from 0 to 1.

    Example:
        >>> sparse_sigmoid([-2.0, 0.5, 2.0]).tolist()
        [0.0, 0.75, 1.0]
    """
    return (_between(x, -1, 1) + 1) / 2


@op("x", promote="float", home="ops.nn")
def softmax(x: Operand, axis: int | Sequence[int] = -1) -> Array:
    """Probabilities from scores: e^x divided by the sum of e^x along an axis.

    A constant that is added to all scores changes nothing; large scores do not
    overflow.

    Args:
        axis: the axis of the classes, by default the last; or several that share one
            sum.
    Returns: a floating array of the shape of x; the sum along the axis is 1.

    Example:
        >>> softmax([0.0, 1.0, 1000.0]).tolist()
        [0.0, 0.0, 1.0]
        >>> softmax([[1.0, 3.0], [2.0, 2.0]]).tolist()
        [[0.119..., 0.880...], [0.5, 0.5]]
    """
    if is_integer(axis):
        return backend().softmax(x, axis)
    return _over_axes(backend().softmax, x, axis)


@op("x", promote="float", home="ops.nn")
def log_softmax(x: Operand, axis: int | Sequence[int] = -1) -> Array:
    """The natural logarithms of the probabilities of `softmax`: x - log(sum of e^x).

    They stay finite where a probability is rounded to 0.

    Args:
        axis: the axis of the classes, by default the last; or several that share one
            sum.
    Returns: a floating array of the shape of x.

    Example:
        >>> log_softmax([0.0, 1000.0]).tolist()
        [-1000.0, 0.0]
    """
    if is_integer(axis):
        return backend().log_softmax(x, axis)
    return _over_axes(backend().log_softmax, x, axis)


@op("x", promote="float", home="ops.nn")
def sparsemax(x: Operand, axis: int = -1) -> Array:
    """Probabilities from scores, of which many are exactly 0.

    It is the nearest point to x among those with elements from 0 on and the sum 1.

    Args:
        axis: the axis of the classes, by default the last.
    Returns: a floating array of the shape of x; the sum along the axis is 1.
    Source: Martins, Astudillo 2016, arXiv:1602.02068, algorithm 1.

    Example:
        >>> sparsemax([1.0, 0.5, -1.0]).tolist()
        [0.75, 0.25, 0.0]
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


@op("x", home="ops.nn")
def one_hot(
    x: Operand, num_classes: int, axis: int = -1, dtype: DTypeLike = None, sparse: bool = False
) -> Array:
    """A vector for each class number: 1 at its place, 0 elsewhere.

    Args:
        x: class numbers, integers of any shape; a number without a class gives only
            zeros.
        num_classes: length of the vectors.
        axis: place of the new axis in the result; by default the last.
        dtype: dtype of the result, such as 'int32'. None is floatx, at first 'float32'.
        sparse: False; sparse results do not exist here.
    Returns: an array with one axis more than x.
    Raises: UnsupportedError for sparse=True.

    Example:
        >>> one_hot([2, 0, -1], 3, dtype="int32").tolist()
        [[0, 0, 1], [1, 0, 0], [0, 0, 0]]
    """
    if sparse:
        raise UnsupportedError(explain("Sparse one-hot tensors are not supported.", fix="use sparse=False"))
    return _one_hot(x, num_classes, axis, dtype)


@op("inputs", home="ops.nn")
def multi_hot(
    inputs: Operand,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: DTypeLike = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Array:
    """A vector for each set of class numbers: 1 at the place of each, 0 elsewhere.

    Args:
        inputs: (batch, n) or (n,), integers; one without a class counts for nothing,
            such as -1 as filling.
        num_classes: length of the vectors.
        axis: place of the axis of the classes; by default the last.
        dtype: dtype of the result, such as 'int32'. None is floatx, at first 'float32'.
        sparse: False; sparse results do not exist here.
        **kwargs: `num_tokens`, an earlier name of `num_classes`.
    Returns: (batch, num_classes) or (num_classes,).
    Raises: InvalidArgumentError without `num_classes`; UnsupportedError for
        sparse=True.

    Example:
        >>> multi_hot([[0, 2], [1, 1]], 3, dtype="int32").tolist()
        [[1, 0, 1], [0, 1, 0]]
    """
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


def _one_hot(x: Array, num_classes: int, axis: int, dtype: DTypeLike) -> Array:
    xp = backend().xp
    classes = xp.arange(num_classes, dtype=backend().dtype_name(x))
    hot = backend().cast(x[..., None] == classes, dtypes.standardize_dtype(dtype))
    return hot if axis in (-1, len(x.shape)) else xp.moveaxis(hot, -1, axis)

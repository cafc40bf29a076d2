"""Statistics and normalizations, and attention: what has a formula over a whole layer's input."""

from __future__ import annotations

import math
from collections.abc import Sequence

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, ShapeError, UnsupportedError, explain
from layerlab.numeric import is_integer
from layerlab.ops.dtypes_and_axes import as_axes, as_axis, extremes, is_float, magnitude
from layerlab.ops.op import op
from layerlab.settings import settings
from layerlab.typing import Operand

__all__ = [
    "batch_normalization",
    "dot_product_attention",
    "layer_normalization",
    "moments",
    "normalize",
    "rms_normalization",
]


@op("x", promote="float", home="ops.nn")
def moments(
    x: Operand, axes: int | Sequence[int], keepdims: bool = False, synchronized: bool = False
) -> tuple[Array, Array]:
    """The mean and the variance of x over axes.

    The variance is the mean of (x - mean)^2. 16-bit numbers are summed in float32, and
    the results kept within the range of float16.

    Args:
        axes: the axis to average over, or several.
        keepdims: True leaves an axis of length 1 in place of each one that was averaged
            over.
        synchronized: False; statistics over several devices do not exist here.
    Returns: two floating arrays: mean and variance.
    Raises: UnsupportedError for synchronized=True.

    Example:
        >>> mean, variance = moments([[1.0, 2.0], [3.0, 6.0]], axes=0)
        >>> mean.tolist(), variance.tolist()
        ([2.0, 4.0], [1.0, 4.0])
    """
    if synchronized:
        raise UnsupportedError(
            explain("moments(synchronized=True) is not supported.", fix="use synchronized=False")
        )
    name = backend().dtype_name(x)
    mean, variance = _moments(_wide(x), as_axes(axes, len(x.shape)))
    if not keepdims:
        mean, variance = (
            backend().xp.squeeze(part, axis=as_axes(axes, len(x.shape))) for part in (mean, variance)
        )
    if name not in ("float16", "bfloat16"):
        return mean, variance
    return _narrow(mean, name), _narrow(variance, name)


@op("x", "mean", "variance", "offset", "scale", promote="float", class_name="BatchNorm", home="ops.nn")
def batch_normalization(
    x: Operand,
    mean: Operand,
    variance: Operand,
    axis: int,
    offset: Operand = None,
    scale: Operand = None,
    epsilon: float = 1e-3,
) -> Array:
    """The array x, normalized by given statistics of each feature.

    (x - mean) / sqrt(variance + epsilon) scale + offset. The layer BatchNormalization
    computes, and remembers, the statistics.

    Args:
        x: an array; integers count as floatx.
        mean, variance: (features,), the statistics.
        axis: the axis of the features.
        offset: (features,), what is added. None adds nothing.
        scale: (features,), the factor. None is 1.
        epsilon: keeps the root from 0; a small number in the unit of the variance.
    Returns: a floating array of the shape of x.
    Source: Ioffe, Szegedy 2015, arXiv:1502.03167, algorithm 1.

    Example:
        >>> x = [[1.0, 9.0], [2.0, 5.0]]
        >>> batch_normalization(x, [1.0, 5.0], [1.0, 4.0], -1, epsilon=0).tolist()
        [[0.0, 2.0], [1.0, 0.0]]
    """
    xp = backend().xp
    shape = [1] * len(x.shape)
    shape[as_axis(axis, len(shape))] = -1
    factor = 1 / xp.sqrt(variance + epsilon)
    if scale is not None:
        factor = factor * scale
    shift = -mean * factor
    if offset is not None:
        shift = shift + offset
    return x * xp.reshape(factor, tuple(shape)) + xp.reshape(shift, tuple(shape))


@op("x", promote="float", as_is=("gamma", "beta"), class_name="LayerNorm", home="ops.nn")
def layer_normalization(
    x: Operand,
    gamma: Operand = None,
    beta: Operand = None,
    axis: int | Sequence[int] = -1,
    epsilon: float | None = None,
    **kwargs: object,
) -> Array:
    """The array x with mean 0 and variance 1 over axes of each example.

    (x - mean) / sqrt(variance + epsilon), times gamma, plus beta.

    Args:
        x: an array; integers count as floatx.
        gamma, beta: factor and offset, of the sizes of the axes, or with as many axes
            as x. None is 1 and 0.
        axis: the axis to normalize over, or several; by default the features.
        epsilon: keeps the root from 0; a small number in the unit of the variance. None
            is `config.epsilon()`, at first 1e-7.
        **kwargs: `rms_scaling`: True takes no mean off and adds no beta, as some files
            of Keras ask for.
    Returns: a floating array of the shape of x; computed in float32 for 16-bit numbers.
    Raises: InvalidArgumentError for further arguments.
    Source: Ba, Kiros, Hinton 2016, arXiv:1607.06450, eq. 4.

    Example:
        >>> layer_normalization([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]]).tolist()
        [[-1.224..., 0.0, 1.224...], [-1.224..., 0.0, 1.224...]]
    """
    rms_scaling = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise InvalidArgumentError(
            explain("layer_normalization got unknown arguments.", got=", ".join(kwargs))
        )
    xp, name, wide = backend().xp, backend().dtype_name(x), _wide(x)
    axes = tuple(sorted(as_axes(axis, len(x.shape))))
    epsilon = settings.epsilon if epsilon is None else epsilon
    kernel = backend().layer_norm
    if kernel is not None and not rms_scaling and _are_last(axes, x, gamma, beta):
        gamma, beta = (part if part is None else _like(part, wide) for part in (gamma, beta))
        return backend().cast(kernel(wide, gamma, beta, len(axes), epsilon), name)
    gamma, beta = (_beside(part, wide, axes) for part in (gamma, beta))
    mean, variance = _moments(wide, axes)
    centered = wide if rms_scaling else wide - mean
    result = centered * (1 / xp.sqrt(variance + epsilon))
    if gamma is not None:
        result = result * gamma
    if beta is not None and not rms_scaling:
        result = result + beta
    return backend().cast(result, name)


@op("x", promote="float", as_is=("scale",), class_name="RMSNorm", home="ops.nn")
def rms_normalization(
    x: Operand, scale: Operand = None, axis: int | Sequence[int] = -1, epsilon: float | None = None
) -> Array:
    """The array x divided by its root mean square over axes, times scale.

    x / sqrt(mean of x^2 + epsilon): as `layer_normalization`, but the mean stays.

    Args:
        x: an array; integers count as floatx.
        scale: the factor, of the sizes of the axes. None is 1.
        axis: the axis to average over, or several; by default the features.
        epsilon: keeps the root from 0; a small number in the unit of x^2. None is
            `config.epsilon()`, at first 1e-7.
    Returns: a floating array of the shape of x; computed in float32 for 16-bit numbers.
    Source: Zhang, Sennrich 2019, arXiv:1910.07467, eq. 4.

    Example:
        >>> print(rms_normalization([[1.0, 7.0]]))  # divided by 5
        [[0.2 1.4]]
    """
    xp, name, wide = backend().xp, backend().dtype_name(x), _wide(x)
    square = xp.mean(wide * wide, axis=as_axes(axis, len(x.shape)), keepdims=True)
    result = wide * (1 / xp.sqrt(square + (settings.epsilon if epsilon is None else epsilon)))
    if scale is not None:
        result = result * backend().cast(scale, backend().dtype_name(wide))
    return backend().cast(result, name)


@op("x", promote="float", home="ops.nn")
def normalize(
    x: Operand, axis: int | Sequence[int] = -1, order: int = 2, epsilon: float | None = None
) -> Array:
    """The vectors of x scaled to length 1: x divided by its norm along an axis.

    Args:
        x: an array; integers count as floatx.
        axis: the axis of the components, or several; by default the last.
        order: p of the norm (sum of |x|^p)^(1/p), an integer from 1 on; 2 is the usual
            length.
        epsilon: the least norm to divide by, so that 0 stays 0. None is
            `config.epsilon()`, at first 1e-7.
    Returns: a floating array of the shape of x.
    Raises: InvalidArgumentError for another order.

    Example:
        >>> print(normalize([[3.0, 4.0], [0.0, 0.0]]))
        [[0.6 0.8]
         [0.  0. ]]
        >>> print(normalize([[3.0, 1.0]], order=1))
        [[0.75 0.25]]
    """
    if not is_integer(order) or order < 1:
        raise InvalidArgumentError(explain("normalize", expected="an order of 1 or more", got=repr(order)))
    xp = backend().xp
    x = x if len(x.shape) else xp.reshape(x, (1,))
    axes, least = as_axes(axis, len(x.shape)), settings.epsilon if epsilon is None else epsilon
    if order == 2:
        square = xp.sum(x * x, axis=axes, keepdims=True)
        # The input of sqrt is guarded: its gradient at 0 is infinite.
        small = square <= least * least
        return x * xp.where(small, 1 / least, 1 / xp.sqrt(xp.where(small, 1, square)))
    total = xp.sum(magnitude(x) ** order, axis=axes, keepdims=True)
    small = total <= least**order
    return x / xp.where(small, least, xp.where(small, 1, total) ** (1 / order))


@op("query", "key", "value", "bias", as_is=("mask",), in_call=("scale",), home="ops.nn")
def dot_product_attention(
    query: Operand,
    key: Operand,
    value: Operand,
    bias: Operand = None,
    mask: Operand = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Array:
    """Attention: a mean of the values, weighted by how well each key fits the query.

    softmax(query . key scale + bias) . value, for each head by itself.

    Args:
        query: (batch, time, heads, depth).
        key: (batch, source, key heads, depth). The number of heads is a multiple of the
            key heads, which are shared.
        value: (batch, source, key heads, depth of value).
        bias: what is added to the scores; broadcasts to (batch, heads, time, source).
        mask: True where attention is allowed; broadcasts to (batch, heads, time,
            source). A place that may look nowhere looks everywhere equally.
        scale: the factor of the scores. None is 1 / sqrt(depth).
        is_causal: True lets each place see only itself and what comes before.
        flash_attention: None or False; there is one implementation, the fastest of the
            back end.
        attn_logits_soft_cap: bound of the scores, which come as cap tanh(score / cap).
            None sets no bound.
    Returns: (batch, time, heads, depth of value). The softmax is computed in float32 at
        least.
    Raises: ShapeError unless query, key and value have four axes; UnsupportedError for
        flash_attention=True.
    Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1.

    Example:
        >>> x = [[[[1.0]], [[3.0]]]]  # one example, two places, one head, depth 1
        >>> dot_product_attention(x, x, x, is_causal=True)[0, :, 0, 0].tolist()
        [1.0, 2.995...]
    """
    if flash_attention:
        raise UnsupportedError(explain("flash_attention=True is not supported.", fix="leave it at None"))
    if not len(query.shape) == len(key.shape) == len(value.shape) == 4:
        shapes = ", ".join(str(tuple(x.shape)) for x in (query, key, value))
        raise ShapeError(
            explain("dot_product_attention", expected="(batch, time, heads, depth), three times", got=shapes)
        )
    xp = backend().xp
    groups = query.shape[2] // key.shape[2]
    if groups > 1:
        key, value = xp.repeat(key, groups, axis=2), xp.repeat(value, groups, axis=2)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    allowed = None if mask is None else mask if backend().dtype_name(mask) == "bool" else mask != 0
    kernel = backend().attention
    if kernel is not None and bias is None and attn_logits_soft_cap is None and is_float(query):
        return kernel(query, key, value, allowed, is_causal, scale)
    scores = _wide(backend().einsum("btnh,bsnh->bnts", query, key)) * scale  # (batch, heads, time, source)
    if bias is not None:
        scores = scores + bias
    if attn_logits_soft_cap is not None:
        scores = attn_logits_soft_cap * xp.tanh(scores / attn_logits_soft_cap)
    if is_causal:
        earlier = xp.arange(scores.shape[3])[None, :] <= xp.arange(scores.shape[2])[:, None]
        allowed = earlier if allowed is None else xp.logical_and(allowed, earlier)
    if allowed is not None:
        # Not -inf: a row with nothing allowed would be NaN; so it is uniform.
        scores = xp.where(allowed, scores, 0.7 * extremes(backend().dtype_name(scores))[0])
    weights = backend().cast(backend().softmax(scores, -1), backend().dtype_name(query))
    return backend().einsum("bnts,bsnh->btnh", weights, value)


def _wide(x: Array) -> Array:
    """16-bit numbers as float32: sums of squares overflow, or lose what is small."""
    return backend().cast(x, "float32") if backend().dtype_name(x) in ("float16", "bfloat16") else x


def _narrow(x: Array, dtype: str) -> Array:
    low, high = extremes("float16")
    return backend().cast(backend().xp.clip(x, low, high), dtype)


def _moments(x: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Mean and variance with the reduced axes kept; two passes, exact for a large mean."""
    xp = backend().xp
    mean = xp.mean(x, axis=axes, keepdims=True)
    distance = x - mean
    return mean, xp.mean(distance * distance, axis=axes, keepdims=True)


def _are_last(axes: tuple[int, ...], x: Array, *parts: Array | None) -> bool:
    """Whether the axes are the last of x, and each part has exactly their sizes."""
    first = len(x.shape) - len(axes)
    sizes = tuple(x.shape[first:])
    given = all(part is None or tuple(part.shape) == sizes for part in parts)
    return bool(axes) and axes[0] == first and given


def _like(part: Array, x: Array) -> Array:
    return backend().cast(part, backend().dtype_name(x))


def _beside(part: Array | None, x: Array, axes: tuple[int, ...]) -> Array | None:
    """A weight of the axes' sizes, in x's dtype, with axes of size 1 for the rest."""
    if part is None:
        return None
    part = _like(part, x)
    if len(part.shape) == len(x.shape) or axes == (len(x.shape) - 1,):
        return part
    return backend().xp.reshape(part, tuple(x.shape[i] if i in axes else 1 for i in range(len(x.shape))))

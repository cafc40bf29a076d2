"""Statistics and normalizations, and attention: what has a formula over a whole layer's input."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, ShapeError, UnsupportedError, explain
from layerlab.ops.common import as_axes, as_axis, extremes, is_float, magnitude
from layerlab.ops.op import op
from layerlab.settings import settings

__all__ = [
    "batch_normalization",
    "dot_product_attention",
    "layer_normalization",
    "moments",
    "normalize",
    "rms_normalization",
]


@op("x", promote="float")
def moments(
    x: Any, axes: int | Sequence[int], keepdims: bool = False, synchronized: bool = False
) -> tuple[Array, Array]:
    """Mean and variance over axes; computed in float32 for 16-bit inputs, and kept within float16's range."""
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


@op("x", "mean", "variance", "offset", "scale", promote="float", class_name="BatchNorm")
def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None, epsilon: float = 1e-3
) -> Array:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset, with statistics (features,) along one axis.

    Source: Ioffe, Szegedy 2015, arXiv:1502.03167, algorithm 1.
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


@op("x", promote="float", as_is=("gamma", "beta"), class_name="LayerNorm")
def layer_normalization(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    axis: int | Sequence[int] = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Array:
    """x with mean 0 and variance 1 over axes, times gamma, plus beta.

    Args:
        gamma, beta: of the axes' sizes, or of as many axes as x.
        epsilon: added to the variance; None is the setting's.
    Returns: dtype of x; computed in float32 for 16-bit inputs.
    Source: Ba, Kiros, Hinton 2016, arXiv:1607.06450, eq. 4.
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


@op("x", promote="float", as_is=("scale",), class_name="RMSNorm")
def rms_normalization(
    x: Any, scale: Any = None, axis: int | Sequence[int] = -1, epsilon: float | None = None
) -> Array:
    """x divided by its root mean square over axes, times scale.

    Returns: dtype of x; computed in float32 for 16-bit inputs.
    Source: Zhang, Sennrich 2019, arXiv:1910.07467, eq. 4.
    """
    xp, name, wide = backend().xp, backend().dtype_name(x), _wide(x)
    square = xp.mean(wide * wide, axis=as_axes(axis, len(x.shape)), keepdims=True)
    result = wide * (1 / xp.sqrt(square + (settings.epsilon if epsilon is None else epsilon)))
    if scale is not None:
        result = result * backend().cast(scale, backend().dtype_name(wide))
    return backend().cast(result, name)


@op("x", promote="float")
def normalize(x: Any, axis: int | Sequence[int] = -1, order: int = 2, epsilon: float | None = None) -> Array:
    """x divided by its norm of this order along axes, of at least epsilon (None: the setting's)."""
    if not isinstance(order, int) or order < 1:
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


@op("query", "key", "value", "bias", as_is=("mask",), in_call=("scale",))
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Array:
    """softmax(query . key * scale + bias) . value, for each head.

    Args:
        query: (batch, time, heads, depth).
        key, value: (batch, source, key heads, depth); the number of heads is a multiple of the key heads.
        bias, mask: broadcast to (batch, heads, time, source); the mask is True where attention is allowed.
        scale: None is 1 / sqrt(depth).
        is_causal: each place sees only itself and what comes before.
        flash_attention: True is not supported; there is one implementation.
        attn_logits_soft_cap: scores come as cap * tanh(score / cap).
    Returns: (batch, time, heads, depth of value). The softmax is computed in float32 at least.
    Source: Vaswani et al. 2017, arXiv:1706.03762, eq. 1.
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

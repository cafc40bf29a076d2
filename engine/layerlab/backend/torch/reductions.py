"""NumPy's reductions, searches and counts that torch lacks, or has with another meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_compat.torch as compat
import torch
from torch import Tensor as Array

from layerlab.backend.torch.array_creation import linspace
from layerlab.errors import InvalidArgumentError, explain

__all__ = [
    "argmax", "argmin", "argpartition", "array_equal", "average", "bincount", "cumprod", "cumsum",
    "digitize", "histogram", "median", "nanmax", "nanmin", "nanprod", "nanstd", "nanvar", "percentile",
    "ptp", "quantile",
]  # fmt: skip

Axis = int | tuple[int, ...] | None


def argmax(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    return compat.argmax(_comparable(x), axis=axis, keepdims=keepdims)


def argmin(x: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    return compat.argmin(_comparable(x), axis=axis, keepdims=keepdims)


def _comparable(x: Array) -> Array:
    return x.to(torch.uint8) if x.dtype == torch.bool else x


def argpartition(x: Array, kth: int, axis: int = -1) -> Array:
    return torch.argsort(x, dim=axis, stable=True)  # a full sort is a partition at every `kth`


def cumsum(x: Array, axis: int | None = None, dtype: torch.dtype | None = None) -> Array:
    return torch.cumsum(x.reshape(-1) if axis is None else x, 0 if axis is None else axis, dtype=dtype)


def cumprod(x: Array, axis: int | None = None, dtype: torch.dtype | None = None) -> Array:
    return torch.cumprod(x.reshape(-1) if axis is None else x, 0 if axis is None else axis, dtype=dtype)


def ptp(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return compat.max(x, axis=axis, keepdims=keepdims) - compat.min(x, axis=axis, keepdims=keepdims)


def average(x: Array, axis: Axis = None, weights: Array | None = None) -> Array:
    if weights is None:
        return compat.mean(x, axis=axis)
    if weights.shape != x.shape and isinstance(axis, int):  # one weight per position along the axis
        weights = weights.reshape([-1 if a == axis % x.ndim else 1 for a in range(x.ndim)]).expand(x.shape)
    return compat.sum(x * weights, axis=axis) / compat.sum(weights, axis=axis)


def quantile(x: Array, q: Any, axis: Axis = None, keepdims: bool = False, method: str = "linear") -> Array:
    """By a sort: torch.quantile takes at most 16 million elements."""
    rank, axes = x.ndim, _axes(axis, x.ndim)
    kept = [a for a in range(rank) if a not in axes]
    flat = x.permute(*kept, *axes).reshape([*(x.shape[a] for a in kept), -1])
    ordered = torch.sort(flat, dim=-1).values
    q = torch.as_tensor(q, dtype=x.dtype, device=x.device)
    place = (q * (ordered.shape[-1] - 1)).reshape(-1)
    low, high = torch.floor(place).long(), torch.ceil(place).long()
    fraction = _interpolation(method, place - low)
    values = torch.lerp(ordered[..., low], ordered[..., high], fraction.to(x.dtype))
    values = torch.where(torch.isnan(flat).any(dim=-1, keepdim=True), torch.nan, values)
    values = torch.movedim(values, -1, 0)  # (quantiles, *kept)
    if keepdims:
        values = values.reshape([-1, *(1 if a in axes else x.shape[a] for a in range(rank))])
    return values.reshape((*q.shape, *values.shape[1:]))


def _interpolation(method: str, fraction: Array) -> Array:
    rules: dict[str, Callable[[Array], Array]] = {
        "linear": lambda f: f,
        "lower": torch.zeros_like,
        "higher": torch.ones_like,
        "midpoint": lambda f: torch.where(f > 0, 0.5, 0.0),
        "nearest": torch.round,
    }
    if method not in rules:
        raise InvalidArgumentError(
            explain(f"Unknown quantile method '{method}'.", expected="one of " + ", ".join(rules))
        )
    return rules[method](fraction)


def percentile(
    x: Array, q: object, axis: Axis = None, keepdims: bool = False, method: str = "linear"
) -> Array:
    return quantile(x, torch.as_tensor(q, dtype=x.dtype, device=x.device) / 100, axis, keepdims, method)


def median(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return quantile(x, 0.5, axis, keepdims)  # torch.median is the lower of the two in the middle


def nanmax(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    found = compat.max(torch.where(torch.isnan(x), -torch.inf, x), axis=axis, keepdims=keepdims)
    return _nan_where_all_nan(found, x, axis, keepdims)


def nanmin(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    found = compat.min(torch.where(torch.isnan(x), torch.inf, x), axis=axis, keepdims=keepdims)
    return _nan_where_all_nan(found, x, axis, keepdims)


def _nan_where_all_nan(found: Array, x: Array, axis: Axis, keepdims: bool) -> Array:
    return torch.where(compat.all(torch.isnan(x), axis=axis, keepdims=keepdims), torch.nan, found)


def nanprod(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return compat.prod(torch.where(torch.isnan(x), 1.0, x), axis=axis, keepdims=keepdims)


def nanvar(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    mean = torch.nanmean(x, dim=_axes(axis, x.ndim), keepdim=True)
    return torch.nanmean(torch.square(x - mean), dim=_axes(axis, x.ndim), keepdim=keepdims)


def nanstd(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    return torch.sqrt(nanvar(x, axis, keepdims))


def _axes(axis: Axis, rank: int) -> tuple[int, ...]:
    axes = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    return tuple(a % rank for a in axes)


# -- searching and counting ---------------------------------------------------------------------------------


def array_equal(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(torch.all(a == b))


def bincount(x: Array, weights: Array | None = None, minlength: int = 0) -> Array:
    return torch.bincount(x, weights, minlength)


def digitize(x: Array, bins: Array, right: bool = False) -> Array:
    return torch.bucketize(x, bins, right=not right)


def histogram(x: Array, bins: int = 10, range: tuple[float, float] | None = None) -> tuple[Array, Array]:
    x = x.reshape(-1)
    low, high = range or (x.min(), x.max())
    edges = linspace(low, high, bins + 1, dtype=x.dtype if x.is_floating_point() else torch.float32)
    inside = (x >= edges[0]) & (x <= edges[-1])
    places = (torch.bucketize(x[inside], edges, right=True) - 1).clamp(0, bins - 1)
    return torch.bincount(places, minlength=bins), edges

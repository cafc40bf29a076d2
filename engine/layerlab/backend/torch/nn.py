"""Convolutions and pooling on torch, channels last.

A channels-last array seen as channels-first by strides is torch's `channels_last` memory format: no
copy is made, and the kernels for that format are used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor as Array

from layerlab.backend.protocol import Padding

__all__ = ["conv", "conv_transpose", "max_pool", "sum_pool"]

_CONV: dict[int, Callable[..., Any]] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_CONV_TRANSPOSE: dict[int, Callable[..., Any]] = {
    1: F.conv_transpose1d,
    2: F.conv_transpose2d,
    3: F.conv_transpose3d,
}
_MAX_POOL: dict[int, Callable[..., Any]] = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_AVERAGE_POOL: dict[int, Callable[..., Any]] = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


def conv(
    x: Array, kernel: Array, strides: Sequence[int], padding: Padding, dilation: Sequence[int], groups: int
) -> Array:
    x = torch.movedim(x, -1, 1)
    if all(before == after for before, after in padding):
        symmetric = tuple(before for before, _ in padding)
    else:
        x, symmetric = _pad(x, padding, 0.0), (0,) * len(strides)
    weight = torch.movedim(kernel, (-1, -2), (0, 1))  # (filters, channels // groups, *window)
    y = _CONV[len(strides)](x, weight, None, tuple(strides), symmetric, tuple(dilation), groups)
    return torch.movedim(y, 1, -1)


def conv_transpose(
    x: Array, kernel: Array, strides: Sequence[int], crop: Padding, dilation: Sequence[int]
) -> Array:
    weight = torch.movedim(kernel, (-1, -2), (0, 1))  # (channels, filters, *window)
    full = _CONV_TRANSPOSE[len(strides)](
        torch.movedim(x, -1, 1), weight, stride=tuple(strides), dilation=tuple(dilation)
    )
    cropped = _pad(full, [(-before, -after) for before, after in crop], 0.0)
    return torch.movedim(cropped, 1, -1)


def max_pool(x: Array, window: Sequence[int], strides: Sequence[int], padding: Padding) -> Array:
    x = torch.movedim(x, -1, 1)
    if x.is_floating_point():
        pooled = _MAX_POOL[len(window)](_pad(x, padding, float("-inf")), tuple(window), tuple(strides))
    else:
        pooled = _pool_integers(_pad(x, padding, torch.iinfo(x.dtype).min), torch.amax, window, strides)
    return torch.movedim(pooled, 1, -1)


def sum_pool(x: Array, window: Sequence[int], strides: Sequence[int], padding: Padding) -> Array:
    x = _pad(torch.movedim(x, -1, 1), padding, 0)
    if x.is_floating_point():
        pooled = _AVERAGE_POOL[len(window)](x, tuple(window), tuple(strides)) * prod(window)
    else:
        pooled = _pool_integers(x, torch.sum, window, strides).to(x.dtype)
    return torch.movedim(pooled, 1, -1)


def _pad(x: Array, padding: Padding, value: float) -> Array:
    """Pad the axes after the first two; negative amounts crop."""
    if not any(map(any, padding)):
        return x
    return F.pad(x, [amount for pair in reversed(padding) for amount in pair], value=value)  # last axis first


def _pool_integers(x: Array, reduce: Any, window: Sequence[int], strides: Sequence[int]) -> Array:
    for axis, (size, stride) in enumerate(zip(window, strides, strict=True), start=2):
        x = reduce(x.unfold(axis, size, stride), dim=-1)
    return x

"""Convolutions and pooling on NumPy, channels last: views of windows, then one product or reduction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from layerlab.backend.protocol import Array, Padding

__all__ = ["conv", "conv_transpose", "max_pool", "sum_pool"]


def conv(
    x: Array, kernel: Array, strides: Sequence[int], padding: Padding, dilation: Sequence[int], groups: int
) -> Array:
    rank = len(strides)
    windows = _windows(_pad(x, padding, 0), kernel.shape[:rank], strides, dilation)
    contracted = (list(range(rank + 1, 2 * rank + 2)), [rank, *range(rank)])  # channels, then the window
    parts = [
        np.tensordot(part, filters, contracted)
        for part, filters in zip(
            np.split(windows, groups, axis=rank + 1), np.split(kernel, groups, axis=-1), strict=True
        )
    ]
    return np.concatenate(parts, axis=-1).astype(x.dtype, copy=False)


def conv_transpose(
    x: Array, kernel: Array, strides: Sequence[int], crop: Padding, dilation: Sequence[int]
) -> Array:
    # The gradient of a convolution is one with the input spread by the stride and the kernel mirrored.
    rank = len(strides)
    spread_sizes = [(size - 1) * stride + 1 for size, stride in zip(x.shape[1:-1], strides, strict=True)]
    spread = np.zeros((x.shape[0], *spread_sizes, x.shape[-1]), x.dtype)
    spread[(slice(None), *(slice(None, None, stride) for stride in strides))] = x
    mirrored = np.swapaxes(np.flip(kernel, axis=tuple(range(rank))), -1, -2)  # (*window, channels, filters)
    reach = [d * (size - 1) for d, size in zip(dilation, kernel.shape, strict=False)]
    full = conv(spread, mirrored, (1,) * rank, [(r, r) for r in reach], dilation, groups=1)
    return _pad(full, [(-before, -after) for before, after in crop], 0)


def max_pool(x: Array, window: Sequence[int], strides: Sequence[int], padding: Padding) -> Array:
    lowest = -np.inf if x.dtype.kind not in "iu" else np.iinfo(x.dtype).min
    windows = _windows(_pad(x, padding, lowest), window, strides, (1,) * len(window))
    return windows.max(axis=tuple(range(-len(window), 0)))


def sum_pool(x: Array, window: Sequence[int], strides: Sequence[int], padding: Padding) -> Array:
    windows = _windows(_pad(x, padding, 0), window, strides, (1,) * len(window))
    return windows.sum(axis=tuple(range(-len(window), 0)), dtype=x.dtype)


def _windows(x: Array, window: Sequence[int], strides: Sequence[int], dilation: Sequence[int]) -> np.ndarray:
    """View of (batch, *spatial, channels) as (batch, *spatial_out, channels, *window)."""
    rank = len(window)
    reach = tuple(d * (size - 1) + 1 for d, size in zip(dilation, window, strict=True))
    views = sliding_window_view(x, reach, axis=tuple(range(1, rank + 1)))
    moved = (slice(None, None, stride) for stride in strides)
    taken = (slice(None, None, d) for d in dilation)
    return views[(slice(None), *moved, slice(None), *taken)]


def _pad(x: Array, padding: Padding, value: float) -> Array:
    """Pad the spatial axes; negative amounts crop."""
    kept = tuple(
        slice(max(-before, 0), size - max(-after, 0)) for size, (before, after) in zip(x.shape[1:], padding)
    )
    added = [(max(before, 0), max(after, 0)) for before, after in padding]
    return np.pad(x[(slice(None), *kept)], [(0, 0), *added, (0, 0)], constant_values=value)

"""Pooling on JAX, channels last, in the form that is the fastest on a CPU.

Small windows go axis by axis: the largest, or the sum, of shifted images. Larger ones that tile the image are
a reshape and a reduction. Measured on two cores, batch 32, forward and backward, in microseconds:

| window, strides, image, channels | XLA | reshaped | shifted |
|---|---|---|---|
| largest of 2x2, 2, 26x26, 32 | 4,773 | 1,881 | 263 |
| largest of 3x3, 2, 32x32, 32 | 18,243 | - | 2,976 |
| largest of 3x3, 1, 16x16, 64 | 27,190 | - | 2,025 |
| largest of 7x7, 7, 7x7, 256 | 1,199 | 240 | 624 |
| sum of 2x2, 2, 26x26, 32 | 144 | 251 | 273 |
| sum of 3x3, 2, 32x32, 32 | 4,184 | - | 1,281 |
| sum of 3x3, 3, 28x28, 16 | 1,300 | 300 | 250 |
| sum of 7x7, 7, 7x7, 256 | 80 | 79 | 361 |
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from layerlab.backend.jax.tracing_context import is_forward_only, is_on_cpu
from layerlab.backend.protocol import Padding

__all__ = ["max_pool", "sum_pool"]

_SMALL, _LARGEST = 4, 8  # sides of windows that are shifted: without overlap, and with


def max_pool(x: Array, window: Sequence[int], strides: Sequence[int], padding: Padding) -> Array:
    # Without gradients XLA's takes in the activation before it.
    if _is_faster_shifted(x, window, strides, least=3 if is_forward_only() else 2):
        return _shifted(x, _lowest(x), _larger, window, strides, padding)
    if _tiles(x, window, strides, padding):
        return jnp.max(_blocks(x, window), axis=_block_axes(window))
    return _reduce_window(x, _lowest(x), lax.max, window, strides, padding)


def sum_pool(x: Array, window: Sequence[int], strides: Sequence[int], padding: Padding) -> Array:
    is_wide = x.dtype.itemsize >= 4  # sums of narrower ones are rounded once by XLA, and here at each place
    if is_wide and _is_faster_shifted(x, window, strides, least=3):
        return _shifted(x, 0, lax.add, window, strides, padding)
    if max(window) > 2 and _tiles(x, window, strides, padding):
        return jnp.sum(_blocks(x, window), axis=_block_axes(window), dtype=x.dtype)
    return _reduce_window(x, 0, lax.add, window, strides, padding)


def _lowest(x: Array) -> Any:
    return -jnp.inf if jnp.issubdtype(x.dtype, jnp.floating) else int(jnp.iinfo(x.dtype).min)


def _is_faster_shifted(x: Array, window: Sequence[int], strides: Sequence[int], least: int) -> bool:
    """Whether the window's longest side is in the range where shifting pays."""
    overlaps = any(size > stride for size, stride in zip(window, strides, strict=True))
    if not is_on_cpu(x) or (is_forward_only() and not overlaps):
        return False
    return least <= max(window) <= (_LARGEST if overlaps else _SMALL)


def _tiles(x: Array, window: Sequence[int], strides: Sequence[int], padding: Padding) -> bool:
    """True if the windows neither overlap nor leave gaps; at the end, what fills no window is left out.

    Without gradients it does not matter: XLA's form is the faster one.
    """
    if is_forward_only():
        return False
    fits = all(size >= w for size, w in zip(x.shape[1:-1], window, strict=True))
    return fits and tuple(window) == tuple(strides) and not any(map(any, padding)) and prod(x.shape) > 0


def _blocks(x: Array, window: Sequence[int]) -> Array:
    """(batch, a, b, channels) as (batch, a // w, w, b // w, w, channels)."""
    x = x[(slice(None), *(slice(size // w * w) for size, w in zip(x.shape[1:-1], window, strict=True)))]
    sizes = [part for size, w in zip(x.shape[1:-1], window, strict=True) for part in (size // w, w)]
    return x.reshape(x.shape[0], *sizes, x.shape[-1])


def _block_axes(window: Sequence[int]) -> tuple[int, ...]:
    return tuple(range(2, 2 * len(window) + 1, 2))


def _larger(first: Array, second: Array) -> Array:
    """The larger; of equals the first, which then gets the whole gradient, as from XLA. NaN stays NaN."""
    return jnp.where((second > first) | (second != second), second, first)


def _shifted(
    x: Array,
    initial: object,
    combine: Callable[[Array, Array], Array],
    window: Sequence[int],
    strides: Sequence[int],
    padding: Padding,
) -> Array:
    """One axis after the other, the last first: so the first of equals is the first in order."""
    around = [(0, 0, 0), *((before, after, 0) for before, after in padding), (0, 0, 0)]
    x = lax.pad(x, jnp.asarray(initial, x.dtype), around)
    for axis in range(len(window), 0, -1):
        size, stride = window[axis - 1], strides[axis - 1]
        end = (x.shape[axis] - size) // stride * stride + 1
        parts = [lax.slice_in_dim(x, place, place + end, stride, axis) for place in range(size)]
        x = functools.reduce(combine, parts)
    return x


def _reduce_window(
    x: Array,
    initial: object,
    combine: object,
    window: Sequence[int],
    strides: Sequence[int],
    padding: Padding,
) -> Array:
    return lax.reduce_window(
        x,
        x.dtype.type(initial),
        combine,
        window_dimensions=(1, *window, 1),
        window_strides=(1, *strides, 1),
        padding=((0, 0), *padding, (0, 0)),
    )

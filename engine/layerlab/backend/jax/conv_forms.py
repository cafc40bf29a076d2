"""Other forms of a convolution, for where XLA's own is slow: on a CPU, with few channels, inside a loop.

Measured on two cores, forward and backward, batch 32, as times of XLA's convolution outside of a loop:

| kernel, channels, image | XLA in a loop | as one product | in a loop |
|---|---|---|---|
| 3x3, 1 to 32, 28x28 | 3.4 | 0.5 | 0.4 |
| 3x3, 3 to 32, 32x32 | 5.9 | 0.4 | 0.3 |
| 3x3, 32 to 64, 13x13 | 16 | 0.9 | 0.9 |
| 3x3, 16 to 16, 32x32 | 20 | 3.1 | 1.7 |
| 3x3, 64 to 64, 16x16 | 22 | 1.6 | 1.3 |
| 1x1, 64 to 128, 16x16 | 8 | 0.14 | 0.13 |

Without gradients XLA's own is as fast inside a loop, and the product takes as long or up to three times as
long (3x3, 1 to 32: 630 us for 220; 3x3, 8 to 16: 1690 for 1150), but for 1x1 kernels.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from math import prod

import jax.numpy as jnp
from jax import Array, lax

from layerlab.backend.jax.tracing_context import is_forward_only, is_on_cpu, is_training_loop, refuse_in_loop
from layerlab.backend.protocol import Padding

__all__ = ["conv_as_product", "conv_transpose_as_product", "is_faster_as_product"]

_FEW_CHANNELS = 4
_FITS_CACHE = 6 * 2**20  # bytes of windows, beyond which the copies cost more than they save


def is_faster_as_product(x: Array, kernel: Array, sizes: Sequence[int]) -> bool:
    """Whether `conv_as_product` is the faster form of a convolution in one group; says so if no form is fast
    in the loop being traced.

    Args:
        sizes: of the output's spatial axes.
    """
    if not is_on_cpu(x):
        return False
    window = prod(kernel.shape[:-2])
    if window == 1:
        return True
    if is_forward_only():
        return False
    if kernel.shape[-2] <= _FEW_CHANNELS:
        return True
    if not is_training_loop():
        return False
    size = x.shape[0] * prod(sizes) * window * kernel.shape[-2] * x.dtype.itemsize
    if size <= _FITS_CACHE:
        return True
    refuse_in_loop()
    return False


def conv_as_product(
    x: Array,
    kernel: Array,
    strides: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
    sizes: Sequence[int],
) -> Array:
    """The convolution as one matrix product over copies of the input's windows; one group."""
    windows, rank = kernel.shape[:-2], len(sizes)
    if any(map(any, padding)):
        x = jnp.pad(x, ((0, 0), *padding, (0, 0)))
    shifted = []
    for offsets in itertools.product(*map(range, windows)):
        cut = [slice(None)]
        for axis in range(rank):
            start = offsets[axis] * dilation[axis]
            cut.append(slice(start, start + (sizes[axis] - 1) * strides[axis] + 1, strides[axis]))
        shifted.append(x[tuple(cut)])
    columns = shifted[0] if len(shifted) == 1 else jnp.concatenate(shifted, axis=-1)
    flat = columns.reshape(-1, columns.shape[-1]) @ kernel.reshape(-1, kernel.shape[-1])
    return flat.reshape(x.shape[0], *sizes, kernel.shape[-1])


def conv_transpose_as_product(x: Array, kernel: Array, strides: Sequence[int], crop: Padding) -> Array:
    """The transposed convolution as one matrix product, whose windows are then added where they overlap.

    A window is cut into tiles of the size of the stride. The tiles at one place in all windows lie side by
    side, so that as many shifted images are added as a window has tiles, and not as it has elements.
    """
    rank, (filters, channels) = len(strides), kernel.shape[-2:]
    tiles = [-(-size // stride) for size, stride in zip(kernel.shape, strides, strict=False)]
    fill = [t * s - size for t, s, size in zip(tiles, strides, kernel.shape, strict=False)]
    tiled = jnp.pad(kernel, (*((0, more) for more in fill), (0, 0), (0, 0)))
    tiled = tiled.reshape(*_paired(tiles, strides), filters, channels)
    # (channels, tiles ..., strides ..., filters)
    tiled = tiled.transpose(2 * rank + 1, *range(0, 2 * rank, 2), *range(1, 2 * rank, 2), 2 * rank)
    products = x.reshape(-1, channels) @ tiled.reshape(channels, -1)
    products = products.reshape(*x.shape[:-1], prod(tiles), prod(strides) * filters)
    shifted = []
    for place, offset in enumerate(itertools.product(*map(range, tiles))):
        around = [(before, count - 1 - before) for before, count in zip(offset, tiles, strict=True)]
        shifted.append(jnp.pad(products[..., place, :], ((0, 0), *around, (0, 0))))
    total = functools.reduce(jnp.add, shifted)
    places = total.shape[1:-1]
    total = total.reshape(x.shape[0], *places, *strides, filters)
    total = total.transpose(0, *_paired(range(1, rank + 1), range(rank + 1, 2 * rank + 1)), 2 * rank + 1)
    total = total.reshape(x.shape[0], *(n * s for n, s in zip(places, strides, strict=True)), filters)
    # What the fill added at the end goes, and the crop, which is negative where zeros are to be added.
    ends = [(-before, -after - more, 0) for (before, after), more in zip(crop, fill, strict=True)]
    return lax.pad(total, jnp.zeros((), total.dtype), [(0, 0, 0), *ends, (0, 0, 0)])


def _paired(first: Iterable[int], second: Iterable[int]) -> Iterator[int]:
    """One of the first, one of the second, the next of the first, ..."""
    return itertools.chain.from_iterable(zip(first, second, strict=True))

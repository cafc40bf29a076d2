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

import itertools
from collections.abc import Sequence
from math import prod

import jax
import jax.numpy as jnp

from layerlab.backend.jax.where import is_forward_only, is_training_loop, refuse_in_loop
from layerlab.backend.protocol import Array, Padding

__all__ = ["conv_as_product", "is_faster_as_product"]

_FEW_CHANNELS = 4
_FITS_CACHE = 6 * 2**20  # bytes of windows, beyond which the copies cost more than they save


def is_faster_as_product(x: Array, kernel: Array, sizes: Sequence[int], groups: int) -> bool:
    """Whether `conv_as_product` is the faster form here; says so if no form is fast in the loop being traced.

    Args:
        sizes: of the output's spatial axes.
    """
    if not isinstance(x, jax.core.Tracer) or jax.default_backend() != "cpu":
        return False  # operation by operation, one call is better than many
    window = prod(kernel.shape[:-2])
    if groups == 1 and window == 1:
        return True
    if is_forward_only():
        return False
    if groups == 1 and kernel.shape[-2] <= _FEW_CHANNELS:
        return True
    if not is_training_loop():
        return False
    size = x.shape[0] * prod(sizes) * window * kernel.shape[-2] * x.dtype.itemsize
    if groups == 1 and size <= _FITS_CACHE:
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

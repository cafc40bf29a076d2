"""Convolutions on JAX, channels last, each in the form that is the fastest where it runs."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
from jax import Array, lax

from layerlab.backend.jax.conv_forms import (
    conv_as_product,
    conv_transpose_as_product,
    is_faster_as_product,
)
from layerlab.backend.jax.depthwise import depthwise_conv
from layerlab.backend.jax.tracing_context import is_forward_only, is_on_cpu, refuse_in_loop
from layerlab.backend.protocol import Padding

__all__ = ["conv", "conv_transpose"]

_SPATIAL = {1: "W", 2: "HW", 3: "DHW"}


def conv(
    x: Array, kernel: Array, strides: Sequence[int], padding: Padding, dilation: Sequence[int], groups: int
) -> Array:
    if groups > 1 and is_on_cpu(x):
        if groups == x.shape[-1]:
            return depthwise_conv(x, kernel, strides, padding, dilation)
        # XLA's own takes up to 100 times as long for the gradients of groups as for each by itself.
        parts = zip(jnp.split(x, groups, axis=-1), jnp.split(kernel, groups, axis=-1), strict=True)
        return jnp.concatenate([conv(*part, strides, padding, dilation, 1) for part in parts], axis=-1)
    axes = _SPATIAL[len(strides)]
    sizes = _output_sizes(x.shape[1:-1], kernel.shape, strides, padding, dilation)
    if is_faster_as_product(x, kernel, sizes):
        return conv_as_product(x, kernel, strides, padding, dilation, sizes)
    return lax.conv_general_dilated(
        x,
        kernel,
        window_strides=tuple(strides),
        padding=tuple(padding),
        rhs_dilation=tuple(dilation),
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
        feature_group_count=groups,
    )


def conv_transpose(
    x: Array, kernel: Array, strides: Sequence[int], crop: Padding, dilation: Sequence[int]
) -> Array:
    # The gradient of a convolution is one with the input spread by the stride and the kernel mirrored.
    axes, ones = _SPATIAL[len(strides)], (1,) * len(strides)
    reach = [d * (k - 1) for d, k in zip(dilation, kernel.shape, strict=False)]
    padding = [(r - before, r - after) for r, (before, after) in zip(reach, crop, strict=True)]
    mirrored = jnp.flip(kernel, axis=tuple(range(len(axes))))
    if is_on_cpu(x) and not is_forward_only():
        if tuple(strides) == ones:
            return conv(x, jnp.swapaxes(mirrored, -1, -2), ones, padding, dilation, 1)
        if tuple(dilation) == ones:
            return conv_transpose_as_product(x, kernel, strides, crop)
    refuse_in_loop()
    return lax.conv_general_dilated(
        x,
        mirrored,
        window_strides=ones,
        padding=padding,
        lhs_dilation=tuple(strides),
        rhs_dilation=tuple(dilation),
        dimension_numbers=(f"N{axes}C", f"{axes}OI", f"N{axes}C"),
    )


def _output_sizes(
    inputs: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    padding: Padding,
    dilation: Sequence[int],
) -> list[int]:
    return [
        (size + sum(pad) - d * (k - 1) - 1) // stride + 1
        for size, k, stride, pad, d in zip(inputs, kernel, strides, padding, dilation, strict=False)
    ]

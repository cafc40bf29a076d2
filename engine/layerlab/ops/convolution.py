"""Convolutions and pooling.

Inputs are (batch, *spatial, channels), or (batch, channels, *spatial) with data_format
"channels_first"; data_format None is the setting's. Kernels are (*window, channels, filters) in both.
Padding "same" keeps ceil(size / stride) places, with the odd element of padding at the end, as in TensorFlow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.ops.op import op
from layerlab.settings import DATA_FORMATS, choose, settings

__all__ = [
    "adaptive_average_pool",
    "adaptive_max_pool",
    "average_pool",
    "conv",
    "conv_transpose",
    "depthwise_conv",
    "max_pool",
    "separable_conv",
]

Sizes = int | Sequence[int]


@op("inputs", "kernel")
def conv(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """Convolution (without mirroring the kernel) over 1 to 3 spatial axes.

    Args:
        kernel: (*window, channels / groups, filters); the number of groups follows from the input's channels.
    """
    return _last(data_format, inputs, lambda x: _conv(x, kernel, strides, padding, dilation_rate))


@op("inputs", "kernel")
def depthwise_conv(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """Convolution of each channel by itself.

    Args:
        kernel: (*window, channels, multiplier); the result has channels * multiplier channels.
    """
    return _last(
        data_format, inputs, lambda x: _conv(x, _per_channel(kernel), strides, padding, dilation_rate)
    )


@op("inputs", "depthwise_kernel", "pointwise_kernel")
def separable_conv(
    inputs: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """A depthwise convolution, then one with a window of 1 that mixes the channels."""

    def both(x: Array) -> Array:
        x = _conv(x, _per_channel(depthwise_kernel), strides, padding, dilation_rate)
        return _conv(x, pointwise_kernel, 1, "valid", 1)

    return _last(data_format, inputs, both)


@op("inputs", "kernel")
def conv_transpose(
    inputs: Any,
    kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """The gradient of a convolution towards its input, used to enlarge: "same" gives size * stride places.

    Args:
        kernel: (*window, filters, channels).
        output_padding: elements more at the end, less than the stride; None: what gives the sizes above.
    """

    def transposed(x: Array) -> Array:
        axes = len(x.shape) - 2
        stride, dilation = _each(strides, axes, "strides"), _each(dilation_rate, axes, "dilation_rate")
        extra = [None] * axes if output_padding is None else _each(output_padding, axes, "output_padding")
        crop = [
            _crop(kernel.shape[i], stride[i], dilation[i], _checked(padding), extra[i]) for i in range(axes)
        ]
        return backend().conv_transpose(x, kernel, stride, crop, dilation)

    return _last(data_format, inputs, transposed)


@op("inputs")
def max_pool(
    inputs: Any,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """The largest element of each window; strides are by default the window's size."""

    def pooled(x: Array) -> Array:
        window, stride, widths = _windows(x, pool_size, strides, padding)
        return backend().max_pool(x, window, stride, widths)

    return _last(data_format, inputs, pooled)


@op("inputs")
def average_pool(
    inputs: Any,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """The mean of each window, padding not counted; strides are by default the window's size."""

    def pooled(x: Array) -> Array:
        window, stride, widths = _windows(x, pool_size, strides, padding)
        total = backend().sum_pool(x, window, stride, widths)
        if not any(map(any, widths)):
            return total / math.prod(window)
        counts = [_counts(*axis) for axis in zip(x.shape[1:-1], window, stride, widths, strict=True)]
        grid = np.ones((1, *(1 for _ in counts), 1))
        for axis, count in enumerate(counts):
            grid = grid * count.reshape([-1 if i == axis + 1 else 1 for i in range(len(counts) + 2)])
        return total / backend().asarray(grid, backend().dtype_name(x))

    return _last(data_format, inputs, pooled)


@op("inputs")
def adaptive_average_pool(inputs: Any, output_size: Sizes, data_format: str | None = None) -> Array:
    """The mean of each of `output_size` nearly equal windows per axis."""
    return _last(data_format, inputs, lambda x: _adaptive(x, output_size, backend().xp.mean))


@op("inputs")
def adaptive_max_pool(inputs: Any, output_size: Sizes, data_format: str | None = None) -> Array:
    """The largest element of each of `output_size` nearly equal windows per axis."""
    return _last(data_format, inputs, lambda x: _adaptive(x, output_size, backend().xp.max))


def _last(data_format: str | None, x: Array, function: Callable[[Array], Array]) -> Array:
    """Apply a function of channels-last arrays."""
    axes = len(x.shape)
    if not 3 <= axes <= 5:
        raise ShapeError(
            explain(
                "A convolution or pooling",
                expected="batch, channels and 1 to 3 axes",
                got=str(tuple(x.shape)),
            )
        )
    if choose(data_format or settings.image_data_format, DATA_FORMATS, "data format") == "channels_last":
        return function(x)
    permute = backend().xp.permute_dims
    return permute(function(permute(x, (0, *range(2, axes), 1))), (0, axes - 1, *range(1, axes - 1)))


def _conv(x: Array, kernel: Array, strides: Sizes, padding: str, dilation_rate: Sizes) -> Array:
    axes = len(x.shape) - 2
    if len(kernel.shape) != axes + 2 or x.shape[-1] % kernel.shape[-2]:
        raise ShapeError(
            explain(
                "The kernel of a convolution does not fit the input.",
                expected=f"(*window, channels / groups, filters), {axes} windows, {x.shape[-1]} channels",
                got=str(tuple(kernel.shape)),
            )
        )
    stride, dilation = _each(strides, axes, "strides"), _each(dilation_rate, axes, "dilation_rate")
    reach = [(k - 1) * d + 1 for k, d in zip(kernel.shape[:-2], dilation, strict=True)]
    widths = _padding(x.shape[1:-1], reach, stride, padding)
    return backend().conv(x, kernel, stride, widths, dilation, x.shape[-1] // kernel.shape[-2])


def _per_channel(kernel: Array) -> Array:
    """(*window, channels, multiplier) as the kernel of a convolution in as many groups as channels."""
    *window, channels, multiplier = kernel.shape
    return backend().xp.reshape(kernel, (*window, 1, channels * multiplier))


def _each(value: Sizes, axes: int, name: str) -> tuple[int, ...]:
    values = (value,) * axes if isinstance(value, int | np.integer) else tuple(value)
    if len(values) == 1:
        values *= axes
    if len(values) != axes:
        raise InvalidArgumentError(explain(name, expected=f"an int or {axes} ints", got=str(value)))
    return tuple(int(one) for one in values)


def _checked(padding: str) -> str:
    return choose(str(padding).lower(), ("valid", "same"), "padding")


def _padding(
    sizes: Sequence[int], reach: Sequence[int], strides: Sequence[int], padding: str
) -> list[tuple[int, int]]:
    if _checked(padding) == "valid":
        return [(0, 0)] * len(sizes)
    totals = [
        max((-(-size // stride) - 1) * stride + extent - size, 0)
        for size, extent, stride in zip(sizes, reach, strides, strict=True)
    ]
    return [(total // 2, total - total // 2) for total in totals]


def _crop(window: int, stride: int, dilation: int, padding: str, extra: int | None) -> tuple[int, int]:
    """What to cut from the full transposed convolution at both ends of an axis; negative adds zeros.

    Source: Keras 3, whose "same" with output_padding is not that of its size without.
    """
    reach = (window - 1) * dilation + 1
    if padding == "valid":
        return 0, min(reach - stride, 0) if extra is None else -extra
    kept = stride + reach - 2 if extra is None else reach + reach % 2 - 2 + extra
    before = min((kept + 1) // 2, reach - 1)
    return reach - 1 - before, reach - 1 - (kept - before)


def _windows(
    x: Array, pool_size: Sizes, strides: Sizes | None, padding: str
) -> tuple[tuple[int, ...], tuple[int, ...], list[tuple[int, int]]]:
    axes = len(x.shape) - 2
    window = _each(pool_size, axes, "pool_size")
    stride = window if strides is None else _each(strides, axes, "strides")
    return window, stride, _padding(x.shape[1:-1], window, stride, padding)


def _counts(size: int, window: int, stride: int, width: tuple[int, int]) -> np.ndarray:
    """How many elements, not of the padding, each window along one axis holds."""
    starts = np.arange(0, size + sum(width) - window + 1, stride) - width[0]
    return np.minimum(starts + window, size) - np.maximum(starts, 0)


def _adaptive(x: Array, output_size: Sizes, reduce: Callable[..., Array]) -> Array:
    xp = backend().xp
    for axis, count in enumerate(_each(output_size, len(x.shape) - 2, "output_size"), start=1):
        size, before = x.shape[axis], (slice(None),) * axis
        cuts = [(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]
        x = xp.stack([reduce(x[(*before, slice(*cut))], axis=axis) for cut in cuts], axis=axis)
    return x

"""Convolutions and pooling.

Inputs are (batch, *spatial, channels), or (batch, channels, *spatial) with data_format
"channels_first"; data_format None is the setting's. Kernels are (*window, channels, filters) in both.
Padding "same" keeps ceil(size / stride) places, with the odd element of padding at the end, as in TensorFlow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.numeric import is_integer
from layerlab.ops.op import op
from layerlab.settings import DATA_FORMATS, choose, settings
from layerlab.typing import Operand

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


@op("inputs", "kernel", home="ops.nn")
def conv(
    inputs: Operand,
    kernel: Operand,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """The convolution of a signal, an image or a volume with a kernel.

    result[t, f] = sum over k and c of inputs[t stride + k dilation, c] kernel[k, c, f],
    along one, two or three axes. The kernel is not mirrored.

    Args:
        kernel: (*window, channels / groups, filters). With fewer channels than the
            inputs, these are cut into groups, each with filters of its own.
    Returns: (batch, *places, filters).
    Raises: ShapeError if the kernel does not fit the inputs; InvalidArgumentError for
        another padding.

    Example:
        >>> x = np.array([1.0, 2.0, 4.0, 8.0]).reshape((1, 4, 1))
        >>> kernel = np.array([-1.0, 1.0]).reshape((2, 1, 1))  # differences
        >>> conv(x, kernel).tolist()
        [[[1.0], [2.0], [4.0]]]
        >>> conv(x, kernel, strides=2, padding="same").shape
        (1, 2, 1)
    """
    return _last(data_format, inputs, lambda x: _conv(x, kernel, strides, padding, dilation_rate))


@op("inputs", "kernel", home="ops.nn")
def depthwise_conv(
    inputs: Operand,
    kernel: Operand,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """The convolution of each channel by itself.

    It filters without mixing channels, at a small part of the work of `conv`.

    Args:
        kernel: (*window, channels, multiplier): that many filters for each channel.
    Returns: (batch, *places, channels times multiplier); the results of one channel lie
        side by side.
    Raises: ShapeError if the kernel does not fit the inputs.

    Example:
        >>> x = np.array([[1.0, 10.0], [2.0, 20.0]]).reshape((1, 2, 2))
        >>> kernel = np.array([[1.0, 0.0], [1.0, 1.0]]).reshape((2, 2, 1))
        >>> depthwise_conv(x, kernel).tolist()  # the sum of one, the last of the other
        [[[3.0, 20.0]]]
    """
    return _last(
        data_format, inputs, lambda x: _conv(x, _per_channel(kernel), strides, padding, dilation_rate)
    )


@op("inputs", "depthwise_kernel", "pointwise_kernel", home="ops.nn")
def separable_conv(
    inputs: Operand,
    depthwise_kernel: Operand,
    pointwise_kernel: Operand,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """A convolution in two steps: each channel by itself, then a mix of the channels.

    It is `depthwise_conv`, then `conv` with a window of 1: far fewer weights than one
    convolution that does both.

    Args:
        depthwise_kernel: (*window, channels, multiplier).
        pointwise_kernel: (*ones, channels times multiplier, filters), with 1 for each
            axis of the window.
    Returns: (batch, *places, filters).
    Raises: ShapeError if a kernel does not fit.
    Source: Chollet 2017, arXiv:1610.02357.

    Example:
        >>> x = np.array([[1.0, 10.0], [2.0, 20.0]]).reshape((1, 2, 2))
        >>> depthwise, pointwise = np.ones((2, 2, 1)), np.ones((1, 2, 1))
        >>> separable_conv(x, depthwise, pointwise).tolist()
        [[[33.0]]]
    """

    def both(x: Array) -> Array:
        x = _conv(x, _per_channel(depthwise_kernel), strides, padding, dilation_rate)
        return _conv(x, pointwise_kernel, 1, "valid", 1)

    return _last(data_format, inputs, both)


@op("inputs", "kernel", home="ops.nn")
def conv_transpose(
    inputs: Operand,
    kernel: Operand,
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Array:
    """The transpose of a convolution: each input adds the kernel to the result.

    It is the gradient of `conv` towards its inputs, and used to enlarge.

    Args:
        kernel: (*window, filters, channels).
        strides: how many places of the result one place of the inputs moves on.
        padding: "same" gives size times stride places along an axis; "valid" all that
            the kernel reaches, (size - 1) stride + the larger of window and stride.
        output_padding: elements more at the end of the result, less than the stride.
            None gives the sizes above.
    Returns: (batch, *places, filters).
    Raises: ShapeError if the kernel does not fit the inputs.
    Source: Dumoulin, Visin 2016, arXiv:1603.07285, chapter 4.

    Example:
        >>> x = np.array([1.0, 2.0]).reshape((1, 2, 1))
        >>> kernel = np.array([1.0, 10.0]).reshape((2, 1, 1))
        >>> conv_transpose(x, kernel, strides=2)[0, :, 0].tolist()
        [1.0, 10.0, 2.0, 20.0]
        >>> conv_transpose(x, kernel)[0, :, 0].tolist()
        [1.0, 12.0, 20.0]
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


@op("inputs", home="ops.nn")
def max_pool(
    inputs: Operand,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """The largest element of each window, for each channel by itself.

    Args:
        strides: by how many places the window moves on. None is its size, so that
            windows do not overlap.
        padding: "valid" has only windows that lie inside; "same" has ceil(size /
            stride), and fills with what is never the largest.
    Returns: (batch, *places, channels).

    Example:
        >>> x = np.array([1.0, 5.0, 2.0, 3.0]).reshape((1, 4, 1))
        >>> max_pool(x, 2)[0, :, 0].tolist()
        [5.0, 3.0]
        >>> max_pool(x, 2, strides=1)[0, :, 0].tolist()
        [5.0, 5.0, 3.0]
    """

    def pooled(x: Array) -> Array:
        window, stride, widths = _windows(x, pool_size, strides, padding)
        return backend().max_pool(x, window, stride, widths)

    return _last(data_format, inputs, pooled)


@op("inputs", home="ops.nn")
def average_pool(
    inputs: Operand,
    pool_size: Sizes,
    strides: Sizes | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """The mean of each window, for each channel by itself.

    Args:
        strides: by how many places the window moves on. None is its size, so that
            windows do not overlap.
        padding: "valid" has only windows that lie inside; "same" has ceil(size /
            stride), and the elements of the padding are not counted.
    Returns: (batch, *places, channels).

    Example:
        >>> x = np.array([1.0, 5.0, 2.0]).reshape((1, 3, 1))
        >>> average_pool(x, 2)[0, :, 0].tolist()
        [3.0]
        >>> average_pool(x, 2, padding="same")[0, :, 0].tolist()
        [3.0, 2.0]
    """

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


@op("inputs", home="ops.nn")
def adaptive_average_pool(inputs: Operand, output_size: Sizes, data_format: str | None = None) -> Array:
    """The means of a given number of nearly equal windows along each axis.

    The result has one size for inputs of any size. Window i of n reaches from floor(i
    size / n) to ceil((i + 1) size / n).

    Returns: (batch, *output_size, channels).

    Example:
        >>> x = np.array([1.0, 3.0, 5.0, 9.0]).reshape((1, 4, 1))
        >>> adaptive_average_pool(x, 2)[0, :, 0].tolist()
        [2.0, 7.0]
    """
    return _last(data_format, inputs, lambda x: _adaptive(x, output_size, backend().xp.mean))


@op("inputs", home="ops.nn")
def adaptive_max_pool(inputs: Operand, output_size: Sizes, data_format: str | None = None) -> Array:
    """The largest elements of a given number of nearly equal windows along each axis.

    The result has one size for inputs of any size. Window i of n reaches from floor(i
    size / n) to ceil((i + 1) size / n).

    Returns: (batch, *output_size, channels).

    Example:
        >>> x = np.array([1.0, 3.0, 5.0, 9.0]).reshape((1, 4, 1))
        >>> adaptive_max_pool(x, 2)[0, :, 0].tolist()
        [3.0, 9.0]
    """
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
    values = (value,) * axes if is_integer(value) else tuple(value)
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

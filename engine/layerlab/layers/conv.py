"""Convolutions, plain, depthwise and separable; channels last or first.

Ranks share one formula: `Conv1D`, `Conv2D` and `Conv3D` differ in the number of spatial axes only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab import activations, ops
from layerlab.backend.protocol import Array
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.layers.arguments import as_padding, as_positive, refuse
from layerlab.layers.weights import Weight, Weights, make_weights
from layerlab.layers.window import Window
from layerlab.typing import ActivationLike, OpenShape, RegularizerLike

__all__ = [
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "Convolution1D",
    "Convolution2D",
    "Convolution3D",
    "DepthwiseConv1D",
    "DepthwiseConv2D",
    "SeparableConv1D",
    "SeparableConv2D",
    "SeparableConvolution1D",
    "SeparableConvolution2D",
]


class _Conv(Window):
    # Parameters as in every rank of Keras; an integer stands for all axes.
    not_in_config = ("lora_rank", "lora_alpha")
    kernel: Variable
    _declared_weights = Weights(kernel=Weight("glorot_uniform"), bias=Weight("zeros", switch="use_bias"))

    @_declared_weights.arguments(after="activation", constraints_after="activity_regularizer")
    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        groups: int = 1,
        activation: ActivationLike = None,
        activity_regularizer: RegularizerLike = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        refuse(type(self).__name__, lora_rank=lora_rank, lora_alpha=lora_alpha)
        self.filters = as_positive(filters, "filters", type(self).__name__)
        self.groups = as_positive(groups, "groups", type(self).__name__)
        self._set_window(
            kernel_size, strides, dilation_rate, as_padding(padding, causal=self.rank == 1), data_format
        )
        self.activation = activations.get(activation)
        if filters % groups:
            raise InvalidArgumentError(
                explain(
                    f"{type(self).__name__} cannot split its filters.",
                    expected=f"a multiple of groups={groups}",
                    got=str(filters),
                )
            )

    def build(self, input_shape: OpenShape) -> None:
        channels = self._channels(input_shape)
        self._check_size(input_shape)
        if channels % self.groups:
            raise ShapeError(
                explain(
                    f"{self.describe()} cannot split its input.",
                    expected=f"channels in {self.groups} groups",
                    got=str(channels),
                )
            )
        kernel = (*self.kernel_size, channels // self.groups, self.filters)
        make_weights(self, kernel=kernel, bias=(self.filters,))

    def convolution_op(self, inputs: Array, kernel: Array) -> Array:
        """The convolution without bias and activation, for subclasses to override.

        Args:
            inputs: the layer's input.
            kernel: the array to convolve with, of the shape of the weight.
        Returns: the output before the bias is added.
        """
        padding = self.padding
        if padding == "causal":
            inputs, padding = _pad_past(self, inputs), "valid"
        return ops.conv(
            inputs,
            kernel,
            strides=self.strides,
            padding=padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def call(self, inputs: Array) -> Array:
        return self._finish(self.convolution_op(inputs, self.kernel))


class Conv1D(_Conv):
    """Convolution over the steps of a sequence.

    y[t, f] = activation(sum over i, c of x[t * stride + i * dilation, c] *
    kernel[i, c, f] + bias[f]): one learned pattern for each filter, looked for
    everywhere.

    Args:
        padding: 'valid' takes the windows that lie within the input; 'same' adds zeros
            on both sides; 'causal' adds them before the first step, so that no output
            sees a later step.
    Input shape: (batch, steps, channels)
    Output shape: (batch, new_steps, filters)
    Weights: kernel (window, channels // groups, filters), bias (filters,).
    Raises: InvalidArgumentError for sizes that are not positive integers, strides
    together with dilation, or filters that `groups` does not divide; ShapeError for an
    input that is smaller than a 'valid' window, or of unknown channels.

    Example:
        >>> import numpy as np
        >>> x = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1)
        >>> Conv1D(1, 2, kernel_initializer="ones")(x)[0, :, 0].tolist()
        [3.0, 5.0, 7.0]
        >>> causal = Conv1D(1, 2, padding="causal", kernel_initializer="ones")
        >>> causal(x)[0, :, 0].tolist()
        [1.0, 3.0, 5.0, 7.0]
    """

    rank = 1


class Conv2D(_Conv):
    """Convolution over the rows and columns of images.

    y[i, j, f] = activation(sum over a, b, c of x[i + a, j + b, c] * kernel[a, b, c, f]
    + bias[f]), for strides and dilation of 1: one learned pattern for each filter,
    looked for everywhere in the image.

    Input shape: (batch, rows, columns, channels)
    Output shape: (batch, new_rows, new_columns, filters)
    Weights: kernel (height, width, channels // groups, filters), bias (filters,).
    Raises: InvalidArgumentError for sizes that are not positive integers, strides
    together with dilation, or filters that `groups` does not divide; ShapeError for an
    input that is smaller than a 'valid' window, or of unknown channels.
    Source: LeCun et al. 1989, Neural Computation 1(4).

    Example:
        >>> import numpy as np
        >>> x = np.arange(9.0).reshape(1, 3, 3, 1)
        >>> Conv2D(1, 2, kernel_initializer="ones")(x)[0, :, :, 0].tolist()
        [[8.0, 12.0], [20.0, 24.0]]
        >>> Conv2D(8, 3, strides=2, padding="same")(np.ones((2, 6, 5, 3))).shape
        (2, 3, 3, 8)
    """

    rank = 2


class Conv3D(_Conv):
    """Convolution over the three axes of volumes, or over images and time.

    The sum of Conv2D with one axis more; weights and time grow with the cube of
    `kernel_size`.

    Input shape: (batch, depth, rows, columns, channels)
    Output shape: (batch, new_depth, new_rows, new_columns, filters)
    Weights: kernel (depth, height, width, channels // groups, filters), bias
    (filters,).
    Raises: InvalidArgumentError for sizes that are not positive integers, strides
    together with dilation, or filters that `groups` does not divide; ShapeError for an
    input that is smaller than a 'valid' window, or of unknown channels.

    Example:
        >>> import numpy as np
        >>> y = Conv3D(4, 2, kernel_initializer="ones")(np.ones((1, 3, 3, 3, 1)))
        >>> y.shape, float(y[0, 0, 0, 0, 0])
        ((1, 2, 2, 2, 4), 8.0)
    """

    rank = 3


class _DepthwiseConv(Window):
    kernel: Variable
    _declared_weights = Weights(
        kernel=Weight("glorot_uniform", prefix="depthwise"), bias=Weight("zeros", switch="use_bias")
    )

    @_declared_weights.arguments(after="activation", constraints_after="activity_regularizer")
    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: ActivationLike = None,
        activity_regularizer: RegularizerLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.depth_multiplier = as_positive(depth_multiplier, "depth_multiplier", type(self).__name__)
        self._set_window(kernel_size, strides, dilation_rate, as_padding(padding), data_format)
        self.activation = activations.get(activation)

    def build(self, input_shape: OpenShape) -> None:
        channels = self._channels(input_shape)
        self._check_size(input_shape)
        kernel = (*self.kernel_size, channels, self.depth_multiplier)
        make_weights(self, kernel=kernel, bias=(channels * self.depth_multiplier,))

    def call(self, inputs: Array) -> Array:
        outputs = ops.depthwise_conv(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finish(outputs)


class DepthwiseConv1D(_DepthwiseConv):
    """Convolution over steps in which each channel has kernels of its own.

    y[t, c * m + k] = activation(sum over i of x[t + i, c] * kernel[i, c, k] + bias), m
    being `depth_multiplier`: channels are filtered, but not mixed.

    Input shape: (batch, steps, channels)
    Output shape: (batch, new_steps, channels * depth_multiplier)
    Weights: kernel (window, channels, depth_multiplier),
    bias (channels * depth_multiplier,).
    Raises: InvalidArgumentError for sizes that are not positive integers, or strides
    together with dilation; ShapeError for an input that is smaller than a 'valid'
    window.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]])
        >>> DepthwiseConv1D(2, depthwise_initializer="ones")(x).tolist()
        [[[3.0, 30.0], [5.0, 50.0]]]
    """

    rank = 1


class DepthwiseConv2D(_DepthwiseConv):
    """Convolution over images in which each channel has kernels of its own.

    Each channel is filtered by `depth_multiplier` kernels, and channels are not mixed:
    far fewer weights and products than Conv2D has. A Conv2D with a window of 1 behind
    it mixes them; SeparableConv2D is both in one.

    Input shape: (batch, rows, columns, channels)
    Output shape: (batch, new_rows, new_columns, channels * depth_multiplier)
    Weights: kernel (height, width, channels, depth_multiplier),
    bias (channels * depth_multiplier,).
    Raises: InvalidArgumentError for sizes that are not positive integers, or strides
    together with dilation; ShapeError for an input that is smaller than a 'valid'
    window.

    Example:
        >>> import numpy as np
        >>> layer = DepthwiseConv2D(2, depthwise_initializer="ones")
        >>> layer(np.arange(9.0).reshape(1, 3, 3, 1))[0, :, :, 0].tolist()
        [[8.0, 12.0], [20.0, 24.0]]
    """

    rank = 2


class _SeparableConv(Window):
    depthwise_kernel: Variable
    pointwise_kernel: Variable
    _declared_weights = Weights(
        depthwise_kernel=Weight("glorot_uniform", prefix="depthwise"),
        pointwise_kernel=Weight("glorot_uniform", prefix="pointwise"),
        bias=Weight("zeros", switch="use_bias"),
    )

    @_declared_weights.arguments(after="activation", constraints_after="activity_regularizer")
    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        depth_multiplier: int = 1,
        activation: ActivationLike = None,
        activity_regularizer: RegularizerLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = as_positive(filters, "filters", type(self).__name__)
        self.depth_multiplier = as_positive(depth_multiplier, "depth_multiplier", type(self).__name__)
        self._set_window(kernel_size, strides, dilation_rate, as_padding(padding), data_format)
        self.activation = activations.get(activation)

    def build(self, input_shape: OpenShape) -> None:
        channels = self._channels(input_shape)
        self._check_size(input_shape)
        make_weights(
            self,
            depthwise_kernel=(*self.kernel_size, channels, self.depth_multiplier),
            pointwise_kernel=(*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            bias=(self.filters,),
        )

    def call(self, inputs: Array) -> Array:
        outputs = ops.separable_conv(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finish(outputs)


class SeparableConv1D(_SeparableConv):
    """Depthwise convolution over steps, then a mixing of the channels.

    DepthwiseConv1D without a bias, followed by Conv1D with a window of 1.

    Input shape: (batch, steps, channels)
    Output shape: (batch, new_steps, filters)
    Weights: depthwise_kernel (window, channels, depth_multiplier), pointwise_kernel
    (1, channels * depth_multiplier, filters), bias (filters,).
    Raises: InvalidArgumentError for sizes that are not positive integers, or strides
    together with dilation; ShapeError for an input that is smaller than a 'valid'
    window.

    Example:
        >>> import numpy as np
        >>> ones = {"depthwise_initializer": "ones", "pointwise_initializer": "ones"}
        >>> x = np.array([[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]])
        >>> SeparableConv1D(1, 2, **ones)(x).tolist()
        [[[33.0], [55.0]]]
    """

    rank = 1


class SeparableConv2D(_SeparableConv):
    """Depthwise convolution over images, then a mixing of the channels.

    DepthwiseConv2D without a bias, followed by Conv2D with a window of 1: patterns in
    space and mixtures of channels are learned apart, with a fraction of Conv2D's
    weights.

    Input shape: (batch, rows, columns, channels)
    Output shape: (batch, new_rows, new_columns, filters)
    Weights: depthwise_kernel (height, width, channels, depth_multiplier),
    pointwise_kernel (1, 1, channels * depth_multiplier, filters), bias (filters,).
    Raises: InvalidArgumentError for sizes that are not positive integers, or strides
    together with dilation; ShapeError for an input that is smaller than a 'valid'
    window.
    Source: Chollet 2017, arXiv:1610.02357.

    Example:
        >>> for layer in (SeparableConv2D(64, 3), Conv2D(64, 3)):
        ...     layer.build((None, 8, 8, 32))
        ...     print(layer.count_params())
        2400
        18496
    """

    rank = 2


Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D


def _pad_past(layer: Window, inputs: Array) -> Array:
    """Zeros before the first step, so that a window ends at its own step."""
    past = (layer.dilation_rate[0] * (layer.kernel_size[0] - 1), 0)
    none = (0, 0)
    return ops.pad(inputs, (none, past, none) if layer.data_format == "channels_last" else (none, none, past))

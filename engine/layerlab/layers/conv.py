"""Convolutions, plain, depthwise and separable; channels last or first.

Ranks share one formula: `Conv1D`, `Conv2D` and `Conv3D` differ in the number of spatial axes only.
"""

from __future__ import annotations

from typing import Any

from layerlab import activations, constraints, initializers, ops, regularizers
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.layers.arguments import as_padding, as_positive, refuse
from layerlab.layers.window import Window

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

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
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
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        if filters % groups:
            raise InvalidArgumentError(
                explain(
                    f"{type(self).__name__} cannot split its filters.",
                    expected=f"a multiple of groups={groups}",
                    got=str(filters),
                )
            )

    def build(self, input_shape: Any) -> None:
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
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels // self.groups, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def convolution_op(self, inputs: Array, kernel: Array) -> Array:
        """The convolution without bias and activation; override it to change the kernel."""
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
    """Convolution over the steps of (batch, steps, channels).

    Args:
        filters: number of output channels.
        kernel_size, strides, dilation_rate: of the window; not both of the latter above 1.
        padding: 'valid', 'same', or 'causal': no output sees later steps.
        data_format: 'channels_last' or 'channels_first'.
        groups: input and output channels are split into as many independent convolutions.
    Weights: kernel (window, channels // groups, filters), bias (filters,).
    """

    rank = 1


class Conv2D(_Conv):
    """Convolution over the rows and columns of (batch, rows, columns, channels).

    Args:
        filters: number of output channels.
        kernel_size, strides, dilation_rate: an integer, or one for each axis; not both of the latter above 1.
        padding: 'valid' or 'same'.
        data_format: 'channels_last' or 'channels_first'.
        groups: input and output channels are split into as many independent convolutions.
    Weights: kernel (height, width, channels // groups, filters), bias (filters,).

    Example:
        >>> import numpy as np
        >>> Conv2D(8, 3, padding="same")(np.ones((2, 6, 5, 1), "float32")).shape == (2, 6, 5, 8)
        True
    """

    rank = 2


class Conv3D(_Conv):
    """Convolution over three axes of (batch, a, b, c, channels); arguments as those of Conv2D."""

    rank = 3


class _DepthwiseConv(Window):
    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.depth_multiplier = as_positive(depth_multiplier, "depth_multiplier", type(self).__name__)
        self._set_window(kernel_size, strides, dilation_rate, as_padding(padding), data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        self._check_size(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(channels * self.depth_multiplier,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

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
    """Each channel of (batch, steps, channels) convolved with `depth_multiplier` kernels of its own.

    Weights: kernel (window, channels, depth_multiplier), bias (channels * depth_multiplier,).
    """

    rank = 1


class DepthwiseConv2D(_DepthwiseConv):
    """Each channel convolved on its own with `depth_multiplier` kernels, over images.

    Weights: kernel (height, width, channels, depth_multiplier), bias (channels * depth_multiplier,).
    """

    rank = 2


class _SeparableConv(Window):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = as_positive(filters, "filters", type(self).__name__)
        self.depth_multiplier = as_positive(depth_multiplier, "depth_multiplier", type(self).__name__)
        self._set_window(kernel_size, strides, dilation_rate, as_padding(padding), data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        self._check_size(input_shape)
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
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
    """A depthwise convolution over steps, then a mixing of the channels.

    Weights: depthwise_kernel, pointwise_kernel (1, channels * depth_multiplier, filters), bias (filters,).
    """

    rank = 1


class SeparableConv2D(_SeparableConv):
    """A depthwise convolution over images, then a mixing of the channels.

    Source: Chollet 2017, arXiv:1610.02357.
    Weights: depthwise_kernel, pointwise_kernel (1, 1, channels * depth_multiplier, filters), bias (filters,).
    """

    rank = 2


Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D


def _pad_past(layer: Window, inputs: Array) -> Array:
    """Zeros before the first step, so that a window ends at its own step."""
    past = (layer.dilation_rate[0] * (layer.kernel_size[0] - 1), 0)
    none = (0, 0)
    return ops.pad(inputs, (none, past, none) if layer.data_format == "channels_last" else (none, none, past))

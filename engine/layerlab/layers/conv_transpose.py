"""Transposed convolutions: the gradient of a convolution towards its input, used to enlarge."""

from __future__ import annotations

from typing import Any

from layerlab import activations, constraints, initializers, ops, regularizers
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, explain
from layerlab.layers.arguments import as_padding, as_positive, as_sizes
from layerlab.layers.window import Window

__all__ = [
    "Conv1DTranspose",
    "Conv2DTranspose",
    "Conv3DTranspose",
    "Convolution1DTranspose",
    "Convolution2DTranspose",
    "Convolution3DTranspose",
]


class _ConvTranspose(Window):
    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        name = type(self).__name__
        self.filters = as_positive(filters, "filters", name)
        self._set_window(kernel_size, strides, dilation_rate, as_padding(padding), data_format)
        extra = (
            None
            if output_padding is None
            else as_sizes(output_padding, self.rank, "output_padding", allow_zero=True)
        )
        if extra is not None and any(e >= s for e, s in zip(extra, self.strides, strict=True)):
            raise InvalidArgumentError(
                explain(
                    f"{name} got a bad `output_padding`.",
                    expected=f"less than strides={self.strides}",
                    got=str(extra),
                )
            )
        self.output_padding = extra
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Any) -> None:
        channels = self._channels(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, self.filters, channels),
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

    def call(self, inputs: Array) -> Array:
        outputs = ops.conv_transpose(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finish(outputs)


class Conv1DTranspose(_ConvTranspose):
    """Enlarges (batch, steps, channels) by `strides`; kernel (window, filters, channels), bias (filters,)."""

    rank = 1


class Conv2DTranspose(_ConvTranspose):
    """Enlarges images by `strides`.

    Args:
        filters: number of output channels.
        padding: 'same': the output is `strides` times the input; 'valid': larger by what the kernel overlaps.
        output_padding: sizes to add at the end of each axis, less than the strides; None: by `padding`.
    Weights: kernel (height, width, filters, channels), bias (filters,).
    """

    rank = 2


class Conv3DTranspose(_ConvTranspose):
    """Enlarges volumes by `strides`; arguments as those of Conv2DTranspose."""

    rank = 3


Convolution1DTranspose, Convolution2DTranspose = Conv1DTranspose, Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose

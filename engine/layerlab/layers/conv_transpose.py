"""Transposed convolutions: the gradient of a convolution towards its input, used to enlarge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab import activations, ops
from layerlab.backend.protocol import Array
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, explain
from layerlab.layers.arguments import as_padding, as_positive, as_sizes
from layerlab.layers.weights import Weight, Weights, make_weights, moved_argument
from layerlab.layers.window import Window
from layerlab.typing import ActivationLike, OpenShape, RegularizerLike

__all__ = [
    "Conv1DTranspose",
    "Conv2DTranspose",
    "Conv3DTranspose",
    "Convolution1DTranspose",
    "Convolution2DTranspose",
    "Convolution3DTranspose",
]


class _ConvTranspose(Window):
    kernel: Variable
    _declared_weights = Weights(kernel=Weight("glorot_uniform"), bias=Weight("zeros", switch="use_bias"))

    @_declared_weights.arguments(after="activation", constraints_after="activity_regularizer")
    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        output_padding: int | Sequence[int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: ActivationLike = None,
        activity_regularizer: RegularizerLike = None,
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

    def build(self, input_shape: OpenShape) -> None:
        channels = self._channels(input_shape)
        make_weights(self, kernel=(*self.kernel_size, self.filters, channels), bias=(self.filters,))

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
    """Transposed convolution over steps: a sequence enlarged with learned kernels.

    Each step adds its value times the kernel to the output, `strides` places behind the
    step before: the gradient of Conv1D towards its input.

    Args:
        strides: how many times longer the output is.
        padding: 'same' gives steps * stride; 'valid' gives (steps - 1) * stride +
            max(window, stride), all that the kernel reaches.
        output_padding: steps to add at the end, fewer than the stride; the output has
            then (steps - 1) * stride + window + output_padding, less 2 * (window // 2)
            if 'same'. None leaves the length to `padding`.
        dilation_rate: distance between the places that a kernel writes to.
    Input shape: (batch, steps, channels)
    Output shape: (batch, new_steps, filters)
    Weights: kernel (window, filters, channels), bias (filters,).
    Raises: InvalidArgumentError for sizes that are not positive integers, strides
    together with dilation, or an `output_padding` that is not less than the strides.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[1.0], [5.0]]])
        >>> layer = Conv1DTranspose(1, 3, strides=2, kernel_initializer="ones")
        >>> layer(x)[0, :, 0].tolist()  # both reach the third place
        [1.0, 1.0, 6.0, 5.0, 5.0]
    """

    rank = 1


class Conv2DTranspose(_ConvTranspose):
    """Transposed convolution over images: enlarged with learned kernels.

    Each pixel adds its value times the kernel to the output, `strides` places from its
    neighbour: the gradient of Conv2D towards its input. A `kernel_size` that `strides`
    divides avoids a pattern of squares in the result.

    Args:
        strides: how many times larger the output is: an integer, or one for each axis.
        padding: 'same' gives size * stride; 'valid' gives (size - 1) * stride +
            max(window, stride), all that the kernel reaches.
        output_padding: an integer, or one for each axis, less than the strides: rows
            and columns to add at the end. The output has then (size - 1) * stride +
            window + output_padding, less 2 * (window // 2) if 'same'. None leaves the
            size to `padding`.
        dilation_rate: distance between the places that a kernel writes to.
    Input shape: (batch, rows, columns, channels)
    Output shape: (batch, new_rows, new_columns, filters)
    Weights: kernel (height, width, filters, channels), bias (filters,).
    Raises: InvalidArgumentError for sizes that are not positive integers, strides
    together with dilation, or an `output_padding` that is not less than the strides.
    Source: Zeiler et al. 2010, "Deconvolutional networks"; Dumoulin, Visin 2016,
    arXiv:1603.07285, for the sizes.

    Example:
        >>> import numpy as np
        >>> layer = Conv2DTranspose(1, 2, strides=2, kernel_initializer="ones")
        >>> layer(np.array([[[[1.0], [2.0]]]]))[0, :, :, 0].tolist()
        [[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]
    """

    rank = 2


class Conv3DTranspose(_ConvTranspose):
    """Transposed convolution over volumes: enlarged with learned kernels.

    The enlargement of Conv2DTranspose with one axis more.

    Args:
        strides: how many times larger the output is: an integer, or one for each axis.
        padding: 'same' gives size * stride; 'valid' gives (size - 1) * stride +
            max(window, stride), all that the kernel reaches.
        output_padding: an integer, or one for each axis, less than the strides: places
            to add at the end of the axis. None leaves the size to `padding`.
        dilation_rate: distance between the places that a kernel writes to.
    Input shape: (batch, depth, rows, columns, channels)
    Output shape: (batch, new_depth, new_rows, new_columns, filters)
    Weights: kernel (depth, height, width, filters, channels), bias (filters,).
    Raises: InvalidArgumentError for sizes that are not positive integers, strides
    together with dilation, or an `output_padding` that is not less than the strides.

    Example:
        >>> import numpy as np
        >>> Conv3DTranspose(2, 2, strides=2)(np.ones((1, 2, 3, 4, 1))).shape
        (1, 4, 6, 8, 2)
    """

    rank = 3
    __init__ = moved_argument(_ConvTranspose.__init__, "output_padding", after="data_format")


Convolution1DTranspose, Convolution2DTranspose = Conv1DTranspose, Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose

"""What convolutions of every kind share: a window that moves over one, two or three axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.input_spec import InputSpec
from layerlab.core.layer import Layer
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.layers.arguments import as_data_format, as_sizes, channel_axis
from layerlab.typing import OpenShape

__all__ = ["Window"]


class Window(Layer):
    """Abstract: what layers with a moving window share. `rank` is the number of spatial axes."""

    rank: ClassVar[int]
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]
    padding: str
    data_format: str
    activation: Any
    bias: Any

    def _set_window(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int],
        dilation_rate: int | Sequence[int],
        padding: str,
        data_format: str | None,
    ) -> None:
        self.kernel_size = as_sizes(kernel_size, self.rank, "kernel_size")
        self.strides = as_sizes(strides, self.rank, "strides")
        self.dilation_rate = as_sizes(dilation_rate, self.rank, "dilation_rate")
        self.data_format = as_data_format(data_format)
        self.padding = padding
        self.input_spec = InputSpec(ndim=self.rank + 2)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise InvalidArgumentError(
                explain(
                    f"{type(self).__name__} cannot combine strides and dilation.",
                    expected="one of them to be 1",
                    got=f"strides={self.strides}, dilation_rate={self.dilation_rate}",
                )
            )

    def _channels(self, input_shape: OpenShape) -> int:
        """The number of input channels, which the layer is built on from now on."""
        axis = channel_axis(self.data_format)
        channels = input_shape[axis]
        if channels is None:
            raise ShapeError(
                explain(
                    f"{self.describe()} must know the number of channels.",
                    got=f"{tuple(input_shape)}, axis {axis}",
                    fix="give Input a shape whose channel axis is not None",
                )
            )
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        return channels

    def _check_size(self, input_shape: OpenShape) -> None:
        """Raise ShapeError if a 'valid' window is larger than the input."""
        first = 1 if self.data_format == "channels_last" else 2
        reach = [d * (k - 1) + 1 for k, d in zip(self.kernel_size, self.dilation_rate, strict=True)]
        sizes = input_shape[first : first + self.rank]
        if self.padding == "valid" and any(
            n is not None and n < r for n, r in zip(sizes, reach, strict=True)
        ):
            raise ShapeError(
                explain(
                    f"{self.describe()} got an input of shape {tuple(input_shape)}.",
                    expected=f"spatial sizes of at least {tuple(reach)}, the reach of its window",
                    fix='use padding="same", a smaller kernel, or fewer poolings before it',
                )
            )

    def _finish(self, outputs: Array) -> Array:
        """Add the bias along the channels and apply the activation."""
        if self.bias is not None:
            bias = self.bias
            if self.data_format == "channels_first":
                bias = ops.reshape(bias, (-1, *(1,) * self.rank))
            outputs = ops.add(outputs, bias)
        return self.activation(outputs)

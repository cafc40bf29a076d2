"""Pooling: maxima and means over windows, over everything, or over windows chosen by the output's size."""

from __future__ import annotations

from typing import Any, ClassVar

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.call_spec import shape_of
from layerlab.core.input_spec import InputSpec
from layerlab.core.layer import Layer
from layerlab.errors import ShapeError, explain
from layerlab.layers.arguments import as_data_format, as_padding, as_sizes

__all__ = [
    "AdaptiveAveragePooling1D",
    "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D",
    "AdaptiveMaxPooling1D",
    "AdaptiveMaxPooling2D",
    "AdaptiveMaxPooling3D",
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "AvgPool1D",
    "AvgPool2D",
    "AvgPool3D",
    "GlobalAveragePooling1D",
    "GlobalAveragePooling2D",
    "GlobalAveragePooling3D",
    "GlobalAvgPool1D",
    "GlobalAvgPool2D",
    "GlobalAvgPool3D",
    "GlobalMaxPool1D",
    "GlobalMaxPool2D",
    "GlobalMaxPool3D",
    "GlobalMaxPooling1D",
    "GlobalMaxPooling2D",
    "GlobalMaxPooling3D",
    "MaxPool1D",
    "MaxPool2D",
    "MaxPool3D",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
]


class _Pooling(Layer):
    rank: ClassVar[int]

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.pool_size = as_sizes(pool_size, self.rank, "pool_size")
        self.strides = as_sizes(pool_size if strides is None else strides, self.rank, "strides")
        self.padding = as_padding(padding)
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _pool(self, pool: Any, inputs: Array) -> Array:
        first = 1 if self.data_format == "channels_last" else 2
        sizes = inputs.shape[first : first + self.rank]
        if self.padding == "valid" and any(n < size for n, size in zip(sizes, self.pool_size, strict=True)):
            raise ShapeError(
                explain(
                    f"{self.describe()} got an input of shape {shape_of(inputs)}.",
                    expected=f"spatial sizes of at least {self.pool_size}, its window",
                    fix='use padding="same", or fewer poolings before it',
                )
            )
        return pool(
            inputs, self.pool_size, strides=self.strides, padding=self.padding, data_format=self.data_format
        )


class _MaxPooling(_Pooling):
    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def call(self, inputs: Array) -> Array:
        return self._pool(ops.max_pool, inputs)


class _AveragePooling(_Pooling):
    def call(self, inputs: Array) -> Array:
        return self._pool(ops.average_pool, inputs)


class MaxPooling1D(_MaxPooling):
    """The largest value in each window of `pool_size` steps of (batch, steps, channels)."""

    rank = 1
    aliases = ("MaxPool1D",)


class MaxPooling2D(_MaxPooling):
    """The largest value in each window of (batch, rows, columns, channels).

    Args:
        pool_size: an integer, or one for each axis.
        strides: step between windows; None: `pool_size`.
        padding: 'valid' or 'same'.
        data_format: 'channels_last' or 'channels_first'.

    Example:
        >>> import numpy as np
        >>> MaxPooling2D()(np.ones((2, 6, 5, 3))).shape == (2, 3, 2, 3)
        True
    """

    rank = 2
    aliases = ("MaxPool2D",)


class MaxPooling3D(_MaxPooling):
    """The largest value in each window of a volume; arguments as those of MaxPooling2D."""

    rank = 3
    aliases = ("MaxPool3D",)


class AveragePooling1D(_AveragePooling):
    """The mean of each window of `pool_size` steps of (batch, steps, channels); padding does not count."""

    rank = 1
    aliases = ("AvgPool1D",)


class AveragePooling2D(_AveragePooling):
    """The mean of each window of an image; padding does not count. Arguments as those of MaxPooling2D."""

    rank = 2
    aliases = ("AvgPool2D",)


class AveragePooling3D(_AveragePooling):
    """The mean of each window of a volume; padding does not count. Arguments as those of MaxPooling2D."""

    rank = 3
    aliases = ("AvgPool3D",)


class _GlobalPooling(Layer):
    rank: ClassVar[int]

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = as_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _axes(self) -> tuple[int, ...]:
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))


class _GlobalMaxPooling(_GlobalPooling):
    def call(self, inputs: Array) -> Array:
        return ops.max(inputs, axis=self._axes(), keepdims=self.keepdims)


class _GlobalAveragePooling(_GlobalPooling):
    def call(self, inputs: Array) -> Array:
        return ops.mean(inputs, axis=self._axes(), keepdims=self.keepdims)


class GlobalMaxPooling1D(_GlobalMaxPooling):
    """The largest value over all steps: (batch, steps, channels) to (batch, channels)."""

    rank = 1
    aliases = ("GlobalMaxPool1D",)


class GlobalMaxPooling2D(_GlobalMaxPooling):
    """The largest value of each channel: (batch, rows, columns, channels) to (batch, channels)."""

    rank = 2
    aliases = ("GlobalMaxPool2D",)


class GlobalMaxPooling3D(_GlobalMaxPooling):
    """The largest value of each channel of a volume."""

    rank = 3
    aliases = ("GlobalMaxPool3D",)


class GlobalAveragePooling1D(_GlobalPooling):
    """The mean over the steps that `mask` lets through: (batch, steps, channels) to (batch, channels)."""

    rank = 1
    aliases = ("GlobalAvgPool1D",)

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Array, mask: Array | None = None) -> Array:
        axes = self._axes()
        if mask is None:
            return ops.mean(inputs, axis=axes, keepdims=self.keepdims)
        keep = ops.cast(ops.expand_dims(mask, 2 if self.data_format == "channels_last" else 1), "bool")
        total = ops.sum(ops.where(keep, inputs, ops.zeros_like(inputs)), axis=axes, keepdims=self.keepdims)
        return ops.divide(total, ops.sum(ops.cast(keep, inputs.dtype), axis=axes, keepdims=self.keepdims))

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """None: there are no steps left."""
        return None


class GlobalAveragePooling2D(_GlobalAveragePooling):
    """The mean of each channel of an image: (batch, rows, columns, channels) to (batch, channels)."""

    rank = 2
    aliases = ("GlobalAvgPool2D",)


class GlobalAveragePooling3D(_GlobalAveragePooling):
    """The mean of each channel of a volume."""

    rank = 3
    aliases = ("GlobalAvgPool3D",)


class _AdaptivePooling(Layer):
    rank: ClassVar[int]

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.output_size = as_sizes(output_size, self.rank, "output_size")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)


class _AdaptiveMaxPooling(_AdaptivePooling):
    def call(self, inputs: Array) -> Array:
        return ops.adaptive_max_pool(inputs, self.output_size, data_format=self.data_format)


class _AdaptiveAveragePooling(_AdaptivePooling):
    def call(self, inputs: Array) -> Array:
        return ops.adaptive_average_pool(inputs, self.output_size, data_format=self.data_format)


class AdaptiveMaxPooling1D(_AdaptiveMaxPooling):
    """Maxima over windows chosen so that `output_size` steps come out."""

    rank = 1


class AdaptiveMaxPooling2D(_AdaptiveMaxPooling):
    """Maxima over windows chosen so that an image of `output_size` comes out."""

    rank = 2


class AdaptiveMaxPooling3D(_AdaptiveMaxPooling):
    """Maxima over windows chosen so that a volume of `output_size` comes out."""

    rank = 3


class AdaptiveAveragePooling1D(_AdaptiveAveragePooling):
    """Means over windows chosen so that `output_size` steps come out."""

    rank = 1


class AdaptiveAveragePooling2D(_AdaptiveAveragePooling):
    """Means over windows chosen so that an image of `output_size` comes out."""

    rank = 2


class AdaptiveAveragePooling3D(_AdaptiveAveragePooling):
    """Means over windows chosen so that a volume of `output_size` comes out."""

    rank = 3


MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D

"""Pooling: maxima and means over windows, over everything, or over windows chosen by the output's size."""

from __future__ import annotations

from collections.abc import Sequence
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
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
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
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
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
    """Largest value of each window that moves over steps.

    Each channel by itself. The sequence gets shorter, and the strongest answer of each
    window stays, whichever step it came from.

    Args:
        strides: distance from one window to the next.
            None is `pool_size`: windows side by side.
        padding: 'valid' takes the windows that lie within the input; 'same' lets them
            reach beyond it, so that the output has ceil(size / stride) places. What
            lies outside is never the largest.
    Input shape: (batch, steps, channels)
    Output shape: (batch, new_steps, channels)
    Raises: InvalidArgumentError for sizes that are not positive integers; ShapeError
    for an input that is smaller than a 'valid' window.

    Example:
        >>> import numpy as np
        >>> x = np.array([1.0, 4.0, 2.0, 3.0]).reshape(1, 4, 1)
        >>> MaxPooling1D(2)(x)[0, :, 0].tolist()
        [4.0, 3.0]
        >>> MaxPooling1D(2, strides=1)(x)[0, :, 0].tolist()
        [4.0, 4.0, 3.0]
    """

    rank = 1
    aliases = ("MaxPool1D",)


class MaxPooling2D(_MaxPooling):
    """Largest value of each window that moves over images.

    Each channel by itself. The image gets smaller, and a feature counts the same
    wherever in its window it is.

    Args:
        strides: distance from one window to the next: an integer, or one for each axis.
            None is `pool_size`: windows side by side.
        padding: 'valid' takes the windows that lie within the input; 'same' lets them
            reach beyond it, so that the output has ceil(size / stride) places. What
            lies outside is never the largest.
    Input shape: (batch, rows, columns, channels)
    Output shape: (batch, new_rows, new_columns, channels)
    Raises: InvalidArgumentError for sizes that are not positive integers; ShapeError
    for an input that is smaller than a 'valid' window.

    Example:
        >>> import numpy as np
        >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> MaxPooling2D()(x)[0, :, :, 0].tolist()
        [[5.0, 7.0], [13.0, 15.0]]
    """

    rank = 2
    aliases = ("MaxPool2D",)


class MaxPooling3D(_MaxPooling):
    """Largest value of each window that moves over volumes.

    Each channel by itself; with windows of 2 an eighth of the values is left.

    Args:
        strides: distance from one window to the next: an integer, or one for each axis.
            None is `pool_size`: windows side by side.
        padding: 'valid' takes the windows that lie within the input; 'same' lets them
            reach beyond it, so that the output has ceil(size / stride) places. What
            lies outside is never the largest.
    Input shape: (batch, depth, rows, columns, channels)
    Output shape: (batch, new_depth, new_rows, new_columns, channels)
    Raises: InvalidArgumentError for sizes that are not positive integers; ShapeError
    for an input that is smaller than a 'valid' window.

    Example:
        >>> import numpy as np
        >>> x = np.arange(8.0).reshape(1, 2, 2, 2, 1)
        >>> MaxPooling3D()(x).tolist()
        [[[[[7.0]]]]]
    """

    rank = 3
    aliases = ("MaxPool3D",)


class AveragePooling1D(_AveragePooling):
    """Mean of each window that moves over steps.

    Each channel by itself: the sequence gets shorter and smoother.

    Args:
        strides: distance from one window to the next.
            None is `pool_size`: windows side by side.
        padding: 'valid' takes the windows that lie within the input; 'same' lets them
            reach beyond it, so that the output has ceil(size / stride) places. What
            lies outside does not count in the mean.
    Input shape: (batch, steps, channels)
    Output shape: (batch, new_steps, channels)
    Raises: InvalidArgumentError for sizes that are not positive integers; ShapeError
    for an input that is smaller than a 'valid' window.

    Example:
        >>> import numpy as np
        >>> x = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1)
        >>> AveragePooling1D(2)(x)[0, :, 0].tolist()
        [1.5, 3.5]
        >>> AveragePooling1D(3, strides=1, padding="same")(x)[0, :, 0].tolist()
        [1.5, 2.0, 3.0, 3.5]
    """

    rank = 1
    aliases = ("AvgPool1D",)


class AveragePooling2D(_AveragePooling):
    """Mean of each window that moves over images.

    Each channel by itself: the image gets smaller and smoother.

    Args:
        strides: distance from one window to the next: an integer, or one for each axis.
            None is `pool_size`: windows side by side.
        padding: 'valid' takes the windows that lie within the input; 'same' lets them
            reach beyond it, so that the output has ceil(size / stride) places. What
            lies outside does not count in the mean.
    Input shape: (batch, rows, columns, channels)
    Output shape: (batch, new_rows, new_columns, channels)
    Raises: InvalidArgumentError for sizes that are not positive integers; ShapeError
    for an input that is smaller than a 'valid' window.

    Example:
        >>> import numpy as np
        >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> AveragePooling2D(2)(x)[0, :, :, 0].tolist()
        [[2.5, 4.5], [10.5, 12.5]]
    """

    rank = 2
    aliases = ("AvgPool2D",)


class AveragePooling3D(_AveragePooling):
    """Mean of each window that moves over volumes.

    Each channel by itself; with windows of 2 an eighth of the values is left.

    Args:
        strides: distance from one window to the next: an integer, or one for each axis.
            None is `pool_size`: windows side by side.
        padding: 'valid' takes the windows that lie within the input; 'same' lets them
            reach beyond it, so that the output has ceil(size / stride) places. What
            lies outside does not count in the mean.
    Input shape: (batch, depth, rows, columns, channels)
    Output shape: (batch, new_depth, new_rows, new_columns, channels)
    Raises: InvalidArgumentError for sizes that are not positive integers; ShapeError
    for an input that is smaller than a 'valid' window.

    Example:
        >>> import numpy as np
        >>> x = np.arange(8.0).reshape(1, 2, 2, 2, 1)
        >>> AveragePooling3D(2)(x).tolist()
        [[[[[3.5]]]]]
    """

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
    """Largest value of each channel over all steps.

    Whether a feature is anywhere in the sequence, whatever the sequence's length.

    Input shape: (batch, steps, channels)
    Output shape: (batch, channels); with `keepdims` (batch, 1, channels)

    Example:
        >>> import numpy as np
        >>> x = np.array([[[1.0, 9.0], [4.0, 2.0]]])
        >>> GlobalMaxPooling1D()(x).tolist()
        [[4.0, 9.0]]
    """

    rank = 1
    aliases = ("GlobalMaxPool1D",)


class GlobalMaxPooling2D(_GlobalMaxPooling):
    """Largest value of each channel over all rows and columns.

    Whether a feature is anywhere in the image, whatever the image's size.

    Input shape: (batch, rows, columns, channels)
    Output shape: (batch, channels); with `keepdims` (batch, 1, 1, channels)

    Example:
        >>> import numpy as np
        >>> x = np.arange(9.0).reshape(1, 3, 3, 1)
        >>> GlobalMaxPooling2D()(x).tolist(), GlobalMaxPooling2D(keepdims=True)(x).shape
        ([[8.0]], (1, 1, 1, 1))
    """

    rank = 2
    aliases = ("GlobalMaxPool2D",)


class GlobalMaxPooling3D(_GlobalMaxPooling):
    """Largest value of each channel over a whole volume.

    Whether a feature is anywhere in the volume, whatever the volume's size.

    Input shape: (batch, depth, rows, columns, channels)
    Output shape: (batch, channels); with `keepdims` (batch, 1, 1, 1, channels)

    Example:
        >>> import numpy as np
        >>> GlobalMaxPooling3D()(np.arange(8.0).reshape(1, 2, 2, 2, 1)).tolist()
        [[7.0]]
    """

    rank = 3
    aliases = ("GlobalMaxPool3D",)


class GlobalAveragePooling1D(_GlobalPooling):
    """Mean of each channel over all steps.

    One vector for a sequence of any length; steps that the mask hides do not count.

    Call: `layer(x, mask=None)`; `mask` (batch, steps) is True for the steps that count.
    Input shape: (batch, steps, channels)
    Output shape: (batch, channels); with `keepdims` (batch, 1, channels)

    Example:
        >>> import numpy as np
        >>> x = np.array([[[1.0], [3.0], [8.0]]])
        >>> GlobalAveragePooling1D()(x).tolist()
        [[4.0]]
        >>> GlobalAveragePooling1D()(x, mask=np.array([[True, True, False]])).tolist()
        [[2.0]]
    """

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

    def compute_mask(self, inputs: object, previous_mask: Array | None) -> Any:
        """None: there are no steps left."""
        return None


class GlobalAveragePooling2D(_GlobalAveragePooling):
    """Mean of each channel over all rows and columns.

    One vector for an image of any size, in place of Flatten and a large Dense.

    Input shape: (batch, rows, columns, channels)
    Output shape: (batch, channels); with `keepdims` (batch, 1, 1, channels)
    Source: Lin, Chen, Yan 2013, arXiv:1312.4400.

    Example:
        >>> import numpy as np
        >>> x = np.arange(9.0).reshape(1, 3, 3, 1)
        >>> GlobalAveragePooling2D()(x).tolist()
        [[4.0]]
    """

    rank = 2
    aliases = ("GlobalAvgPool2D",)


class GlobalAveragePooling3D(_GlobalAveragePooling):
    """Mean of each channel over a whole volume.

    One vector for a volume of any size, in place of Flatten and a large Dense.

    Input shape: (batch, depth, rows, columns, channels)
    Output shape: (batch, channels); with `keepdims` (batch, 1, 1, 1, channels)

    Example:
        >>> import numpy as np
        >>> GlobalAveragePooling3D()(np.arange(8.0).reshape(1, 2, 2, 2, 1)).tolist()
        [[3.5]]
    """

    rank = 3
    aliases = ("GlobalAvgPool3D",)


class _AdaptivePooling(Layer):
    rank: ClassVar[int]

    def __init__(
        self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any
    ) -> None:
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
    """Largest values of a given number of nearly equal windows over steps.

    The output has one size for inputs of any size. Window i of n reaches from
    floor(i * size / n) to ceil((i + 1) * size / n), so that neighbours may overlap.

    Input shape: (batch, steps, channels)
    Output shape: (batch, output_size, channels)
    Raises: InvalidArgumentError for an `output_size` that is not of positive integers.

    Example:
        >>> import numpy as np
        >>> x = np.array([1.0, 4.0, 2.0, 3.0, 0.0]).reshape(1, 5, 1)
        >>> AdaptiveMaxPooling1D(2)(x)[0, :, 0].tolist()  # steps 0 to 2, and 2 to 4
        [4.0, 3.0]
    """

    rank = 1


class AdaptiveMaxPooling2D(_AdaptiveMaxPooling):
    """Largest values of a given number of nearly equal windows over images.

    The output has one size for inputs of any size. Window i of n reaches from
    floor(i * size / n) to ceil((i + 1) * size / n), so that neighbours may overlap.

    Input shape: (batch, rows, columns, channels)
    Output shape: (batch, *output_size, channels)
    Raises: InvalidArgumentError for an `output_size` that is not of positive integers.

    Example:
        >>> import numpy as np
        >>> x = np.arange(12.0).reshape(1, 3, 4, 1)
        >>> AdaptiveMaxPooling2D((1, 2))(x)[0, :, :, 0].tolist()
        [[9.0, 11.0]]
    """

    rank = 2


class AdaptiveMaxPooling3D(_AdaptiveMaxPooling):
    """Largest values of a given number of nearly equal windows over volumes.

    The output has one size for inputs of any size. Window i of n reaches from
    floor(i * size / n) to ceil((i + 1) * size / n), so that neighbours may overlap.

    Input shape: (batch, depth, rows, columns, channels)
    Output shape: (batch, *output_size, channels)
    Raises: InvalidArgumentError for an `output_size` that is not of positive integers.

    Example:
        >>> import numpy as np
        >>> x = np.arange(8.0).reshape(1, 2, 2, 2, 1)
        >>> AdaptiveMaxPooling3D((2, 1, 1))(x).ravel().tolist()
        [3.0, 7.0]
    """

    rank = 3


class AdaptiveAveragePooling1D(_AdaptiveAveragePooling):
    """Means of a given number of nearly equal windows over steps.

    The output has one size for inputs of any size. Window i of n reaches from
    floor(i * size / n) to ceil((i + 1) * size / n), so that neighbours may overlap.

    Input shape: (batch, steps, channels)
    Output shape: (batch, output_size, channels)
    Raises: InvalidArgumentError for an `output_size` that is not of positive integers.

    Example:
        >>> import numpy as np
        >>> x = np.array([1.0, 2.0, 3.0, 4.0, 5.0]).reshape(1, 5, 1)
        >>> AdaptiveAveragePooling1D(2)(x)[0, :, 0].tolist()  # steps 0 to 2, and 2 to 4
        [2.0, 4.0]
    """

    rank = 1


class AdaptiveAveragePooling2D(_AdaptiveAveragePooling):
    """Means of a given number of nearly equal windows over images.

    The output has one size for inputs of any size. Window i of n reaches from
    floor(i * size / n) to ceil((i + 1) * size / n), so that neighbours may overlap.

    Input shape: (batch, rows, columns, channels)
    Output shape: (batch, *output_size, channels)
    Raises: InvalidArgumentError for an `output_size` that is not of positive integers.

    Example:
        >>> import numpy as np
        >>> x = np.arange(12.0).reshape(1, 3, 4, 1)
        >>> AdaptiveAveragePooling2D((1, 2))(x)[0, :, :, 0].tolist()
        [[4.5, 6.5]]
    """

    rank = 2


class AdaptiveAveragePooling3D(_AdaptiveAveragePooling):
    """Means of a given number of nearly equal windows over volumes.

    The output has one size for inputs of any size. Window i of n reaches from
    floor(i * size / n) to ceil((i + 1) * size / n), so that neighbours may overlap.

    Input shape: (batch, depth, rows, columns, channels)
    Output shape: (batch, *output_size, channels)
    Raises: InvalidArgumentError for an `output_size` that is not of positive integers.

    Example:
        >>> import numpy as np
        >>> x = np.arange(8.0).reshape(1, 2, 2, 2, 1)
        >>> AdaptiveAveragePooling3D((2, 1, 1))(x).ravel().tolist()
        [1.5, 5.5]
    """

    rank = 3


MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D = GlobalMaxPooling1D, GlobalMaxPooling2D, GlobalMaxPooling3D
GlobalAvgPool1D, GlobalAvgPool2D = GlobalAveragePooling1D, GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D

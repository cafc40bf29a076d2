"""Layers that rearrange, crop, pad or repeat, without weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.input_spec import InputSpec
from layerlab.core.layer import Layer
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.layers.arguments import as_data_format, as_pairs, as_positive, as_sizes
from layerlab.numeric import as_open_sizes, is_integer
from layerlab.ops.image.resizing import INTERPOLATIONS
from layerlab.settings import choose

__all__ = [
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Flatten",
    "Permute",
    "RepeatVector",
    "Reshape",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
]


class Flatten(Layer):
    """All axes but the batch as one, between convolutions and a Dense layer, say.

    Args:
        data_format: order of the axes; with 'channels_first' the channels are moved
            behind the places first, so that the result is the same as for
            'channels_last'. None is `layerlab.config.image_data_format()`, at first
            'channels_last'.
    Input shape: (batch, a, b, ...), or (batch,).
    Output shape: (batch, a * b * ...), or (batch, 1).

    Example:
        >>> import numpy as np
        >>> np.asarray(Flatten()(np.array([[[1.0, 2.0], [3.0, 4.0]]]))).tolist()
        [[1.0, 2.0, 3.0, 4.0]]
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Array) -> Array:
        if self.data_format == "channels_first" and len(inputs.shape) > 2:
            inputs = ops.moveaxis(inputs, 1, -1)
        return ops.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))


class Reshape(Layer):
    """The same values in another shape, in the same order.

    Args:
        target_shape: sizes without the batch; one of them may be -1, which is then
            worked out from the others.
    Input shape: (batch, ...).
    Output shape: (batch, *target_shape).
    Raises: ShapeError unless both shapes have as many values.

    Example:
        >>> import numpy as np
        >>> np.asarray(Reshape((2, -1))(np.array([[1.0, 2.0, 3.0, 4.0]]))).tolist()
        [[[1.0, 2.0], [3.0, 4.0]]]
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape: Any = as_open_sizes(target_shape)
        bad = [size for size in self.target_shape if not is_integer(size) or size < -1]
        if bad or self.target_shape.count(-1) > 1:
            raise InvalidArgumentError(
                explain(
                    "Reshape got a bad `target_shape`.",
                    expected="sizes, at most one of them -1",
                    got=str(target_shape),
                )
            )

    def call(self, inputs: Array) -> Array:
        size = math.prod(inputs.shape[1:])
        known = math.prod(s for s in self.target_shape if s != -1)
        fits = size == known if -1 not in self.target_shape else known and size % known == 0
        if not fits:
            raise ShapeError(
                explain(
                    f"{self.describe()} cannot reshape {tuple(inputs.shape[1:])} to {self.target_shape}.",
                    expected=f"{size} values per sample",
                    fix="give a target_shape whose product is that, or use -1 for one axis",
                )
            )
        return ops.reshape(
            inputs, (inputs.shape[0], *(size // known if s == -1 else s for s in self.target_shape))
        )


class Permute(Layer):
    """The axes in another order: time and features exchanged, for example.

    Args:
        dims: for each axis of the output behind the batch, the axis of the input,
            counted from 1; (2, 1) exchanges two axes.
    Input shape: (batch, ...), of as many axes behind the batch as `dims` has numbers.
    Output shape: (batch, ...), the sizes in the order of `dims`.
    Raises: InvalidArgumentError unless `dims` has each of 1, 2, ... once.

    Example:
        >>> import numpy as np
        >>> np.asarray(Permute((2, 1))(np.array([[[1.0, 2.0], [3.0, 4.0]]]))).tolist()
        [[[1.0, 3.0], [2.0, 4.0]]]
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise InvalidArgumentError(
                explain(
                    "Permute got bad `dims`.",
                    expected="each of 1, 2, ... once; the batch stays first",
                    got=str(dims),
                )
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Array) -> Array:
        return ops.transpose(inputs, (0, *self.dims))


class RepeatVector(Layer):
    """The same vector at each of n steps: from one encoding to the input of a decoder.

    Args:
        n: number of steps.
    Input shape: (batch, features).
    Output shape: (batch, n, features).

    Example:
        >>> import numpy as np
        >>> np.asarray(RepeatVector(3)(np.array([[1.0, 2.0]]))).tolist()
        [[[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]]
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = as_positive(n, "n", "RepeatVector")
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Array) -> Array:
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)


class _Cropping(Layer):
    """What the croppings share: `cropping` pairs from the first axis of places on."""

    rank: ClassVar[int]
    cropping: Any
    data_format: str = "channels_last"

    def call(self, inputs: Array) -> Array:
        first = 1 if self.data_format == "channels_last" else 2
        index = [slice(None)] * len(inputs.shape)
        pairs = (self.cropping,) if self.rank == 1 else self.cropping
        for axis, (before, after) in enumerate(pairs, start=first):
            size = inputs.shape[axis]
            if before + after >= size:
                raise ShapeError(
                    explain(
                        f"{self.describe()} got an input of shape {tuple(inputs.shape)}.",
                        expected=f"axis {axis} of more than {before + after}",
                        fix="crop less, or give it a larger input",
                    )
                )
            index[axis] = slice(before, size - after)
        return inputs[tuple(index)]


class Cropping1D(_Cropping):
    """Steps dropped at the beginning and at the end.

    Args:
        cropping: number of steps to drop at each end, or a pair (first, last).
    Input shape: (batch, steps, features).
    Output shape: (batch, steps - first - last, features).
    Raises: ShapeError if no step would be left.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[1.0], [2.0], [3.0], [4.0]]])
        >>> np.asarray(Cropping1D((1, 2))(x)).tolist()
        [[[2.0]]]
    """

    rank = 1

    def __init__(self, cropping: int | Sequence[int] = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping = as_sizes(cropping, 2, "cropping", allow_zero=True)
        self.input_spec = InputSpec(ndim=3)


class Cropping2D(_Cropping):
    """Rows and columns dropped at the edges of images.

    Args:
        cropping: number of pixels to drop at each edge; a pair (rows, columns), each
            for both edges; or ((top, bottom), (left, right)). The default drops none.
    Input shape: (batch, rows, columns, channels), or channels first.
    Output shape: the same, with fewer rows and columns.
    Raises: ShapeError if nothing would be left.

    Example:
        >>> import numpy as np
        >>> image = np.arange(9.0).reshape(1, 3, 3, 1)
        >>> np.asarray(Cropping2D(1)(image)).tolist()  # the middle
        [[[[4.0]]]]
    """

    rank = 2

    def __init__(
        self,
        cropping: int | Sequence[int] | Sequence[Sequence[int]] = ((0, 0), (0, 0)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cropping = as_pairs(cropping, 2, "cropping")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=4)


class Cropping3D(_Cropping):
    """The edges of volumes dropped along all three axes.

    Args:
        cropping: number of places to drop at each edge; three numbers, each for both
            edges of an axis; or three pairs (before, after).
    Input shape: (batch, depth, rows, columns, channels), or channels first.
    Output shape: the same, with fewer places.
    Raises: ShapeError if nothing would be left.

    Example:
        >>> import numpy as np
        >>> volume = np.arange(27.0).reshape(1, 3, 3, 3, 1)
        >>> np.asarray(Cropping3D(1)(volume)).tolist()  # the middle
        [[[[[13.0]]]]]
    """

    rank = 3

    def __init__(
        self,
        cropping: int | Sequence[int] | Sequence[Sequence[int]] = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cropping = as_pairs(cropping, 3, "cropping")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=5)


class _ZeroPadding(Layer):
    """What the paddings share: `padding` pairs from the first axis of places on."""

    rank: ClassVar[int]
    padding: Any
    data_format: str

    def call(self, inputs: Array) -> Array:
        pairs = (self.padding,) if self.rank == 1 else self.padding
        none = (0, 0)
        spatial = (none, *pairs, none) if self.data_format == "channels_last" else (none, none, *pairs)
        return ops.pad(inputs, spatial)


class ZeroPadding1D(_ZeroPadding):
    """Zeros before the first step and after the last.

    Args:
        padding: number of zeros at each end, or a pair (first, last).
        data_format: 'channels_last' for (batch, steps, features), 'channels_first' for
            (batch, features, steps). None is `layerlab.config.image_data_format()`.
    Input shape: (batch, steps, features).
    Output shape: (batch, first + steps + last, features).

    Example:
        >>> import numpy as np
        >>> np.asarray(ZeroPadding1D((2, 1))(np.array([[[5.0]]]))).tolist()
        [[[0.0], [0.0], [5.0], [0.0]]]
    """

    rank = 1

    def __init__(
        self,
        padding: int | Sequence[int] = 1,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.padding = as_sizes(padding, 2, "padding", allow_zero=True)
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=3)


class ZeroPadding2D(_ZeroPadding):
    """Zeros around images.

    Args:
        padding: number of zeros at each edge; a pair (rows, columns), each for both
            edges; or ((top, bottom), (left, right)).
    Input shape: (batch, rows, columns, channels), or channels first.
    Output shape: the same, with more rows and columns.

    Example:
        >>> import numpy as np
        >>> padded = ZeroPadding2D(((1, 0), (0, 2)))(np.full((1, 1, 1, 1), 5.0))
        >>> np.asarray(padded)[0, :, :, 0].tolist()
        [[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]]
    """

    rank = 2

    def __init__(
        self,
        padding: int | Sequence[int] | Sequence[Sequence[int]] = (1, 1),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.padding = as_pairs(padding, 2, "padding")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=4)


class ZeroPadding3D(_ZeroPadding):
    """Zeros around volumes.

    Args:
        padding: number of zeros at each edge; three numbers, each for both edges of an
            axis; or three pairs (before, after).
    Input shape: (batch, depth, rows, columns, channels), or channels first.
    Output shape: the same, with more places.

    Example:
        >>> import numpy as np
        >>> x = np.full((1, 1, 1, 1, 1), 5.0)
        >>> padded = ZeroPadding3D(((1, 0), (0, 0), (0, 2)))(x)
        >>> np.asarray(padded)[0, :, 0, :, 0].tolist()
        [[0.0, 0.0, 0.0], [5.0, 0.0, 0.0]]
    """

    rank = 3

    def __init__(
        self,
        padding: int | Sequence[int] | Sequence[Sequence[int]] = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.padding = as_pairs(padding, 3, "padding")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=5)


class UpSampling1D(Layer):
    """Each step several times in a row.

    Args:
        size: how often.
    Input shape: (batch, steps, features).
    Output shape: (batch, size * steps, features).

    Example:
        >>> import numpy as np
        >>> np.asarray(UpSampling1D(2)(np.array([[[1.0], [2.0]]]))).tolist()
        [[[1.0], [1.0], [2.0], [2.0]]]
    """

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = as_positive(size, "size", "UpSampling1D")
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Array) -> Array:
        return ops.repeat(inputs, self.size, axis=1)


class UpSampling2D(Layer):
    """Images enlarged by whole factors: the way back from pooling, without weights.

    Args:
        size: factor, or a pair (rows, columns).
        interpolation: 'nearest' repeats each pixel; 'bilinear', 'bicubic', 'lanczos3'
            and 'lanczos5' blend neighbours, as in `ops.image.resize`.
    Input shape: (batch, rows, columns, channels), or channels first.
    Output shape: the same, with the rows and columns times their factors.

    Example:
        >>> import numpy as np
        >>> image = np.array([[[[1.0], [2.0]]]])
        >>> np.asarray(UpSampling2D((1, 2))(image))[0, :, :, 0].tolist()
        [[1.0, 1.0, 2.0, 2.0]]
    """

    def __init__(
        self,
        size: int | Sequence[int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = as_sizes(size, 2, "size")
        self.data_format = as_data_format(data_format)
        self.interpolation = choose(interpolation.lower(), INTERPOLATIONS, "interpolation")
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Array) -> Array:
        if self.interpolation == "nearest":
            return _repeat(inputs, self.size, self.data_format)
        rows = 1 if self.data_format == "channels_last" else 2
        size = [factor * n for factor, n in zip(self.size, inputs.shape[rows : rows + 2], strict=True)]
        return ops.image.resize(inputs, size, self.interpolation, data_format=self.data_format)


class UpSampling3D(Layer):
    """Volumes enlarged by whole factors: each value repeated along the three axes.

    Args:
        size: factor, or three (depth, rows, columns).
    Input shape: (batch, depth, rows, columns, channels), or channels first.
    Output shape: the same, with the places times their factors.

    Example:
        >>> import numpy as np
        >>> volume = np.array([[[[[1.0], [2.0]]]]])
        >>> np.asarray(UpSampling3D((1, 1, 2))(volume))[0, 0, :, :, 0].tolist()
        [[1.0, 1.0, 2.0, 2.0]]
    """

    def __init__(
        self, size: int | Sequence[int] = (2, 2, 2), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.size = as_sizes(size, 3, "size")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Array) -> Array:
        return _repeat(inputs, self.size, self.data_format)


def _repeat(x: Array, factors: tuple[int, ...], data_format: str) -> Array:
    first = 1 if data_format == "channels_last" else 2
    for axis, factor in enumerate(factors, start=first):
        x = ops.repeat(x, factor, axis=axis)
    return x

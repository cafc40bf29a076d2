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
    """All axes but the batch in one: (batch, a, b, ...) to (batch, a * b * ...); (batch,) to (batch, 1).

    Example:
        >>> import numpy as np
        >>> Flatten()(np.zeros((2, 3, 4))).shape == (2, 12)
        True
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
    """The same values in another shape.

    Args:
        target_shape: without the batch; one size may be -1.
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = tuple(target_shape)
        bad = [size for size in self.target_shape if not isinstance(size, int) or size < -1]
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
    """Axes in another order.

    Args:
        dims: for each axis of the output after the batch, the axis of the input, counted from 1.
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
    """(batch, features) to (batch, n, features)."""

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = as_positive(n, "n", "RepeatVector")
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Array) -> Array:
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)


class _Cropping(Layer):
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
    """Drops `cropping` (first, last) steps of (batch, steps, features)."""

    rank = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cropping = as_sizes(cropping, 2, "cropping", allow_zero=True)
        self.input_spec = InputSpec(ndim=3)


class Cropping2D(_Cropping):
    """Drops rows and columns at the edges: an integer, (rows, columns) or ((top, bottom), (left, right))."""

    rank = 2

    def __init__(
        self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.cropping = as_pairs(cropping, 2, "cropping")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=4)


class Cropping3D(_Cropping):
    """Drops the edges of volumes; `cropping` is an integer, 3 integers or 3 pairs."""

    rank = 3

    def __init__(
        self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.cropping = as_pairs(cropping, 3, "cropping")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=5)


class _ZeroPadding(Layer):
    rank: ClassVar[int]
    padding: Any
    data_format: str

    def call(self, inputs: Array) -> Array:
        pairs = (self.padding,) if self.rank == 1 else self.padding
        none = (0, 0)
        spatial = (none, *pairs, none) if self.data_format == "channels_last" else (none, none, *pairs)
        return ops.pad(inputs, spatial)


class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after the steps of (batch, steps, features)."""

    rank = 1

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = as_sizes(padding, 2, "padding", allow_zero=True)
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=3)


class ZeroPadding2D(_ZeroPadding):
    """Zeros around images; `padding` is an integer, (rows, columns) or ((top, bottom), (left, right))."""

    rank = 2

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.padding = as_pairs(padding, 2, "padding")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=4)


class ZeroPadding3D(_ZeroPadding):
    """Zeros around volumes; `padding` is an integer, 3 integers or 3 pairs."""

    rank = 3

    def __init__(
        self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.padding = as_pairs(padding, 3, "padding")
        self.data_format = as_data_format(data_format)
        self.input_spec = InputSpec(ndim=5)


class UpSampling1D(Layer):
    """Each step `size` times: (batch, steps, features) to (batch, size * steps, features)."""

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = as_positive(size, "size", "UpSampling1D")
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Array) -> Array:
        return ops.repeat(inputs, self.size, axis=1)


class UpSampling2D(Layer):
    """Images enlarged by whole factors.

    Args:
        size: factor of rows and columns.
        interpolation: "nearest" repeats each pixel; "bilinear", "bicubic", "lanczos3" and "lanczos5" are
            those of `ops.image.resize`.
    """

    def __init__(
        self,
        size: Any = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = as_sizes(size, 2, "size")
        self.data_format = as_data_format(data_format)
        self.interpolation = choose(interpolation.lower(), ops.image.INTERPOLATIONS, "interpolation")
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Array) -> Array:
        if self.interpolation == "nearest":
            return _repeat(inputs, self.size, self.data_format)
        rows = 1 if self.data_format == "channels_last" else 2
        size = [factor * n for factor, n in zip(self.size, inputs.shape[rows : rows + 2], strict=True)]
        return ops.image.resize(inputs, size, self.interpolation, data_format=self.data_format)


class UpSampling3D(Layer):
    """Volumes enlarged by whole factors: each value repeated `size` times along its axis."""

    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any) -> None:
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

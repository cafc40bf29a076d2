"""`ops.image.resize`: a product with one matrix of weights along each of the two axes.

Images are (height, width, channels) or (batch, height, width, channels), or with the channels before height
and width with data_format "channels_first"; data_format None is the setting's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.ops.create import saturate_cast
from layerlab.ops.elementwise import sinc
from layerlab.ops.op import op
from layerlab.settings import DATA_FORMATS, choose, settings
from layerlab.typing import Operand

__all__ = ["resize"]


@op("images", home="ops.image")
def resize(
    images: Operand,
    size: Sequence[int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Array:
    """Images of another height and width.

    Args:
        images: (height, width, channels), or a batch (batch, height, width, channels).
        size: (height, width) of the result.
        interpolation: "nearest" takes the nearest pixel, "bilinear" a weighted mean of
            the four around; "bicubic" (Keys 1981, a = -0.5), "lanczos3" and "lanczos5"
            are sharper, and wider.
        antialias: True, when shrinking, averages over all pixels that a new one covers;
            without it fine patterns give false ones. "nearest" never does.
        crop_to_aspect_ratio: True first takes the largest centred window of the
            proportions of `size`, so that nothing is stretched.
        pad_to_aspect_ratio: True first adds `fill_value` evenly on both sides, up to
            the proportions of `size`.
        fill_mode: "constant".
        fill_value: what `pad_to_aspect_ratio` adds; by default 0, black.
        data_format: "channels_last", or "channels_first" for (channels, height, width).
            None is the setting `image_data_format`, at first "channels_last".
    Returns: images in their own dtype; integers are rounded and kept in range.
    Raises: ShapeError unless images have 3 or 4 axes; InvalidArgumentError for another
        interpolation, or to crop and pad.
    Source: the conventions of jax.image.resize: pixel centres are at half integers.

    Example:
        >>> row = np.array([[[0.0], [8.0]]])  # an image of 1 by 2 pixels
        >>> resize(row, (1, 4))[0, :, 0].tolist()
        [0.0, 2.0, 6.0, 8.0]
        >>> resize(row, (1, 4), interpolation="nearest")[0, :, 0].tolist()
        [0.0, 0.0, 8.0, 8.0]
    """
    rows, columns = _axes(images, data_format)
    size = as_image_size(size, "resize", "size=(height, width), at least 1")
    choose(interpolation, INTERPOLATIONS, "interpolation")
    choose(fill_mode, ("constant",), "fill_mode")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise InvalidArgumentError(
            explain(
                "resize", expected="crop_to_aspect_ratio or pad_to_aspect_ratio", got="both", fix="drop one"
            )
        )
    if crop_to_aspect_ratio:
        images = _cropped(images, size, rows, columns)
    if pad_to_aspect_ratio:
        images = _padded(images, size, rows, columns, fill_value)
    x = images
    for axis, length in ((rows, size[0]), (columns, size[1])):
        x = _resampled(x, axis, length, interpolation, antialias)
    return _back_to(backend().dtype_name(images), x)


def _axes(images: Array, data_format: str | None) -> tuple[int, int]:
    """The axes of height and width."""
    rank = len(images.shape)
    if rank not in (3, 4):
        raise ShapeError(
            explain("resize", expected="one image (3 axes) or a batch (4)", got=str(tuple(images.shape)))
        )
    chosen = choose(data_format or settings.image_data_format, DATA_FORMATS, "data format")
    return (rank - 3, rank - 2) if chosen == "channels_last" else (rank - 2, rank - 1)


def as_image_size(size: object, what: str, expected: str) -> tuple[int, int]:
    """(height, width) as ints.

    Args:
        what, expected: for the message.
    Raises: InvalidArgumentError unless it is two whole numbers, each 1 or more.
    """
    sizes = tuple(size) if isinstance(size, list | tuple | np.ndarray) else ()
    if len(sizes) != 2 or any(int(length) != length or length < 1 for length in sizes):
        raise InvalidArgumentError(explain(what, expected=expected, got=repr(size)[:80]))
    return int(sizes[0]), int(sizes[1])


def _cropped(images: Array, size: tuple[int, int], rows: int, columns: int) -> Array:
    """The largest window of the proportions of `size`, from the middle."""
    height, width = images.shape[rows], images.shape[columns]
    window = (
        max(min(height, width * size[0] // size[1]), 1),
        max(min(width, height * size[1] // size[0]), 1),
    )
    index = [slice(None)] * len(images.shape)
    for axis, length in ((rows, window[0]), (columns, window[1])):
        start = (images.shape[axis] - length) // 2
        index[axis] = slice(start, start + length)
    return images[tuple(index)]


def _padded(images: Array, size: tuple[int, int], rows: int, columns: int, fill_value: float) -> Array:
    """With the same margin before and after, of one axis at most."""
    height, width = images.shape[rows], images.shape[columns]
    above = (max(height, width * size[0] // size[1]) - height) // 2
    beside = (max(width, height * size[1] // size[0]) - width) // 2
    axis, margin = (rows, above) if above else (columns, beside)
    if not margin:
        return images
    shape = list(images.shape)
    shape[axis] = margin
    value = backend().asarray(np.full(tuple(shape), fill_value), backend().dtype_name(images))
    return backend().xp.concat([value, images, value], axis=axis)


# -- one axis -----------------------------------------------------------------------------------------


def _resampled(x: Array, axis: int, length: int, interpolation: str, antialias: bool) -> Array:
    """x with `length` elements along an axis; floating unless nothing is computed."""
    if x.shape[axis] == length:
        return x
    if interpolation == "nearest":
        nearest = np.floor((np.arange(length) + 0.5) * x.shape[axis] / length).astype("int32")
        return backend().xp.take(x, backend().asarray(nearest, "int32"), axis=axis)
    dtype = "float64" if backend().dtype_name(x) == "float64" else "float32"
    weights = _weights(x.shape[axis], length, _KERNELS[interpolation], antialias, dtype)
    product = backend().xp.tensordot(backend().cast(x, dtype), weights, axes=((axis,), (0,)))
    return backend().xp.moveaxis(product, -1, axis)


def _weights(before: int, after: int, kernel: Callable[[Array], Array], antialias: bool, dtype: str) -> Array:
    """(before, after): how much each old pixel counts in each new one.

    Computed by the back end, so that it costs nothing while shapes are inferred.
    """
    xp, step = backend().xp, before / after
    centres = (xp.arange(after, dtype=dtype) + 0.5) * step - 0.5  # of the new pixels, in old ones
    distance = xp.abs(centres[None, :] - xp.arange(before, dtype=dtype)[:, None])
    weights = kernel(distance / (max(step, 1.0) if antialias else 1.0))
    return weights / xp.sum(weights, axis=0)  # at the edges a part of the kernel is outside


def _triangle(x: Array) -> Array:
    return backend().xp.where(x < 1, 1.0 - x, 0.0)


def _cubic(x: Array) -> Array:
    where = backend().xp.where
    near = (1.5 * x - 2.5) * x**2 + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return where(x < 1, near, where(x < 2, far, 0.0))


def _lanczos(radius: int) -> Callable[[Array], Array]:
    return lambda x: backend().xp.where(x < radius, sinc(x) * sinc(x / radius), 0.0)


_KERNELS: dict[str, Callable[[Array], Array]] = {
    "bilinear": _triangle,
    "bicubic": _cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}
INTERPOLATIONS = ("nearest", *_KERNELS)


def _back_to(dtype: str, x: Array) -> Array:
    """In the dtype of the images; the cubic kernels overshoot what integers can hold."""
    if backend().dtype_name(x) == dtype:
        return x
    return saturate_cast(backend().xp.round(x) if dtypes.is_integer(dtype) else x, dtype)

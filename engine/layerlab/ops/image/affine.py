"""Images moved by an affine map: where each pixel of the result is read, and what is outside of an image."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import ShapeError, explain
from layerlab.ops.create import saturate_cast
from layerlab.ops.op import op
from layerlab.settings import DATA_FORMATS, choose, settings
from layerlab.typing import Operand

__all__ = ["affine_transform"]

READINGS = ("nearest", "bilinear")  # how a place between pixels is read


@op("images", as_is=("transform",), promote=None, home="ops.image")
def affine_transform(
    images: Operand,
    transform: Operand,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Array:
    """Images rotated, stretched, sheared and shifted by an affine map.

    The pixel of the result in column x and row y is read at column a0 x + a1 y + a2 and
    row b0 x + b1 y + b2 of the image.

    Args:
        images: (height, width, channels), or a batch (batch, height, width, channels).
        transform: a0, a1, a2, b0, b1, b2 and two numbers that are not used (an affine
            map has no perspective): (8,) for all images, or (batch, 8).
        interpolation: "nearest" takes the nearest pixel, "bilinear" a weighted mean of
            the four around.
        fill_mode: what is outside of the image: "constant" is `fill_value`, "nearest"
            the pixel at the edge, "wrap" the image again, "mirror" the image mirrored
            at the middle of its last pixel, "reflect" at its edge.
        fill_value: what "constant" fills with; by default 0, black.
        data_format: "channels_last", or "channels_first" for (channels, height, width).
            None is the setting `image_data_format`, at first "channels_last".
    Returns: images of the same shape and dtype; integers are rounded.
    Raises: ShapeError unless images have 3 or 4 axes, and `transform` fits them;
        InvalidArgumentError for another interpolation or fill mode.

    Example:
        >>> import numpy as np
        >>> row = np.array([[[1.0], [2.0], [3.0]]])  # an image of 1 by 3 pixels
        >>> moved = affine_transform(row, np.array([1.0, 0, -1, 0, 1, 0, 0, 0]))
        >>> moved[0, :, 0].tolist()  # each pixel from one column before
        [0.0, 1.0, 2.0]
    """
    choose(interpolation, READINGS, "interpolation")
    choose(fill_mode, tuple(FILL_MODES), "fill_mode")
    chosen = choose(data_format or settings.image_data_format, DATA_FORMATS, "data format")
    xp, rank = backend().xp, len(images.shape)
    _check(images, transform)
    x = images if chosen == "channels_last" else xp.moveaxis(images, -3, -1)
    batch = x if rank == 4 else x[None]
    transform = backend().cast(transform if len(transform.shape) == 2 else transform[None], "float32")
    rows, columns = _places(transform, batch.shape[1], batch.shape[2])
    moved = _read(batch, rows, columns, interpolation, fill_mode, fill_value)
    moved = moved if rank == 4 else moved[0]
    return moved if chosen == "channels_last" else xp.moveaxis(moved, -1, -3)


def _check(images: Array, transform: Array) -> None:
    if len(images.shape) not in (3, 4):
        raise ShapeError(
            explain(
                "affine_transform", expected="one image (3 axes) or a batch (4)", got=str(tuple(images.shape))
            )
        )
    count = images.shape[0] if len(images.shape) == 4 else 1
    if tuple(transform.shape) not in ((8,), (count, 8), (1, 8)):
        raise ShapeError(
            explain(
                "affine_transform got a bad `transform`.",
                expected=f"shape (8,) or ({count}, 8)",
                got=str(tuple(transform.shape)),
            )
        )


def _places(transform: Array, height: int, width: int) -> tuple[Array, Array]:
    """Rows and columns, (batch, height, width) each, at which the pixels of the result are read."""
    xp = backend().xp
    y = xp.arange(height, dtype="float32")[None, :, None]
    x = xp.arange(width, dtype="float32")[None, None, :]
    a0, a1, a2, b0, b1, b2 = (transform[:, k, None, None] for k in range(6))
    return b0 * x + b1 * y + b2, a0 * x + a1 * y + a2


def _read(
    images: Array, rows: Array, columns: Array, interpolation: str, fill_mode: str, fill_value: float
) -> Array:
    """The pixels of a batch at these places, in the dtype of the images."""
    xp = backend().xp
    if interpolation == "nearest":
        return _pixels(images, _rounded(rows), _rounded(columns), fill_mode, fill_value)
    top, left = xp.floor(rows), xp.floor(columns)
    below, right = rows - top, columns - left
    dtype = backend().dtype_name(images)
    x = backend().cast(images, "float64" if dtype == "float64" else "float32")
    corners = []
    for down, across in itertools.product((0, 1), repeat=2):
        share = (below if down else 1 - below) * (right if across else 1 - right)
        pixels = _pixels(x, top + down, left + across, fill_mode, fill_value)
        corners.append(pixels * share[..., None])
    total = sum(corners[1:], corners[0])
    return saturate_cast(_rounded(total), dtype) if dtypes.is_integer(dtype) else backend().cast(total, dtype)


def _rounded(x: Array) -> Array:
    """To the nearest whole number, halves away from 0."""
    xp = backend().xp
    return xp.sign(x) * xp.floor(xp.abs(x) + 0.5)


def _pixels(images: Array, rows: Array, columns: Array, fill_mode: str, fill_value: float) -> Array:
    """The pixels (batch, ..., channels) at whole places, some of which are outside."""
    xp = backend().xp
    count, height, width, channels = images.shape
    row, column = (
        xp.clip(FILL_MODES[fill_mode](place, size), 0, size - 1)
        for place, size in ((rows, height), (columns, width))
    )
    first = backend().cast(xp.arange(count) * (height * width), "int32")[:, None, None]
    index = first + backend().cast(row, "int32") * width + backend().cast(column, "int32")
    flat = xp.reshape(images, (count * height * width, channels))
    pixels = xp.reshape(xp.take(flat, xp.reshape(index, (-1,)), axis=0), (*index.shape, channels))
    if fill_mode != "constant":
        return pixels
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    value = backend().asarray(fill_value, backend().dtype_name(images))
    return xp.where(inside[..., None], pixels, value)


# -- what is outside: a whole place on an axis, in the image -------------------------------------------------


def _mirrored(place: Array, size: int) -> Array:
    last = size - 1
    return backend().xp.abs((place + last) % (2 * last) - last) if last else place * 0


def _reflected(place: Array, size: int) -> Array:
    inside = place % (2 * size)
    return backend().xp.minimum(inside, 2 * size - 1 - inside)


FILL_MODES: dict[str, Callable[[Array, int], Array]] = {
    "constant": lambda place, size: place,
    "nearest": lambda place, size: place,  # the edge: what is read is clipped to the image
    "wrap": lambda place, size: place % size,
    "mirror": _mirrored,
    "reflect": _reflected,
}

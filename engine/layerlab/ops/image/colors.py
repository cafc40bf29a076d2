"""Colours of images in other terms: grey, or hue, saturation and value."""

from __future__ import annotations

from layerlab import dtypes
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.errors import DTypeError, ShapeError, explain
from layerlab.ops.op import op
from layerlab.settings import DATA_FORMATS, choose, settings
from layerlab.typing import Operand

__all__ = ["hsv_to_rgb", "rgb_to_grayscale", "rgb_to_hsv"]

_LUMA = (0.2989, 0.5870, 0.1140)  # how bright red, green and blue look: ITU-R BT.601

_STEPS = {"bfloat16": 2.0**-7, "float16": 2.0**-10, "float64": 2.0**-52}  # between 1 and the next number


@op("images", home="ops.image", class_name="RGBToGrayscale")
def rgb_to_grayscale(images: Operand, data_format: str | None = None) -> Array:
    """Images without colours: one channel, as bright as the three look.

    Args:
        images: (height, width, 3), or a batch (batch, height, width, 3); one channel
            stays as it is.
        data_format: "channels_last", or "channels_first" for (3, height, width). None
            is the setting `image_data_format`, at first "channels_last".
    Returns: images of one channel, of the same dtype.
    Raises: ShapeError for another number of axes or channels.

    Example:
        >>> import numpy as np
        >>> np.asarray(rgb_to_grayscale(np.array([[[0.0, 1.0, 0.0]]])), "float64").round(3).tolist()
        [[[0.587]]]
    """
    axis = _channels(images, "rgb_to_grayscale", data_format, (1, 3))
    if images.shape[axis] == 1:
        return images
    dtype = backend().dtype_name(images)
    x = images if dtypes.is_float(dtype) else backend().cast(images, "float32")
    red, green, blue = _planes(x, axis)
    grey = red * _LUMA[0] + green * _LUMA[1] + blue * _LUMA[2]
    return backend().cast(backend().xp.expand_dims(grey, axis=axis), dtype)


@op("images", home="ops.image", class_name="RGBToHSV")
def rgb_to_hsv(images: Operand, data_format: str | None = None) -> Array:
    """Red, green and blue as hue, saturation and value.

    Args:
        images: (height, width, 3), or a batch (batch, height, width, 3), floating.
        data_format: "channels_last", or "channels_first" for (3, height, width). None
            is the setting `image_data_format`, at first "channels_last".
    Returns: hue and saturation from 0 to 1, and the largest of the three colours.
    Raises: ShapeError for another number of axes or channels; DTypeError for integers.

    Example:
        >>> import numpy as np
        >>> np.asarray(rgb_to_hsv(np.array([[[0.0, 2.0, 0.0]]])), "float64").round(3).tolist()
        [[[0.333, 1.0, 2.0]]]
    """
    axis, where = _floating(images, "rgb_to_hsv", data_format), backend().xp.where
    tiny = _STEPS.get(backend().dtype_name(images), 2.0**-23)
    red, green, blue = _planes(where(backend().xp.abs(images) < tiny, images * 0, images), axis)
    value = backend().xp.maximum(backend().xp.maximum(red, green), blue)
    spread = value - backend().xp.minimum(backend().xp.minimum(red, green), blue)
    nothing, one = value * 0, value * 0 + 1
    sixth = 1.0 / (6.0 * where(spread > 0, spread, one))
    hue = where(value == green, sixth * (blue - red) + 2 / 6, sixth * (red - green) + 4 / 6)
    hue = where(value == red, sixth * (green - blue), hue)
    hue = where(spread > 0, hue, nothing) + where(hue < 0, one, nothing)
    saturation = where(value > 0, spread / where(value > 0, value, one), nothing)
    return backend().xp.stack([hue, saturation, value], axis=axis)


@op("images", home="ops.image", class_name="HSVToRGB")
def hsv_to_rgb(images: Operand, data_format: str | None = None) -> Array:
    """Hue, saturation and value as red, green and blue.

    Args:
        images: (height, width, 3), or a batch (batch, height, width, 3), floating: hue
            and saturation from 0 to 1, value in any range.
        data_format: "channels_last", or "channels_first" for (3, height, width). None
            is the setting `image_data_format`, at first "channels_last".
    Returns: images of the same shape and dtype, in the range of the value.
    Raises: ShapeError for another number of axes or channels; DTypeError for integers.

    Example:
        >>> import numpy as np
        >>> hsv_to_rgb(np.array([[[0.0, 1.0, 2.0]]])).tolist()
        [[[2.0, 0.0, 0.0]]]
    """
    axis, xp = _floating(images, "hsv_to_rgb", data_format), backend().xp
    hue, saturation, value = _planes(images, axis)
    place = hue % 1.0 * 6.0
    red = xp.clip(xp.abs(place - 3.0) - 1.0, 0.0, 1.0)
    green = xp.clip(2.0 - xp.abs(place - 2.0), 0.0, 1.0)
    blue = xp.clip(2.0 - xp.abs(place - 4.0), 0.0, 1.0)
    return xp.stack([value * (1.0 - saturation + saturation * c) for c in (red, green, blue)], axis=axis)


def _planes(images: Array, axis: int) -> list[Array]:
    """The three channels, without their axis."""
    index = [slice(None)] * len(images.shape)
    planes = []
    for channel in range(3):
        index[axis] = slice(channel, channel + 1)
        planes.append(backend().xp.squeeze(images[tuple(index)], axis=axis))
    return planes


def _channels(images: Array, name: str, data_format: str | None, numbers: tuple[int, ...]) -> int:
    """The axis of the channels, of which there must be one of these numbers."""
    chosen = choose(data_format or settings.image_data_format, DATA_FORMATS, "data format")
    axis = -1 if chosen == "channels_last" else -3
    if len(images.shape) not in (3, 4) or images.shape[axis] not in numbers:
        wanted = " or ".join(map(str, numbers))
        raise ShapeError(
            explain(
                f"ops.image.{name}",
                expected=f"one image (3 axes) or a batch (4) of {wanted} channels, {chosen}",
                got=str(tuple(images.shape)),
            )
        )
    return axis


def _floating(images: Array, name: str, data_format: str | None) -> int:
    """The axis of the channels of floating images."""
    dtype = backend().dtype_name(images)
    if not dtypes.is_float(dtype):
        raise DTypeError(
            explain(
                f"ops.image.{name}", expected="floating images", got=dtype, fix='ops.cast(images, "float32")'
            )
        )
    return _channels(images, name, data_format, (3,))

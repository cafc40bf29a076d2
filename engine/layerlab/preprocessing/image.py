"""`keras.preprocessing.image`: single images, which are in `keras.utils` too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from layerlab import ops
from layerlab.typing import Array, TensorLike
from layerlab.utils.image import array_to_img, img_to_array, load_img, save_img

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img", "smart_resize"]


def smart_resize(
    x: TensorLike,
    size: Sequence[int],
    interpolation: str = "bilinear",
    data_format: str = "channels_last",
    **kwargs: object,
) -> Array | np.ndarray:
    """Resize images without stretching them: what does not fit in the proportions is cut off.

    Args:
        x: an image of 3 axes, or a batch of 4, of NumPy or the back end.
        size: (height, width) of the result.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        data_format: "channels_last", or "channels_first" for (channels, height, width).
        **kwargs: refused; Keras has an internal one.
    Returns: an array of NumPy if x is one, else of the back end.
    Raises: ShapeError; InvalidArgumentError.

    Example:
        >>> smart_resize(np.zeros((40, 60, 3)), (20, 20)).shape
        (20, 20, 3)
    """
    if kwargs:
        raise TypeError(f"smart_resize() has no argument {', '.join(map(repr, kwargs))}")
    resized = ops.image.resize(
        x, size, interpolation=interpolation, crop_to_aspect_ratio=True, data_format=data_format
    )
    return ops.convert_to_numpy(resized) if isinstance(x, np.ndarray) else resized

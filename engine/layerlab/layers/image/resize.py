"""Images of another size."""

from __future__ import annotations

from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.layers.arguments import as_positive
from layerlab.layers.image.base import ImageLayer, Transformation
from layerlab.ops.image.resizing import INTERPOLATIONS
from layerlab.settings import choose

__all__ = ["Resizing"]


class Resizing(ImageLayer):
    """Images resized to `height` x `width`, in training and otherwise.

    Args:
        height, width: size of the result, in pixels.
        interpolation: 'nearest', 'bilinear', 'bicubic', 'lanczos3' or 'lanczos5', as in
            `ops.image.resize`. Masks are always resized by 'nearest'.
        crop_to_aspect_ratio: True first takes the largest centred window of the new
            proportions, so that nothing is stretched.
        pad_to_aspect_ratio: True first adds `fill_value` evenly on both sides, up to
            the new proportions.
        fill_mode: 'constant'.
        fill_value: what `pad_to_aspect_ratio` adds; by default 0, black.
        antialias: True, when shrinking, averages over all pixels that a new one covers.
    Call: images, or a dict with 'images' and perhaps 'labels', which stay, and
    'segmentation_masks', which are resized like the images.
    Input shape: (batch, rows, columns, channels), or one image without the batch
    Output shape: (batch, height, width, channels), or without the batch; integers stay
    integers, rounded.
    Raises: InvalidArgumentError for a size that is not a positive integer, another
    interpolation or fill mode, or to crop and pad; ShapeError for other than 3 or 4
    axes; UnsupportedError for bounding boxes.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[0.0], [8.0]]])  # one image of 1 by 2 pixels
        >>> Resizing(1, 4)(x)[0, :, 0].tolist()
        [0.0, 2.0, 6.0, 8.0]
    """

    _moves, _is_random = True, False
    _keeps_dtype, _keeps_mask_dtype = True, True

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = as_positive(height, "height", "Resizing")
        self.width = as_positive(width, "width", "Resizing")
        self.interpolation = choose(interpolation, INTERPOLATIONS, "interpolation")
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = choose(fill_mode, ("constant",), "fill_mode")
        self.fill_value = fill_value
        self.antialias = bool(antialias)

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        return self._resized(images, self.interpolation)

    def _transform_masks(self, masks: Array, transformation: Transformation) -> Array:
        return self._resized(masks, "nearest")

    def _resized(self, images: Array, interpolation: str) -> Array:
        return ops.image.resize(
            images,
            (self.height, self.width),
            interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

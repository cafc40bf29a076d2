"""Windows cut out of images: in the middle, or at random places."""

from __future__ import annotations

from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.seed import make_default_seed
from layerlab.layers.arguments import as_positive
from layerlab.layers.image.base import ImageData, ImageLayer, Transformation
from layerlab.random.portable import uniform
from layerlab.typing import SeedLike

__all__ = ["CenterCrop", "RandomCrop"]


def middle(images: Array, height: int, width: int, data_format: str) -> Array:
    """The largest centred window of these proportions, resized to them."""
    size = (height, width)
    return ops.image.resize(images, size, crop_to_aspect_ratio=True, data_format=data_format)


class CenterCrop(ImageLayer):
    """The middle of images: a window of `height` x `width`.

    Images that are smaller one way or the other are resized: the largest centred window
    of its proportions fills it.

    Args:
        height, width: size of the result, in pixels.
    Call: images, or a dict with 'images' and perhaps 'labels', which stay, and
    'segmentation_masks', which are cut like the images.
    Input shape: (batch, rows, columns, channels), or one image without the batch
    Output shape: (batch, height, width, channels), floating, or without the batch
    Raises: InvalidArgumentError for a size that is not a positive integer; ShapeError
    for other than 3 or 4 axes; UnsupportedError for bounding boxes.

    Example:
        >>> import numpy as np
        >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> CenterCrop(2, 2)(x)[0, :, :, 0].tolist()
        [[5.0, 6.0], [9.0, 10.0]]
    """

    _moves, _is_random = True, False

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = as_positive(height, "height", "CenterCrop")
        self.width = as_positive(width, "width", "CenterCrop")

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        x = images
        for axis, length in ((self.height_axis, self.height), (self.width_axis, self.width)):
            if x.shape[axis] < length:
                return middle(images, self.height, self.width, self.data_format)
            start = (x.shape[axis] - length) // 2
            x = ops.take(x, ops.arange(start, start + length), axis=axis)
        return x


class RandomCrop(ImageLayer):
    """Windows of images: at random places in training, the middle in inference.

    In training a window of `height` x `width` is cut out at a random place, the same
    for all images of a batch, so that a model does not learn where things are. In
    inference, and for images that are not larger than the window both ways, the result
    is the largest centred window of its proportions, resized. (Keras 3.15 documents
    this, but returns images as they came in inference.)

    Args:
        height, width: size of the result, in pixels.
        seed: an integer makes the places repeatable; None draws a seed.
    Call: `layer(x, training=True)`; a call outside of `fit`, `evaluate` and `predict`
    counts as training unless told otherwise, as in Keras.
    Input shape: (batch, rows, columns, channels), or one image without the batch
    Output shape: (batch, height, width, channels), floating, or without the batch
    Raises: InvalidArgumentError for a size that is not a positive integer; ShapeError
    for other than 3 or 4 axes; UnsupportedError for bounding boxes.

    Example:
        >>> import numpy as np
        >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> RandomCrop(2, 3)(x).shape
        (1, 2, 3, 1)
        >>> RandomCrop(4, 2)(x, training=False)[0, :, :, 0].tolist()[0]
        [1.0, 2.0]
    """

    _moves, _is_random = True, False  # in inference it resizes

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, name=name, **kwargs)
        self.height = as_positive(height, "height", "RandomCrop")
        self.width = as_positive(width, "width", "RandomCrop")
        self._seed_by(make_default_seed() if seed is None else seed)

    def get_random_transformation(
        self, data: ImageData, training: bool = True, seed: SeedLike = None
    ) -> Transformation:
        """The place at which the window begins, one for all images.

        Args:
            data: images, or a dict with them under 'images'.
            training: False draws nothing.
            seed: where the numbers come from; None is the layer's own generator.
        Returns: (row, column); None where the images are resized.
        """
        _, height, width = self._sizes(data)
        if not training or height <= self.height or width <= self.width:
            return None
        source = self.generator if seed is None else seed
        return tuple(
            ops.cast(uniform((), 0.0, float(spare + 1), source), "int32")
            for spare in (height - self.height, width - self.width)
        )

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        if transformation is None:
            return middle(images, self.height, self.width, self.data_format)
        x = images
        sizes = ((self.height_axis, self.height), (self.width_axis, self.width))
        for start, (axis, length) in zip(transformation, sizes, strict=True):
            x = ops.take(x, ops.add(start, ops.arange(length)), axis=axis)
        return x

"""Layers that vary images in training, so that a model sees more than there are."""

from __future__ import annotations

from typing import Any

from layerlab import ops, random
from layerlab.backend.protocol import Array
from layerlab.core.layer import Layer
from layerlab.core.seed import SeedGenerator, make_default_seed
from layerlab.errors import ShapeError, UnsupportedError, explain
from layerlab.layers.arguments import as_data_format, as_positive, refuse

__all__ = ["RandomCrop"]


class RandomCrop(Layer):
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
    for other than 3 or 4 axes; UnsupportedError for a dict of images and boxes.

    Example:
        >>> import numpy as np
        >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> RandomCrop(2, 3)(x).shape
        (1, 2, 3, 1)
        >>> RandomCrop(4, 2)(x, training=False)[0, :, :, 0].tolist()[0]
        [1.0, 2.0]
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        refuse("RandomCrop", bounding_box_format=kwargs.pop("bounding_box_format", None))
        super().__init__(name=name, **kwargs)
        self.height = as_positive(height, "height", "RandomCrop")
        self.width = as_positive(width, "width", "RandomCrop")
        self.seed = make_default_seed() if seed is None else seed
        self.data_format = as_data_format(data_format)
        self.generator = SeedGenerator(self.seed)  # under this name in Keras' files

    def call(self, inputs: Array, training: bool = True) -> Array:
        rows, columns = self._axes(inputs)
        x = ops.cast(inputs, self.compute_dtype)
        if not training or x.shape[rows] <= self.height or x.shape[columns] <= self.width:
            size = (self.height, self.width)
            return ops.image.resize(x, size, crop_to_aspect_ratio=True, data_format=self.data_format)
        for axis, length in ((rows, self.height), (columns, self.width)):
            start = random.randint((), 0, x.shape[axis] - length + 1, seed=self.generator)
            x = ops.take(x, ops.add(start, ops.arange(length)), axis=axis)
        return x

    def _axes(self, inputs: Any) -> tuple[int, int]:
        """The axes of height and width."""
        if isinstance(inputs, dict):
            raise UnsupportedError(
                explain(
                    "RandomCrop takes images alone.",
                    got="a dict",
                    fix="crop the images; boxes and masks do not move with them",
                )
            )
        rank = len(inputs.shape)
        if rank not in (3, 4):
            raise ShapeError(
                explain(
                    f"{self.describe()} takes one image or a batch.",
                    expected="3 or 4 axes",
                    got=str(tuple(inputs.shape)),
                )
            )
        return (rank - 3, rank - 2) if self.data_format == "channels_last" else (rank - 2, rank - 1)

"""Images turned over at random."""

from __future__ import annotations

from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.layers.image.base import ImageLayer, Transformation
from layerlab.random.portable import uniform
from layerlab.settings import choose
from layerlab.typing import SeedLike

__all__ = ["RandomFlip"]

_MODES = ("horizontal", "vertical", "horizontal_and_vertical")


class RandomFlip(ImageLayer):
    """Images turned over in training, each with a chance of one half; as they are otherwise.

    Args:
        mode: 'horizontal' exchanges left and right, 'vertical' top and bottom,
            'horizontal_and_vertical' does both to an image, or neither, as in Keras.
    Call: `layer(x, training=True)`: images, or a dict with 'images' and perhaps
    'labels', which stay, and 'segmentation_masks', which are turned like the images. A
    call outside of `fit`, `evaluate` and `predict` counts as training unless told
    otherwise, as in Keras.
    Input shape: (batch, rows, columns, channels), or one image without the batch
    Output shape: as the input, floating.
    Raises: InvalidArgumentError for another mode; ShapeError for other than 3 or 4
    axes; UnsupportedError for bounding boxes.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[1.0], [2.0]]])  # one image of 1 by 2 pixels
        >>> layer = RandomFlip("horizontal", seed=1)
        >>> sorted({tuple(layer(x)[0, :, 0].tolist()) for _ in range(20)})
        [(1.0, 2.0), (2.0, 1.0)]
        >>> layer(x, training=False)[0, :, 0].tolist()
        [1.0, 2.0]
    """

    _moves = True

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.mode = choose(mode, _MODES, "mode")
        self._seed_by(seed)

    def _draw(self, count: int, height: int, width: int, seed: SeedLike) -> Transformation:
        drawn = uniform((count, 1, 1, 1), 0.0, 1.0, seed)
        return {"flips": ops.less_equal(drawn, 0.5)}

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        axes = {"horizontal": self.width_axis, "vertical": self.height_axis}
        turned = ops.flip(images, tuple(axis for name, axis in axes.items() if name in self.mode))
        return ops.where(transformation["flips"], turned, images)

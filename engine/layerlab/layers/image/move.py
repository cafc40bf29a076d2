"""Images turned, zoomed and shifted at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.layers.image.affine import AffineLayer, moved_by, rotated_by, stretched_by
from layerlab.layers.image.base import Transformation, as_interval
from layerlab.random.portable import uniform
from layerlab.typing import SeedLike

__all__ = ["RandomRotation", "RandomTranslation", "RandomZoom"]


class RandomRotation(AffineLayer):
    """Images rotated around their middle by a random angle in training; as they are otherwise.

    Args:
        factor: the largest angle, as a part of a full turn: 0.1 draws from -36 to 36
            degrees. Two numbers are the lowest and the highest; positive ones turn
            against the clock.
        interpolation: 'bilinear' or 'nearest'. Masks are always read by 'nearest'.
    Call: `layer(x, training=True)`: images, or a dict with 'images' and perhaps
    'labels', which stay, and 'segmentation_masks', which are rotated like the images. A
    call outside of `fit`, `evaluate` and `predict` counts as training unless told
    otherwise, as in Keras.
    Input shape: (batch, rows, columns, channels), or one image without the batch
    Output shape: as the input, floating.
    Raises: InvalidArgumentError for a factor beyond -1 to 1, another fill mode or
    interpolation; ShapeError for other than 3 or 4 axes; UnsupportedError for bounding
    boxes.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[1.0], [2.0]], [[3.0], [4.0]]])
        >>> quarter = RandomRotation((0.25, 0.25), interpolation="nearest")
        >>> quarter(x)[:, :, 0].tolist()
        [[2.0, 4.0], [1.0, 3.0]]
    """

    def __init__(
        self,
        factor: float | Sequence[float],
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = as_interval(factor, "factor", "RandomRotation")
        self._read_by(interpolation, fill_mode, fill_value)
        self._seed_by(seed)

    def _draw(self, count: int, height: int, width: int, seed: SeedLike) -> Transformation:
        lower, upper = self.factor
        angle = uniform((count,), lower * 360.0, upper * 360.0, seed)
        return {"angle": angle, "rotation_matrix": rotated_by(angle, height, width)}

    def _maps(self, images: Array, transformation: Transformation) -> Array:
        return transformation["rotation_matrix"]


class RandomZoom(AffineLayer):
    """Images zoomed around their middle by a random factor in training; as they are otherwise.

    Args:
        height_factor: the largest change of the height that is seen: 0.2 draws from 0.8
            (zoomed in) to 1.2 (zoomed out) of it. Two numbers are the lowest and the
            highest change: (0.2, 0.3) zooms out by 20 to 30 percent, (-0.3, -0.2) in.
        width_factor: the same of the width; None zooms it like the height, which keeps
            the proportions.
        interpolation: 'bilinear' or 'nearest'. Masks are always read by 'nearest'.
    Call: `layer(x, training=True)`: images, or a dict with 'images' and perhaps
    'labels', which stay, and 'segmentation_masks', which are zoomed like the images. A
    call outside of `fit`, `evaluate` and `predict` counts as training unless told
    otherwise, as in Keras.
    Input shape: (batch, rows, columns, channels), or one image without the batch
    Output shape: as the input, floating.
    Raises: InvalidArgumentError for a factor beyond -1 to 1, -1 itself, another fill
    mode or interpolation; ShapeError for other than 3 or 4 axes; UnsupportedError for
    bounding boxes.

    Example:
        >>> import numpy as np
        >>> x = np.arange(4.0).reshape(1, 4, 1)  # one image of 1 by 4 pixels
        >>> RandomZoom((-0.5, -0.5))(x)[0, :, 0].tolist()
        [0.75, 1.25, 1.75, 2.25]
    """

    def __init__(
        self,
        height_factor: float | Sequence[float],
        width_factor: float | Sequence[float] | None = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        name = "RandomZoom"
        self.height_lower, self.height_upper = as_interval(height_factor, "height_factor", name, above=-1.0)
        if width_factor is not None:
            self.width_lower, self.width_upper = as_interval(width_factor, "width_factor", name, above=-1.0)
        self._read_by(interpolation, fill_mode, fill_value)
        self._seed_by(seed)

    def _draw(self, count: int, height: int, width: int, seed: SeedLike) -> Transformation:
        down = uniform((count, 1), 1.0 + self.height_lower, 1.0 + self.height_upper, seed)
        across = down
        if self.width_factor is not None:
            across = uniform((count, 1), 1.0 + self.width_lower, 1.0 + self.width_upper, seed)
        return {"height_zoom": down, "width_zoom": across}

    def _maps(self, images: Array, transformation: Transformation) -> Array:
        across, down = transformation["width_zoom"][:, 0], transformation["height_zoom"][:, 0]
        _, height, width = self._sizes(images)
        return stretched_by(across, down, height, width)


class RandomTranslation(AffineLayer):
    """Images shifted by a random distance in training; as they are otherwise.

    Args:
        height_factor: the largest shift, as a part of the height: 0.2 draws from 20
            percent up to 20 percent down. Two numbers are the lowest and the highest;
            positive ones shift down.
        width_factor: the same of the width; positive ones shift to the right.
        interpolation: 'bilinear' or 'nearest'. Masks are always read by 'nearest'.
    Call: `layer(x, training=True)`: images, or a dict with 'images' and perhaps
    'labels', which stay, and 'segmentation_masks', which are shifted like the images. A
    call outside of `fit`, `evaluate` and `predict` counts as training unless told
    otherwise, as in Keras.
    Input shape: (batch, rows, columns, channels), or one image without the batch
    Output shape: as the input, floating.
    Raises: InvalidArgumentError for a factor beyond -1 to 1, another fill mode or
    interpolation; ShapeError for other than 3 or 4 axes; UnsupportedError for bounding
    boxes.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[1.0], [2.0], [3.0], [4.0]]])  # one image of 1 by 4 pixels
        >>> shift = RandomTranslation(0.0, (0.5, 0.5), fill_mode="constant")
        >>> shift(x)[0, :, 0].tolist()
        [0.0, 0.0, 1.0, 2.0]
    """

    def __init__(
        self,
        height_factor: float | Sequence[float],
        width_factor: float | Sequence[float],
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        name = "RandomTranslation"
        self.height_lower, self.height_upper = as_interval(height_factor, "height_factor", name)
        self.width_lower, self.width_upper = as_interval(width_factor, "width_factor", name)
        self._read_by(interpolation, fill_mode, fill_value)
        self._seed_by(seed)

    def _draw(self, count: int, height: int, width: int, seed: SeedLike) -> Transformation:
        down = uniform((count, 1), self.height_lower, self.height_upper, seed) * height
        across = uniform((count, 1), self.width_lower, self.width_upper, seed) * width
        return {"translations": ops.concatenate([across, down], axis=1)}

    def _maps(self, images: Array, transformation: Transformation) -> Array:
        shifts = transformation["translations"]
        return moved_by(shifts[:, 0], shifts[:, 1])

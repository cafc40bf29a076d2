"""Images made lighter, darker, flatter or inverted: each pixel by its own number and those of its image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.layers.image.base import ImageLayer, Transformation, as_interval, as_value_range, in_range
from layerlab.random.portable import uniform
from layerlab.typing import SeedLike

__all__ = ["AutoContrast", "RandomBrightness", "RandomContrast", "RandomInvert", "Solarization"]


class RandomContrast(ImageLayer):
    """Images with more or less contrast in training; as they are otherwise.

    y = (x - mean) * factor + mean, clipped to `value_range`, with the mean of each
    channel of each image.

    Args:
        factor: two numbers (a, b) from 0 to 1 draw from 1 - a to 1 + b; one number b,
            as in Keras, from 1 to 1 + b.
    Call: `layer(x, training=True)`: images, or a dict with 'images' and perhaps
    'labels' and 'segmentation_masks', which stay. A call outside of `fit`, `evaluate` and
    `predict` counts as training unless told otherwise, as in Keras.
    Input shape: (batch, rows, columns, channels), or one image without the batch
    Output shape: as the input, floating.
    Raises: InvalidArgumentError for a factor beyond 0 to 1; ShapeError for other than 3
    or 4 axes.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[100.0], [120.0]]])  # one image of 1 by 2 pixels
        >>> y = RandomContrast((0.5, 0.5), seed=1)(x)[0, :, 0]
        >>> float(y[0] + y[1])  # the mean stays
        220.0
    """

    def __init__(
        self,
        factor: float | Sequence[float],
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.factor = as_interval(factor, "factor", "RandomContrast", low=0.0)
        self.value_range = as_value_range(value_range, "RandomContrast", ordered=False)
        self._seed_by(seed)

    def _draw(self, count: int, height: int, width: int, seed: SeedLike) -> Transformation:
        lower, upper = self.factor
        return {"contrast_factor": uniform((count, 1, 1, 1), 1.0 - lower, 1.0 + upper, seed)}

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        mean = ops.mean(images, axis=(self.height_axis, self.width_axis), keepdims=True)
        factor = ops.cast(transformation["contrast_factor"], self.compute_dtype)
        return ops.clip((images - mean) * factor + mean, *self.value_range)


class RandomBrightness(ImageLayer):
    """Images made lighter or darker in training; as they are otherwise.

    A number that is drawn for each image is added to its pixels; the result is clipped
    to `value_range`.

    Args:
        factor: the largest change, as a part of `value_range`: 0.2 draws from 20 percent
            darker to 20 percent lighter. Two numbers are the lowest and the highest.
    Call: `layer(x, training=True)`: images, or a dict with 'images' and perhaps
    'labels' and 'segmentation_masks', which stay. A call outside of `fit`, `evaluate` and
    `predict` counts as training unless told otherwise, as in Keras.
    Input shape: (batch, rows, columns, channels), or one image without the batch
    Output shape: as the input, floating.
    Raises: InvalidArgumentError for a factor beyond -1 to 1; ShapeError for other than 3
    or 4 axes.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[100.0], [200.0]]])  # one image of 1 by 2 pixels
        >>> RandomBrightness((0.5, 0.5))(x)[0, :, 0].tolist()
        [227.5, 255.0]
    """

    def __init__(
        self,
        factor: float | Sequence[float],
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.factor = as_interval(factor, "factor", "RandomBrightness")
        self.value_range = as_value_range(value_range, "RandomBrightness")
        self._seed_by(seed)

    def _draw(self, count: int, height: int, width: int, seed: SeedLike) -> Transformation:
        low, high = self.value_range
        return {"rgb_delta": uniform((count, 1, 1, 1), *self.factor, seed) * (high - low)}

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        delta = ops.cast(transformation["rgb_delta"], self.compute_dtype)
        return ops.clip(images + delta, *self.value_range)


class RandomInvert(ImageLayer):
    """Negatives of some images in training; as they are otherwise.

    Args:
        factor: the chance of an image. Two numbers, or one and 0, are limits from which
            the chance itself is drawn for each image, as in Keras.
    Call: `layer(x, training=True)`: images, or a dict with 'images' and perhaps
    'labels' and 'segmentation_masks', which stay. A call outside of `fit`, `evaluate` and
    `predict` counts as training unless told otherwise, as in Keras.
    Input shape: (batch, rows, columns, channels), or one image without the batch
    Output shape: as the input, floating.
    Raises: InvalidArgumentError for a factor beyond 0 to 1; ShapeError for other than 3
    or 4 axes.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[0.0], [200.0]]])  # one image of 1 by 2 pixels
        >>> RandomInvert((1.0, 1.0))(x)[0, :, 0].tolist()
        [255.0, 55.0]
    """

    def __init__(
        self,
        factor: float | Sequence[float] = 1.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = as_interval(factor, "factor", "RandomInvert", low=0.0)
        self.value_range = as_value_range(value_range, "RandomInvert", ordered=False)
        self._seed_by(seed)

    def _draw(self, count: int, height: int, width: int, seed: SeedLike) -> Transformation:
        chance = uniform((count,), *self.factor, seed)
        return {"apply_inversion": uniform((count,), 0.0, 1.0, seed) < chance}

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        chosen = ops.reshape(transformation["apply_inversion"], (-1, 1, 1, 1))
        return ops.where(chosen, self.value_range[1] - images, images)


class Solarization(ImageLayer):
    """Light pixels become dark in training, as in an overexposed photograph.

    A number is added to the pixels of an image; those that then reach a threshold are
    inverted. Otherwise images stay as they are.

    Args:
        addition_factor: the largest number that is added, as a part of `value_range`,
            or the lowest and the highest.
        threshold_factor: the same of the threshold; 0 inverts all pixels.
    Call: `layer(x, training=True)`: images, or a dict with 'images' and perhaps
    'labels' and 'segmentation_masks', which stay. A call outside of `fit`, `evaluate` and
    `predict` counts as training unless told otherwise, as in Keras.
    Input shape: (batch, rows, columns, channels), or one image without the batch
    Output shape: as the input, floating.
    Raises: InvalidArgumentError for a factor beyond 0 to 1; ShapeError for other than 3
    or 4 axes.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[0.0], [200.0]]])  # one image of 1 by 2 pixels
        >>> Solarization(threshold_factor=(0.5, 0.5))(x)[0, :, 0].tolist()
        [0.0, 55.0]
    """

    def __init__(
        self,
        addition_factor: float | Sequence[float] = 0.0,
        threshold_factor: float | Sequence[float] = 0.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.addition_factor = as_interval(addition_factor, "addition_factor", "Solarization", low=0.0)
        self.threshold_factor = as_interval(threshold_factor, "threshold_factor", "Solarization", low=0.0)
        self.value_range = as_value_range(value_range, "Solarization")
        self._seed_by(seed)

    def _draw(self, count: int, height: int, width: int, seed: SeedLike) -> Transformation:
        def drawn(low: float, high: float) -> Array:
            return uniform((count, 1, 1, 1), low, high * 255, seed)  # of the lowest alone, as in Keras

        return {"additions": drawn(*self.addition_factor), "thresholds": drawn(*self.threshold_factor)}

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        additions, thresholds = (
            ops.cast(transformation[key], self.compute_dtype) for key in ("additions", "thresholds")
        )
        x = ops.clip(in_range(images, self.value_range, (0, 255)) + additions, 0, 255)
        return in_range(ops.where(x < thresholds, x, 255 - x), (0, 255), self.value_range)


class AutoContrast(ImageLayer):
    """Each channel of an image stretched over the whole `value_range`, in training and otherwise.

    Its darkest pixel becomes black, its lightest white; a channel of one number stays.

    Call: images, or a dict with 'images' and perhaps 'labels' and 'segmentation_masks',
    which stay.
    Input shape: (batch, rows, columns, channels), or one image without the batch
    Output shape: as the input, floating.
    Raises: InvalidArgumentError for a bad range; ShapeError for other than 3 or 4 axes.

    Example:
        >>> import numpy as np
        >>> x = np.array([[[100.0], [110.0], [120.0]]])  # one image of 1 by 3 pixels
        >>> np.asarray(AutoContrast()(x)[0, :, 0], "float64").round(3).tolist()
        [0.0, 127.5, 255.0]
    """

    _is_random = False

    def __init__(self, value_range: Sequence[float] = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = as_value_range(value_range, "AutoContrast")

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        axes = (self.height_axis, self.width_axis)
        low, high = (reduce(images, axis=axes, keepdims=True) for reduce in (ops.min, ops.max))
        spread = ops.where(high > low, high - low, ops.ones_like(low))
        first, last = self.value_range
        stretched = ops.clip((images - low) / spread, 0.0, 1.0) * (last - first) + first
        return ops.where(high > low, stretched, images)

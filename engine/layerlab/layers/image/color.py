"""Images of other colours: hue, saturation, grey."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.layers.arguments import as_rate
from layerlab.layers.image.base import (
    ImageLayer,
    Transformation,
    as_interval,
    as_value_range,
    in_range,
)
from layerlab.random.portable import uniform
from layerlab.settings import settings
from layerlab.typing import SeedLike

__all__ = ["RandomGrayscale", "RandomHue", "RandomSaturation"]


class _HSVLayer(ImageLayer):
    """A random layer that changes hue, saturation or value."""

    def _changed(self, images: Array, channel: int, change: Any) -> Array:
        """Images of three colours whose channel of hue, saturation and value is changed."""
        hsv = ops.image.rgb_to_hsv(images, data_format=self.data_format)
        parts = [ops.take(hsv, index, axis=self.channels_axis) for index in range(3)]
        parts[channel] = change(parts[channel])
        return ops.image.hsv_to_rgb(ops.stack(parts, axis=self.channels_axis), data_format=self.data_format)


class RandomHue(_HSVLayer):
    """Images whose colours are moved around the circle of hues in training; as they are otherwise.

    Args:
        factor: how far: 1 is half of the circle, to either side. Two numbers are the
            lowest and the highest.
    Call: `layer(x, training=True)`: images, or a dict with 'images' and perhaps
    'labels' and 'segmentation_masks', which stay. A call outside of `fit`, `evaluate` and
    `predict` counts as training unless told otherwise, as in Keras.
    Input shape: (batch, rows, columns, 3), or one image without the batch
    Output shape: as the input, floating.
    Raises: InvalidArgumentError for a factor beyond 0 to 1; ShapeError for other than 3
    or 4 axes, or 3 channels.

    Example:
        >>> import numpy as np
        >>> red = np.array([[[255.0, 0.0, 0.0]]])
        >>> RandomHue((1.0, 1.0))(red).round(2).tolist()  # the other side
        [[[0.0, 255.0, 255.0]]]
    """

    def __init__(
        self,
        factor: float | Sequence[float],
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = as_interval(factor, "factor", "RandomHue", low=0.0)
        self.value_range = as_value_range(value_range, "RandomHue", ordered=False)
        self._seed_by(seed)

    def _draw(self, count: int, height: int, width: int, seed: SeedLike) -> Transformation:
        side = ops.where(uniform((count,), 0.0, 1.0, seed) > 0.5, -1.0, 1.0)
        return {"factor": side * uniform((count,), *self.factor, seed) * 0.5}

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        shift = ops.reshape(ops.cast(transformation["factor"], self.compute_dtype), (-1, 1, 1))
        x = in_range(images, self.value_range, (0, 1))
        x = self._changed(x, 0, lambda hue: (hue + shift) % 1.0)
        return in_range(ops.clip(x, 0, 1), (0, 1), self.value_range)


class RandomSaturation(_HSVLayer):
    """Images with stronger or paler colours in training; as they are otherwise.

    The saturation is multiplied by factor / (1 - factor): 0 makes grey, 0.5 changes
    nothing, towards 1 colours become pure.

    Args:
        factor: numbers are drawn from -factor to factor, those below 0 make grey; two
            numbers, (0.3, 0.7) say, are the lowest and the highest.
        value_range: the lowest and the highest number of the product, as in Keras.
    Call: `layer(x, training=True)`: images, or a dict with 'images' and perhaps
    'labels' and 'segmentation_masks', which stay. A call outside of `fit`, `evaluate` and
    `predict` counts as training unless told otherwise, as in Keras.
    Input shape: (batch, rows, columns, 3), or one image without the batch
    Output shape: as the input, floating.
    Raises: InvalidArgumentError for a factor beyond -1 to 1; ShapeError for other than 3
    or 4 axes, or 3 channels.

    Example:
        >>> import numpy as np
        >>> red = np.array([[[200.0, 100.0, 100.0]]])
        >>> np.asarray(RandomSaturation((0.0, 0.0))(red), "float64").round(2).tolist()
        [[[200.0, 200.0, 200.0]]]
    """

    def __init__(
        self,
        factor: float | Sequence[float],
        value_range: Sequence[float] = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = as_interval(factor, "factor", "RandomSaturation")
        self.value_range = as_value_range(value_range, "RandomSaturation")
        self._seed_by(seed)

    def _draw(self, count: int, height: int, width: int, seed: SeedLike) -> Transformation:
        drawn = uniform((count,), *self.factor, seed)
        return {"factor": drawn / (1 - drawn + settings.epsilon)}

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        factor = ops.reshape(ops.cast(transformation["factor"], self.compute_dtype), (-1, 1, 1))
        return self._changed(images, 1, lambda saturation: ops.clip(saturation * factor, *self.value_range))


class RandomGrayscale(ImageLayer):
    """Some images without colours in training; as they are otherwise.

    Args:
        factor: the chance of an image, from 0 to 1.
    Call: `layer(x, training=True)`: images, or a dict with 'images' and perhaps
    'labels' and 'segmentation_masks', which stay. A call outside of `fit`, `evaluate` and
    `predict` counts as training unless told otherwise, as in Keras.
    Input shape: (batch, rows, columns, 3), or one image without the batch
    Output shape: as the input, floating: three equal channels.
    Raises: InvalidArgumentError for a factor beyond 0 to 1; ShapeError for other than 3
    or 4 axes, or 3 channels.

    Example:
        >>> import numpy as np
        >>> np.asarray(RandomGrayscale(1.0)(np.array([[[0.0, 100.0, 0.0]]])), "float64").round(2).tolist()
        [[[58.7, 58.7, 58.7]]]
    """

    def __init__(
        self, factor: float = 0.5, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = as_rate(factor, "factor", "RandomGrayscale")
        self._seed_by(seed)

    def _draw(self, count: int, height: int, width: int, seed: SeedLike) -> Transformation:
        return uniform((count, 1, 1, 1), 0.0, 1.0, seed) < self.factor

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        grey = ops.image.rgb_to_grayscale(images, data_format=self.data_format)
        return ops.where(transformation, grey, images)

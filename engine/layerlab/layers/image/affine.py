"""What layers share that move images by an affine map: how pixels are read, and the maps' numbers."""

from __future__ import annotations

import math

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.layers.image.base import ImageLayer, Transformation
from layerlab.ops.image.affine import READINGS
from layerlab.settings import choose

__all__ = ["AffineLayer", "moved_by", "rotated_by", "stretched_by"]

_FILL_MODES = ("reflect", "wrap", "constant", "nearest")


class AffineLayer(ImageLayer):
    """A random layer whose transformation is an affine map of each image."""

    _moves, _keeps_mask_dtype = True, True

    def _read_by(self, interpolation: str, fill_mode: str, fill_value: float) -> None:
        self.interpolation = choose(interpolation, READINGS, "interpolation")
        self.fill_mode = choose(fill_mode, _FILL_MODES, "fill_mode")
        self.fill_value = fill_value

    def _maps(self, images: Array, transformation: Transformation) -> Array:
        """(batch, 8), as `ops.image.affine_transform` takes it."""
        raise NotImplementedError(f"{type(self).__name__}._maps")

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        return self._moved(images, transformation, self.interpolation)

    def _transform_masks(self, masks: Array, transformation: Transformation) -> Array:
        return self._moved(masks, transformation, "nearest")  # classes have no mean

    def _moved(self, images: Array, transformation: Transformation, interpolation: str) -> Array:
        maps = self._maps(images, transformation)
        return ops.image.affine_transform(
            images, maps, interpolation, self.fill_mode, self.fill_value, self.data_format
        )


def _maps(a0: Array, a1: Array, a2: Array, b0: Array, b1: Array, b2: Array) -> Array:
    """(batch, 8) of six times (batch,)."""
    nothing = ops.zeros_like(a0)
    return ops.stack([a0, a1, a2, b0, b1, b2, nothing, nothing], axis=-1)


def rotated_by(angle: Array, height: int, width: int) -> Array:
    """Maps for angles in degrees, (batch,), around the middle."""
    cos, sin = ops.cos(angle * (math.pi / 180)), ops.sin(angle * (math.pi / 180))
    x, y = (width - 1) / 2, (height - 1) / 2
    return _maps(cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos)


def stretched_by(across: Array, down: Array, height: int, width: int) -> Array:
    """Maps for factors, (batch,) each, around the middle; below 1 the image grows."""
    nothing = ops.zeros_like(across)
    x, y = (width - 1) / 2 * (1 - across), (height - 1) / 2 * (1 - down)
    return _maps(across, nothing, x, nothing, down, y)


def moved_by(across: Array, down: Array) -> Array:
    """Maps for shifts in pixels, (batch,) each, to the right and down."""
    one, nothing = ops.ones_like(across), ops.zeros_like(across)
    return _maps(one, nothing, -across, nothing, one, -down)

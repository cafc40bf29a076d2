"""What layers of images share: one image or a batch, a dict of images and what belongs to them, random draws.

A layer draws a transformation (`get_random_transformation`) and applies it (`transform_images`, and so on
for labels and masks), so that all that belongs to an image is moved alike. To add one: a constructor,
`_draw` if it is random, `_transform`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from layerlab import ops
from layerlab.backend.protocol import Array
from layerlab.core.layer import Layer
from layerlab.core.registry import share_arguments
from layerlab.core.seed import SeedGenerator
from layerlab.errors import InvalidArgumentError, ShapeError, UnsupportedError, explain
from layerlab.layers.arguments import as_data_format, refuse
from layerlab.typing import SeedLike

__all__ = ["ImageData", "ImageLayer", "Transformation", "as_interval", "as_value_range", "in_range"]

ImageData = Array | dict[str, Array]  # images, or a dict of 'images' and what belongs to them
Transformation = Any  # what a layer draws: arrays by name, with one entry for each image


class ImageLayer(Layer):
    """A layer of images: `call` and what goes around a transformation.

    A subclass has `_transform`, of a batch in the compute dtype; if it is random, it
    calls `_seed_by` in its constructor and has `_draw`.

    Args:
        bounding_box_format: None; boxes are not moved along yet.
    """

    _moves = False  # whether pixels change their places, so that masks go with them
    _is_random = True  # False: it draws nothing and acts in inference too
    _keeps_dtype = False  # whether integers stay integers
    _keeps_mask_dtype = False  # the same of masks, where they are moved

    def __init__(
        self, data_format: str | None = None, bounding_box_format: str | None = None, **kwargs: Any
    ) -> None:
        refuse(type(self).__name__, bounding_box_format=bounding_box_format)
        super().__init__(**kwargs)
        self.data_format = as_data_format(data_format)
        self.bounding_box_format = None
        is_last = self.data_format == "channels_last"
        self.height_axis, self.width_axis = (-3, -2) if is_last else (-2, -1)
        self.channels_axis = -1 if is_last else -3

    def _seed_by(self, seed: int | None) -> None:
        self.seed = seed
        self.generator = SeedGenerator(seed)  # under this name in Keras' files

    # -- the call ---------------------------------------------------------------------------------

    def call(self, data: ImageData, training: bool = True) -> ImageData:
        images = self._images(data)
        transformation = self.get_random_transformation(data, training=training)
        is_batch = len(images.shape) == 4
        if not isinstance(data, dict):
            apply = self.transform_images if is_batch else self.transform_single_image
            return apply(images, transformation, training=training)
        changed = {
            key: getattr(self, f"transform_{many if is_batch else one}")(
                data[key], transformation, training=training
            )
            for key, many, one in _PARTS
            if key in data
        }
        return {**data, **changed}

    def _images(self, data: ImageData) -> Array:
        """The images of what came, which must be there and of 3 or 4 axes."""
        if isinstance(data, dict) and "images" not in data:
            raise InvalidArgumentError(
                explain(
                    f"{self.describe()} got a dict without images.",
                    expected="the key 'images'",
                    got=", ".join(map(repr, data)),
                )
            )
        if isinstance(data, dict) and "bounding_boxes" in data:
            self.transform_bounding_boxes(data["bounding_boxes"])
        images = data["images"] if isinstance(data, dict) else data
        if len(images.shape) not in (3, 4):
            raise ShapeError(
                explain(
                    f"{self.describe()} takes one image or a batch.",
                    expected="3 or 4 axes",
                    got=str(tuple(images.shape)),
                )
            )
        return images

    def _sizes(self, data: ImageData) -> tuple[int, int, int]:
        """Number of images (1 for a single one), height and width."""
        shape = (data["images"] if isinstance(data, dict) else data).shape
        count = shape[0] if len(shape) == 4 else 1
        return count, shape[self.height_axis], shape[self.width_axis]

    def _cast(self, images: Array) -> Array:
        return images if self._keeps_dtype else ops.cast(images, self.compute_dtype)

    # -- the transformation, under the names of Keras -----------------------------------------------

    def get_random_transformation(
        self, data: ImageData, training: bool = True, seed: SeedLike = None
    ) -> Transformation:
        """What is done to the images, drawn anew by each call.

        Args:
            data: images, or a dict with them under 'images'.
            training: whether the layer varies images.
            seed: where the numbers come from; None is the layer's own generator.
        Returns: arrays by name, with one entry for each image; None for no draw.
        """
        if not self._is_random or not training:
            return None
        return self._draw(*self._sizes(data), self.generator if seed is None else seed)

    def _draw(self, count: int, height: int, width: int, seed: SeedLike) -> Transformation:
        """What is done to `count` images of a size."""
        raise NotImplementedError(f"{type(self).__name__}._draw")

    def _transform(self, images: Array, transformation: Transformation) -> Array:
        """A batch of images in the compute dtype, transformed."""
        raise NotImplementedError(f"{type(self).__name__}._transform")

    def _transform_masks(self, masks: Array, transformation: Transformation) -> Array:
        """A batch of masks, of a layer that moves pixels."""
        return self._transform(masks, transformation)

    def transform_images(
        self, images: Array, transformation: Transformation = None, training: bool = True
    ) -> Array:
        """A batch of images, transformed.

        Args:
            images: a batch, with 4 axes.
            transformation: of `get_random_transformation`.
            training: False leaves images as they are where the layer is random.
        """
        x = self._cast(images)
        return self._transform(x, transformation) if self._acts(transformation, training) else x

    def _acts(self, transformation: Transformation, training: bool) -> bool:
        return not self._is_random or (training and transformation is not None)

    def transform_labels(
        self, labels: Array, transformation: Transformation = None, training: bool = True
    ) -> Array:
        """The labels of a batch: as they are, unless the layer mixes images.

        Args:
            labels, transformation, training: as in `transform_images`.
        """
        return labels

    def transform_segmentation_masks(
        self, segmentation_masks: Array, transformation: Transformation = None, training: bool = True
    ) -> Array:
        """The masks of a batch: moved like the images; as they are where only colours vary.

        Args:
            segmentation_masks, transformation, training: as in `transform_images`.
        """
        if not self._moves:
            return segmentation_masks
        masks = segmentation_masks if self._keeps_mask_dtype else self._cast(segmentation_masks)
        return self._transform_masks(masks, transformation) if self._acts(transformation, training) else masks

    def transform_bounding_boxes(
        self, bounding_boxes: object, transformation: Transformation = None, training: bool = True
    ) -> Array:
        """Refused: boxes are not moved along yet.

        Args:
            bounding_boxes, transformation, training: as in `transform_images`.
        Raises: UnsupportedError.
        """
        raise UnsupportedError(
            explain(
                f"{self.describe()} does not move bounding boxes.",
                got="a dict with 'bounding_boxes'",
                fix="leave them out, or draw the transformation by `get_random_transformation` and move them",
            )
        )

    def transform_single_image(
        self, image: Array, transformation: Transformation = None, training: bool = True
    ) -> Array:
        """One image, transformed.

        Args:
            image: with 3 axes.
            transformation, training: as in `transform_images`.
        """
        return self.transform_images(ops.expand_dims(image, 0), transformation, training=training)[0]

    def transform_single_label(
        self, label: Array, transformation: Transformation = None, training: bool = True
    ) -> Array:
        """The label of one image.

        Args:
            label, transformation, training: as in `transform_labels`.
        """
        return self.transform_labels(ops.expand_dims(label, 0), transformation, training=training)[0]

    def transform_single_segmentation_mask(
        self, segmentation_mask: Array, transformation: Transformation = None, training: bool = True
    ) -> Array:
        """The mask of one image.

        Args:
            segmentation_mask, transformation, training: as in `transform_segmentation_masks`.
        """
        masks = ops.expand_dims(segmentation_mask, 0)
        return self.transform_segmentation_masks(masks, transformation, training=training)[0]

    def transform_single_bounding_box(
        self, bounding_box: object, transformation: Transformation = None, training: bool = True
    ) -> Array:
        """Refused, as `transform_bounding_boxes`.

        Args:
            bounding_box, transformation, training: as in `transform_images`.
        """
        return self.transform_bounding_boxes(bounding_box, transformation, training=training)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "data_format": self.data_format}


# Of a dict: the key, and what transforms many and one.
_PARTS = (
    ("images", "images", "single_image"),
    ("labels", "labels", "single_label"),
    ("segmentation_masks", "segmentation_masks", "single_segmentation_mask"),
)


def as_interval(
    value: float | Sequence[float],
    name: str,
    layer: str,
    low: float = -1.0,
    high: float = 1.0,
    above: float = -math.inf,
) -> tuple[float, float]:
    """The lower and the upper of two numbers, or those of one number: from -value, or `low`, to value."""
    given: list[Any] = list(value) if isinstance(value, list | tuple) else [value]
    is_pair = isinstance(value, list | tuple) and len(given) == 2
    if (
        (isinstance(value, list | tuple) and not is_pair)
        or not all(isinstance(number, int | float) and not isinstance(number, bool) for number in given)
        or not all(low <= number <= high and number > above for number in given)
    ):
        more_than = f", more than {above}" if above > -math.inf else ""
        raise InvalidArgumentError(
            explain(
                f"{layer} got a bad `{name}`.",
                expected=f"a number, or two, from {low} to {high}{more_than}",
                got=repr(value)[:80],
            )
        )
    if is_pair:
        return min(given), max(given)
    return max(-abs(given[0]), low), abs(given[0])


def as_value_range(value: Sequence[float], layer: str, ordered: bool = True) -> Sequence[float]:
    """The lowest and the highest number of a pixel; a list where they were put in order."""
    if (
        not isinstance(value, list | tuple)
        or len(value) != 2
        or not all(isinstance(v, int | float) for v in value)
    ):
        raise InvalidArgumentError(
            explain(f"{layer} got a bad `value_range`.", expected="two numbers", got=repr(value)[:80])
        )
    return sorted(value) if ordered else value


def in_range(images: Array, before: Sequence[float], after: Sequence[float]) -> Array:
    """Numbers of one range as those of another."""
    if tuple(before) == tuple(after):
        return images
    unit: Array = (images - before[0]) / (before[1] - before[0])
    return unit * (after[1] - after[0]) + after[0]


share_arguments(
    "layers",
    {
        "bounding_box_format": "not supported; None alone is accepted.",
        "value_range": "the lowest and the highest number that a pixel may have: black and\n        white.",
        "fill_mode": "what is outside of an image: 'reflect' mirrors it at its edge, 'wrap'\n"
        "        begins again on the other side, 'nearest' repeats the edge, 'constant' is\n"
        "        `fill_value`.",
        "fill_value": "the number that 'constant' fills with; by default 0, black.",
    },
)

"""`keras.utils.image_dataset_from_directory`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from layerlab.core.whole_number import whole_number
from layerlab.errors import InvalidArgumentError, explain
from layerlab.settings import choose
from layerlab.typing import PathLike
from layerlab.utils.file_dataset import check_format, file_datasets, in_format
from layerlab.utils.folder_index import Request
from layerlab.utils.image import COLOR_MODES, as_data_format, in_color_mode
from layerlab.utils.pillow import open_image
from layerlab.utils.resizing import INTERPOLATIONS, resized

__all__ = ["image_dataset_from_directory"]

_ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_FORMATS = ("JPEG", "PNG", "GIF", "BMP")  # the order in which they are tried


def image_dataset_from_directory(
    directory: PathLike,
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: int | Sequence[int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str | None = None,
    verbose: bool = True,
) -> Any:
    """A data set of the images in a folder, with the names of its subfolders as classes.

    Images are read when they are needed, in several threads, and never more than a few
    batches ahead. Files end in .bmp, .gif (of which the first picture counts), .jpeg,
    .jpg or .png.

    Args:
        directory: the folder, with a subfolder for each class.
        labels: "inferred", by the subfolders; None, no labels; or a list of integers, one
            for each file in alphabetical order of their paths.
        label_mode: the form of labels: "int", (batch,) of int32; "binary", (batch, 1) of
            float32 for two classes; "categorical", (batch, classes) of float32, one-hot;
            None, no labels.
        class_names: subfolders to take, in the order of their numbers; None: all, in
            alphabetical order.
        color_mode: "rgb", "rgba" or "grayscale": 3, 4 or 1 channels.
        batch_size: images a batch; None: single images.
        image_size: (height, width) to resize to, or one number for both.
        shuffle: True: in another order in each pass; False: in alphabetical order.
        seed: of the order, and of the split; None follows from `set_random_seed`.
        validation_split: which fraction is for validation, if `subset` is given.
        subset: "training" or "validation", or "both" for a list of the two.
        interpolation: "bilinear", "nearest", "bicubic", "area", "lanczos3", "lanczos5",
            "gaussian" or "mitchellcubic".
        follow_links: whether links to folders are followed.
        crop_to_aspect_ratio: True cuts off what does not fit in the proportions of
            image_size, instead of stretching the image.
        pad_to_aspect_ratio: True adds black to fit, instead.
        data_format: "channels_last" for (batch, height, width, channels), or
            "channels_first"; None is `config.image_data_format()`.
        format: None gives a data set of ours; "tf" one of tf.data, if TensorFlow is
            installed.
        verbose: whether to say how many files there are.
    Returns: a Dataset of float32 images from 0 to 255, or of (images, labels); it has
        `class_names` and `file_paths`.
    Raises: DataError for a folder without images; InvalidArgumentError; while it is read,
        UnreadableFileError that names a file that is no whole image.

    Example:
        >>> import os, tempfile
        >>> import layerlab as keras
        >>> folder = tempfile.TemporaryDirectory()
        >>> for name in ("cats", "dogs"):
        ...     os.mkdir(f"{folder.name}/{name}")
        ...     keras.utils.save_img(f"{folder.name}/{name}/1.png", np.zeros((9, 9, 3)))
        >>> data = image_dataset_from_directory(folder.name, image_size=(8, 8))
        Found 2 files of 2 classes.
        >>> data.class_names
        ['cats', 'dogs']
        >>> images, labels = next(iter(data))
        >>> images.shape, sorted(labels.tolist())
        ((2, 8, 8, 3), [0, 1])
        >>> folder.cleanup()
    """
    choose(color_mode, COLOR_MODES, "color_mode")
    choose(str(interpolation).lower(), INTERPOLATIONS, "interpolation")
    check_format(format)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise InvalidArgumentError(
            explain("crop_to_aspect_ratio and pad_to_aspect_ratio", expected="one of them", got="both")
        )
    size = _checked_size(image_size)
    request = Request(
        directory=directory,
        labels=labels,
        label_mode=label_mode,
        class_names=class_names,
        shuffle=shuffle,
        seed=seed,
        validation_split=validation_split,
        subset=subset,
        follow_links=follow_links,
        verbose=verbose,
        formats=_ENDINGS,
    )
    loader = _Loader(
        size,
        color_mode,
        str(interpolation).lower(),
        bool(crop_to_aspect_ratio),
        bool(pad_to_aspect_ratio),
        as_data_format(data_format) == "channels_first",
    )
    made = in_format(file_datasets(request, "image", loader.load, batch_size), format)
    return made if subset == "both" else made[0]


class _Loader:
    """Reads batches of images."""

    def __init__(
        self,
        size: tuple[int, int],
        color_mode: str,
        interpolation: str,
        crop: bool,
        pad: bool,
        channels_first: bool,
    ) -> None:
        self._size = size
        self._color_mode = color_mode
        self._how = (interpolation, crop, pad)
        self._channels_first = channels_first
        self._channels = {"grayscale": 1, "rgb": 3, "rgba": 4}[color_mode]

    def load(self, paths: list[str]) -> np.ndarray:
        """(images, height, width, channels) of float32, or with the channels first."""
        batch = np.empty((len(paths), *self._size, self._channels), np.float32)
        for row, path in enumerate(paths):
            image = np.asarray(in_color_mode(open_image(path, path, _FORMATS), self._color_mode))
            image = image[:, :, None] if image.ndim == 2 else image
            batch[row] = resized(image, self._size, *self._how)
        return np.ascontiguousarray(batch.transpose(0, 3, 1, 2)) if self._channels_first else batch


def _checked_size(size: object) -> tuple[int, int]:
    sizes = (size, size) if isinstance(size, int | np.integer) else size
    if not isinstance(sizes, list | tuple | np.ndarray) or len(sizes) != 2:
        raise InvalidArgumentError(explain("image_size", expected="(height, width)", got=repr(size)[:60]))
    return whole_number(sizes[0], "image_size", 1), whole_number(sizes[1], "image_size", 1)

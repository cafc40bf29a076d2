"""Single images: files, Pillow's images and arrays, one into the other."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from layerlab.backend.active import backend
from layerlab.dtypes import numpy_dtype, standardize_dtype
from layerlab.errors import DTypeError, InvalidArgumentError, ShapeError, explain
from layerlab.ops.image.resizing import as_image_size
from layerlab.settings import DATA_FORMATS, choose, settings
from layerlab.typing import DTypeLike, TensorLike
from layerlab.utils.pillow import open_image, pillow

__all__ = [
    "COLOR_MODES",
    "array_to_img",
    "as_data_format",
    "in_color_mode",
    "img_to_array",
    "load_img",
    "save_img",
]

COLOR_MODES = ("grayscale", "rgb", "rgba")
_GRAYS = ("L", "I;16", "I")
_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def load_img(
    path: object,
    color_mode: str = "rgb",
    target_size: object = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """Read an image file.

    Args:
        path: of the file: a str or Path, or an open binary file such as io.BytesIO.
        color_mode: "rgb", "rgba" or "grayscale": into what the image is converted. A
            gray image of 16 or 32 bits stays one.
        target_size: (height, width) to resize to; None: as it is.
        interpolation: how it is resized: "nearest", "bilinear", "bicubic", "hamming",
            "box" or "lanczos", as Pillow names them.
        keep_aspect_ratio: True cuts the sides off that do not fit in the proportions of
            target_size, so that nothing is stretched.
    Returns: a Pillow image; `img_to_array` makes an array of it.
    Raises: FileNotFoundError; UnreadableFileError, an OSError, for what is no whole image;
        InvalidArgumentError.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_img(f"{folder}/gray.png", np.arange(12.0).reshape(3, 4, 1))
        ...     image = load_img(f"{folder}/gray.png", target_size=(6, 8))
        >>> image.mode, image.size
        ('RGB', (8, 6))
    """
    choose(color_mode, COLOR_MODES, "color_mode")
    if hasattr(path, "read"):
        file, name = path, str(getattr(path, "name", "that was passed"))
    elif isinstance(path, str | bytes | os.PathLike):
        file = name = os.fsdecode(path)
    else:
        raise DTypeError(
            explain("load_img(path=...)", expected="a path or a binary file", got=type(path).__name__)
        )
    image = in_color_mode(open_image(file, name), color_mode)
    if target_size is None:
        return image
    height, width = as_image_size(target_size, "target_size", "(height, width), each 1 or more")
    size = width, height  # as Pillow has it
    if image.size == size:
        return image
    choose(interpolation, _INTERPOLATIONS, "interpolation")
    how = pillow().Resampling[interpolation.upper()]
    return image.resize(size, how, box=_middle(image.size, size) if keep_aspect_ratio else None)


def in_color_mode(image: Any, color_mode: str) -> Any:
    """A Pillow image in the mode for "grayscale", "rgb" or "rgba"; one that is so comes back as it is."""
    if color_mode == "grayscale":
        return image if image.mode in _GRAYS else image.convert("L")
    mode = color_mode.upper()
    return image if image.mode == mode else image.convert(mode)


def img_to_array(img: object, data_format: str | None = None, dtype: DTypeLike = None) -> np.ndarray:
    """The pixels of an image as an array.

    Args:
        img: a Pillow image, or an array of 2 or 3 axes.
        data_format: "channels_last" for (height, width, channels), "channels_first" for
            (channels, height, width); None is `config.image_data_format()`.
        dtype: of the array; None is `config.floatx()`.
    Returns: NumPy array of 3 axes; a gray image has one channel.
    Raises: ShapeError for other numbers of axes.

    Example:
        >>> img_to_array(array_to_img([[[0.0], [1.0]]]))[..., 0]
        array([[  0., 255.]], dtype=float32)
    """
    chosen = as_data_format(data_format)
    x = np.asarray(img, dtype=numpy_dtype(standardize_dtype(dtype)))
    if x.ndim == 2:
        x = x[:, :, None]
    elif x.ndim != 3:
        raise ShapeError(explain("img_to_array", expected="an image (2 or 3 axes)", got=f"shape {x.shape}"))
    elif chosen == "channels_first":
        return x.transpose(2, 0, 1)
    return x if chosen == "channels_last" else x.transpose(2, 0, 1)


def array_to_img(
    x: TensorLike, data_format: str | None = None, scale: bool = True, dtype: DTypeLike = None
) -> Any:
    """An array as a Pillow image.

    Args:
        x: (height, width, channels) with 1, 3 or 4 channels, of NumPy or the back end.
        data_format: "channels_last", or "channels_first" for (channels, height, width);
            None is `config.image_data_format()`.
        scale: True stretches the values so that the least is 0 and the largest 255;
            False takes them as they are.
        dtype: in which that is computed; None is `config.floatx()`.
    Returns: a Pillow image of mode L, RGB or RGBA; one channel with values above 255
        gives mode I, 32-bit integers.
    Raises: ShapeError.

    Example:
        >>> array_to_img(np.zeros((2, 3, 3))).size
        (3, 2)
    """
    chosen = as_data_format(data_format)
    host = backend().to_numpy(x) if backend().is_array(x) else x
    pixels = np.array(host, dtype=numpy_dtype(standardize_dtype(dtype)))
    if scale and pixels.dtype.kind in "biu":
        pixels = pixels.astype("float32")
    if pixels.ndim != 3:
        raise ShapeError(explain("array_to_img", expected="one image of 3 axes", got=f"shape {pixels.shape}"))
    if chosen == "channels_first":
        pixels = pixels.transpose(1, 2, 0)
    if pixels.shape[2] not in (1, 3, 4) or 0 in pixels.shape:
        raise ShapeError(
            explain(
                "array_to_img",
                expected=f"pixels of 1, 3 or 4 channels, {chosen.replace('_', ' ')}",
                got=f"shape {np.asarray(host).shape}",
            )
        )
    if scale:
        pixels -= pixels.min()
        most = pixels.max()
        pixels /= most if most != 0 else 1  # not times 255 / most: the largest would be rounded to 254
        pixels *= 255
    if pixels.shape[2] > 1:
        return pillow().fromarray(pixels.astype("uint8"))
    return pillow().fromarray(pixels[:, :, 0].astype("int32" if pixels.max() > 255 else "uint8"))


def save_img(
    path: object,
    x: TensorLike,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: object,
) -> None:
    """Write an array to an image file.

    Args:
        path: where to: a str or Path whose ending says the format, or an open binary
            file.
        x: (height, width, channels) with 1, 3 or 4 channels.
        data_format: "channels_last", or "channels_first" for (channels, height, width);
            None is `config.image_data_format()`.
        file_format: "png", "jpeg" and so on; None: what the path says.
        scale: True stretches the values to 0 to 255; False takes them as they are.
        **kwargs: options of the format, for Pillow's `Image.save`.
    Raises: ShapeError; InvalidArgumentError for an unknown format. Nothing is written then.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> save_img(file, np.zeros((2, 2, 3)), file_format="png")
        >>> file.getvalue()[1:4]
        b'PNG'
    """
    image = array_to_img(x, data_format=data_format, scale=scale)
    ending = Path(path).suffix[1:] if isinstance(path, str | os.PathLike) else ""
    form = (file_format or ending).lower()
    form = "jpeg" if form == "jpg" else form
    known = {name[1:].lower(): value for name, value in pillow().registered_extensions().items()}
    if form not in known and form.upper() not in pillow().SAVE:
        raise InvalidArgumentError(
            explain(
                f"save_img knows no image format '{form}'.",
                expected="a path that ends in .png or .jpg, say, or file_format='png'",
            )
        )
    if image.mode == "RGBA" and form == "jpeg":
        warnings.warn("JPEG knows no transparency: the fourth channel is left out.", stacklevel=2)
        image = image.convert("RGB")
    image.save(path, format=known.get(form, form.upper()), **kwargs)


def as_data_format(data_format: str | None) -> str:
    """ "channels_last" or "channels_first"; None is the setting. Raises: InvalidArgumentError."""
    return choose(data_format or settings.image_data_format, DATA_FORMATS, "data format")


def _middle(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest box of the proportions of `target` in the middle of an image: left, upper, right, lower."""
    width, height = size
    box_height = min(height, width * target[1] // target[0])
    box_width = min(width, height * target[0] // target[1])
    left, upper = (width - box_width) // 2, (height - box_height) // 2
    return left, upper, left + box_width, upper + box_height

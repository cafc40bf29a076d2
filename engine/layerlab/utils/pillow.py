"""Pillow, which reads and writes image files: imported when the first image is, and kept from doing harm."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from layerlab.errors import UnreadableFileError, UnsupportedError, explain

__all__ = ["damage_told", "open_image", "pillow"]

# PostScript is a programming language: Pillow hands such a file to another program.
_PROGRAMS = ("EPS",)


def pillow() -> Any:
    """The module PIL.Image. Raises: UnsupportedError where it is not installed."""
    try:
        from PIL import Image
    except ImportError as error:
        raise UnsupportedError(
            explain("Image files need Pillow, and it is not installed.", fix="pip install pillow")
        ) from error
    return Image


def open_image(file: Any, name: str, formats: Sequence[str] | None = None) -> Any:
    """The decoded image of a path or binary file, in the mode that the file has.

    Args:
        name: of the file, for messages.
        formats: Pillow's names of those that may be tried; None: all but those that are programs.
    Raises: UnreadableFileError for what is no whole image, or has more pixels than Pillow allows
        (`PIL.Image.MAX_IMAGE_PIXELS`).
    """
    module = pillow()
    if formats is None:
        module.init()
        formats = [known for known in module.OPEN if known not in _PROGRAMS]
    with contextlib.ExitStack() as stack:
        opened = file if hasattr(file, "read") else stack.enter_context(open(file, "rb"))
        with damage_told(name, module):
            image = module.open(opened, formats=formats)
            image.load()  # here, so that damage is found where the name of the file is known
    return image


@contextlib.contextmanager
def damage_told(name: str, module: Any) -> Iterator[None]:
    """Tell what Pillow raises for a damaged file with the file's name."""
    try:
        yield
    except module.DecompressionBombError as error:
        raise UnreadableFileError(
            explain(
                f"The image {name} is too large: {error}",
                fix="make it smaller, or raise PIL.Image.MAX_IMAGE_PIXELS if you trust the file",
            )
        ) from error
    except Exception as error:  # decoders of damaged files raise all sorts of things
        unknown = type(error).__name__ == "UnidentifiedImageError"
        what = "is no image of a known format" if unknown else f"cannot be read: {str(error)[:150]}"
        raise UnreadableFileError(
            explain(f"The file {name} {what}.", fix="remove it from the data, or save it again")
        ) from error

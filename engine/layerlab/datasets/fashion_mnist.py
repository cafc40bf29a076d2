"""Fashion-MNIST: pictures of clothes."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from layerlab.datasets.fetching import KERAS_FILES, fetched
from layerlab.datasets.shuffling import Parts
from layerlab.errors import UnreadableFileError, explain

__all__ = ["load_data"]

_MOST_BYTES = 2**28


def load_data() -> Parts:
    """Gray images of clothes: 60,000 to train with and 10,000 to test with.

    Images are (28, 28) of uint8; labels, of uint8: 0 T-shirt or top, 1 trouser, 2
    pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag, 9 ankle boot. 30 MB
    are fetched at the first call.

    Returns: ((x_train, y_train), (x_test, y_test)), NumPy arrays.
    Raises: DownloadError without a network, as long as the files are not in the cache.
    Source: Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747; MIT licence.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
        >>> y_test.shape  # doctest: +SKIP
        (10000,)
    """
    y_train, x_train, y_test, x_test = (
        _read(fetched(name, KERAS_FILES + name, cache_subdir="datasets/fashion-mnist"))
        for name in (
            "train-labels-idx1-ubyte.gz",
            "train-images-idx3-ubyte.gz",
            "t10k-labels-idx1-ubyte.gz",
            "t10k-images-idx3-ubyte.gz",
        )
    )
    return (x_train, y_train), (x_test, y_test)


def _read(path: Path) -> np.ndarray:
    """The array of an IDX file: two zero bytes, 8 for bytes, the number of axes, their lengths, the data."""
    try:
        with gzip.open(path, "rb") as file:
            zeros, kind, axes = struct.unpack(">HBB", file.read(4))
            shape = struct.unpack(f">{axes}I", file.read(4 * axes))
            if zeros or kind != 8 or math.prod(shape) > _MOST_BYTES:
                raise ValueError("its beginning is not that of such a file")
            content = bytearray(file.read(math.prod(shape) + 1))
        return np.frombuffer(content, np.uint8).reshape(shape)
    except (OSError, EOFError, ValueError, zlib.error, struct.error) as error:
        raise UnreadableFileError(
            explain(
                f"{path} cannot be read: {str(error)[:150]}",
                expected="an IDX file of bytes, packed by gzip",
                fix="delete it, so that it is fetched again",
            )
        ) from error

"""MNIST: handwritten digits."""

from __future__ import annotations

from layerlab.datasets.fetching import KERAS_FILES, fetched
from layerlab.datasets.npz import read_arrays
from layerlab.datasets.shuffling import Parts

__all__ = ["load_data"]

_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path: str = "mnist.npz") -> Parts:
    """Gray images of handwritten digits: 60,000 to train with and 10,000 to test with.

    Images are (28, 28) of uint8, 0 for white paper to 255 for ink; labels are the digits
    0 to 9, of uint8. 11 MB are fetched at the first call.

    Args:
        path: the name of the file in the cache.
    Returns: ((x_train, y_train), (x_test, y_test)), NumPy arrays.
    Raises: DownloadError without a network, as long as the file is not in the cache.
    Source: Y. LeCun, C. Cortes, C. J. C. Burges, "The MNIST database of handwritten digits".

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
        >>> x_train.shape  # doctest: +SKIP
        (60000, 28, 28)
    """
    file = fetched(path, f"{KERAS_FILES}mnist.npz", file_hash=_SHA256)
    x_train, y_train, x_test, y_test = read_arrays(file, "x_train", "y_train", "x_test", "y_test")
    return (x_train, y_train), (x_test, y_test)

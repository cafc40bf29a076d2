"""Small handwritten digits that come with layerlab: for a first lesson where there is no network.

Where they are from and their licence: `digits.md`.
"""

from __future__ import annotations

from pathlib import Path

from layerlab.datasets.npz import read_arrays
from layerlab.datasets.shuffling import Parts, parted

__all__ = ["load_data"]

_FILE = Path(__file__).with_name("digits.npz")


def load_data(test_split: float = 0.2, seed: int = 113) -> Parts:
    """1,797 gray images of handwritten digits, which come with layerlab: nothing is fetched.

    Images are (8, 8) of uint8, from 0 for white paper to 16 for ink; labels are the
    digits 0 to 9, of uint8. They are the images of `sklearn.datasets.load_digits()`.

    Args:
        test_split: which fraction is for testing.
        seed: of the order.
    Returns: ((x_train, y_train), (x_test, y_test)), NumPy arrays.
    Raises: InvalidArgumentError.
    Source: Alpaydin, Kaynak 1998, UCI Machine Learning Repository, CC BY 4.0.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()
        >>> x_train.shape, x_test.shape
        ((1437, 8, 8), (360, 8, 8))
    """
    x, y = read_arrays(_FILE, "x", "y")
    return parted(x, y, test_split, seed)

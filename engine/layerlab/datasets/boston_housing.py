"""Boston housing prices of 1978."""

from __future__ import annotations

from layerlab.datasets.fetching import KERAS_FILES, fetched
from layerlab.datasets.npz import read_arrays
from layerlab.datasets.shuffling import Parts, check_test_split, parted

__all__ = ["load_data"]

_SHA256 = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Parts:
    """Prices of houses in 506 districts of Boston, in 1,000 dollars, with 13 features each.

    One of the features was made with a racist assumption, for which the data set has been
    withdrawn elsewhere: take `california_housing` where you can choose.

    Args:
        path: the name of the file in the cache.
        test_split: which fraction is for testing.
        seed: of the order.
    Returns: ((x_train, y_train), (x_test, y_test)), NumPy arrays of float64: (n, 13) and
        (n,).
    Raises: DownloadError without a network, as long as the file is not in the cache;
        InvalidArgumentError.
    Source: Harrison, Rubinfeld 1978, "Hedonic prices and the demand for clean air".

    Example:
        >>> (x_train, y_train), _ = load_data(test_split=0.5)  # doctest: +SKIP
        >>> x_train.shape  # doctest: +SKIP
        (253, 13)
    """
    check_test_split(test_split)
    file = fetched(path, f"{KERAS_FILES}boston_housing.npz", file_hash=_SHA256)
    x, y = read_arrays(file, "x", "y")
    return parted(x, y, test_split, seed)

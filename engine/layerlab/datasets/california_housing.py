"""California housing prices of 1990."""

from __future__ import annotations

from layerlab.datasets.fetching import KERAS_FILES, fetched
from layerlab.datasets.npz import read_arrays
from layerlab.datasets.shuffling import Parts, check_test_split, parted
from layerlab.settings import choose

__all__ = ["load_data"]

_SHA256 = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"


def load_data(
    version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: int = 113
) -> Parts:
    """Median prices of houses in districts of California, in dollars, with 8 features each.

    The features: longitude, latitude, housing_median_age, total_rooms, total_bedrooms,
    population, households, median_income.

    Args:
        version: "large" for all 20,640 districts, "small" for the first 600, around San
            Francisco.
        path: the name of the file in the cache.
        test_split: which fraction is for testing.
        seed: of the order.
    Returns: ((x_train, y_train), (x_test, y_test)), NumPy arrays (n, 8) and (n,).
    Raises: DownloadError without a network, as long as the file is not in the cache;
        InvalidArgumentError.
    Source: Pace, Barry 1997, "Sparse spatial autoregressions".

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data(version="small")  # doctest: +SKIP
        >>> x_train.shape  # doctest: +SKIP
        (480, 8)
    """
    choose(version, ("large", "small"), "version")
    check_test_split(test_split)
    file = fetched(path, f"{KERAS_FILES}california_housing.npz", file_hash=_SHA256)
    x, y = read_arrays(file, "x", "y")
    count = 600 if version == "small" else len(x)
    return parted(x[:count], y[:count], test_split, seed)

"""Well-known data sets as NumPy arrays, under the names of `keras.datasets`, and one that needs no network.

Each is fetched when `load_data` is first called, and found in the cache from then on (see `utils.get_file`).
"""

from layerlab.datasets import (
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    digits,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)

__all__ = [
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "digits",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
]

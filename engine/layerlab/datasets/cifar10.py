"""CIFAR-10: small photographs of ten kinds of things."""

from __future__ import annotations

from layerlab.datasets.cifar import load_parts
from layerlab.datasets.shuffling import Parts

__all__ = ["load_data"]

_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data() -> Parts:
    """Colour photographs: 50,000 to train with and 10,000 to test with.

    Images are (32, 32, 3) of uint8, or (3, 32, 32) if `config.image_data_format()` is
    "channels_first"; labels are (n, 1) of uint8: 0 airplane, 1 automobile, 2 bird, 3
    cat, 4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck. 170 MB are fetched at the first
    call.

    Returns: ((x_train, y_train), (x_test, y_test)), NumPy arrays.
    Raises: DownloadError without a network, as long as the file is not in the cache.
    Source: A. Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".

    Example:
        >>> (x_train, y_train), (x_test, y_test) = load_data()  # doctest: +SKIP
        >>> x_test.shape  # doctest: +SKIP
        (10000, 32, 32, 3)
    """
    inside = "cifar-10-batches-py"
    (x_train, y_train), (x_test, y_test) = load_parts(
        "cifar-10-batches-py-target",
        "cifar-10-python.tar.gz",
        _SHA256,
        [f"{inside}/data_batch_{number}" for number in range(1, 6)],
        f"{inside}/test_batch",
        "labels",
    )
    return (x_train, y_train.astype("uint8")), (x_test, y_test.astype("uint8"))

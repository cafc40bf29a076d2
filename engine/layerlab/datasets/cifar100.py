"""CIFAR-100: small photographs of a hundred kinds of things."""

from __future__ import annotations

from layerlab.datasets.cifar import load_parts
from layerlab.datasets.shuffling import Parts
from layerlab.settings import choose

__all__ = ["load_data"]

_SHA256 = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode: str = "fine") -> Parts:
    """Colour photographs: 50,000 to train with and 10,000 to test with.

    Images are (32, 32, 3) of uint8, or (3, 32, 32) if `config.image_data_format()` is
    "channels_first"; labels are (n, 1) of int64. 169 MB are fetched at the first call.

    Args:
        label_mode: "fine" for 100 classes, "coarse" for the 20 that they belong to.
    Returns: ((x_train, y_train), (x_test, y_test)), NumPy arrays.
    Raises: DownloadError without a network, as long as the file is not in the cache;
        InvalidArgumentError.
    Source: A. Krizhevsky 2009, "Learning Multiple Layers of Features from Tiny Images".

    Example:
        >>> (x_train, y_train), _ = load_data(label_mode="coarse")  # doctest: +SKIP
        >>> int(y_train.max())  # doctest: +SKIP
        19
    """
    choose(label_mode, ("fine", "coarse"), "label_mode")
    return load_parts(
        "cifar-100-python-target",
        "cifar-100-python.tar.gz",
        _SHA256,
        ["cifar-100-python/train"],
        "cifar-100-python/test",
        f"{label_mode}_labels",
    )

"""Where the data sets come from: Keras' addresses and cache, and what works without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from layerlab.errors import DownloadError
from layerlab.utils.get_file import get_file

__all__ = ["KERAS_FILES", "fetched"]

KERAS_FILES = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def fetched(fname: str, origin: str, **arguments: Any) -> Path:
    """`get_file`, whose error also names the data set that comes with layerlab."""
    try:
        return Path(get_file(fname, origin, **arguments))
    except DownloadError as error:
        raise DownloadError(
            f"{error}\n  Or: keras.datasets.digits.load_data() has images of digits, and needs no network"
        ) from error

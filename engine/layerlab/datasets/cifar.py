"""What cifar10 and cifar100 share: files of pickled images, one row of bytes each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from layerlab.datasets.fetching import fetched
from layerlab.datasets.pickled import load_pickled
from layerlab.datasets.shuffling import Parts
from layerlab.errors import UnreadableFileError, explain
from layerlab.settings import settings

__all__ = ["load_parts"]


def load_parts(folder: str, archive: str, sha256: str, train: list[str], test: str, labels: str) -> Parts:
    """((x_train, y_train), (x_test, y_test)) in the image data format of the settings.

    Args:
        folder: of the cache, into which the archive is unpacked.
        train, test: names of files in it.
        labels: the key of the labels in them.
    """
    origin = f"https://www.cs.toronto.edu/~kriz/{archive}"
    unpacked = fetched(folder, origin, extract=True, file_hash=sha256)
    parts = [_joined([unpacked / name for name in names], labels) for names in (train, [test])]
    return parts[0], parts[1]


def _joined(paths: list[Path], labels: str) -> tuple[np.ndarray, np.ndarray]:
    batches = [_batch(path, labels) for path in paths]
    x = np.concatenate([images for images, _ in batches])
    y = np.concatenate([numbers for _, numbers in batches])
    return x if settings.image_data_format == "channels_first" else x.transpose(0, 2, 3, 1), y[:, None]


def _batch(path: Path, key: str) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 3, 32, 32) of uint8 and labels (n,)."""
    with path.open("rb") as file:
        batch: Any = load_pickled(file, encoding="bytes")
    entries: dict[bytes, Any] = batch if isinstance(batch, dict) else {}
    images: Any = entries.get(b"data")
    labels = np.asarray(entries.get(key.encode()))
    is_right = isinstance(images, np.ndarray) and images.dtype == np.uint8 and images.shape[1:] == (3072,)
    if not is_right or labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]:
        raise UnreadableFileError(
            explain(
                f"{path} is no batch of images with {key}.",
                fix="delete its folder",
            )
        )
    return images.reshape(-1, 3, 32, 32), labels

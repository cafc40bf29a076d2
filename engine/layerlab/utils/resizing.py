"""Images of another height and width, on the host: as `ops.image.resize` does it in a model.

Each new pixel is a weighted sum of a few old ones along each axis. Nothing is smoothed before an image
shrinks ("antialias=False"), as Keras and tf.image do it: Pillow's own resize gives other numbers.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["INTERPOLATIONS", "resized"]

Kernel = Callable[[np.ndarray], np.ndarray]
Taps = tuple[np.ndarray, np.ndarray]


def resized(
    image: np.ndarray, size: tuple[int, int], interpolation: str, crop: bool = False, pad: bool = False
) -> np.ndarray:
    """An image (height, width, channels) in another size.

    Args:
        size: (height, width).
        interpolation: one of INTERPOLATIONS.
        crop: first take the largest window of the proportions of `size` from the middle.
        pad: first add black on two sides, up to these proportions.
    Returns: float32; for "nearest", and where the size fits, the dtype of the image.
    """
    height, width = image.shape[:2]
    if crop:
        image = _cropped(image, max(width * size[0] // size[1], 1), max(height * size[1] // size[0], 1))
    elif pad:
        image = _padded(image, width * size[0] // size[1], height * size[1] // size[0])
    rows_first = image.shape[0] * size[1] > size[0] * image.shape[1]  # what leaves less to do
    for axis in (0, 1) if rows_first else (1, 0):
        if image.shape[axis] != size[axis]:
            image = _resampled(image, axis, size[axis], interpolation)
    return image


def _cropped(image: np.ndarray, height: int, width: int) -> np.ndarray:
    height, width = min(image.shape[0], height), min(image.shape[1], width)
    top, left = (image.shape[0] - height) // 2, (image.shape[1] - width) // 2
    return image[top : top + height, left : left + width]


def _padded(image: np.ndarray, height: int, width: int) -> np.ndarray:
    above, beside = max(0, height - image.shape[0]) // 2, max(0, width - image.shape[1]) // 2
    margins = ((above, above), (0, 0), (0, 0)) if above else ((0, 0), (beside, beside), (0, 0))
    return np.pad(image, margins)


def _resampled(image: np.ndarray, axis: int, after: int, interpolation: str) -> np.ndarray:
    """The image with `after` pixels along an axis."""
    height, width, channels = image.shape
    if interpolation == "nearest":
        return np.take(image, _taps(image.shape[axis], after, interpolation)[0][:, 0], axis=axis)
    if axis == 0:
        flat = _rows(height, after, interpolation) @ image.reshape(height, width * channels)
        return flat.reshape(after, width, channels)
    # Numbers are taken out one by one: pixels of three would be copied by a slower loop.
    flat, total = image.reshape(height, width * channels), None
    for places, weights in _columns(width, after, channels, interpolation):
        part = np.take(flat, places, axis=1) * weights
        total = part if total is None else np.add(total, part, out=part)
    assert total is not None
    return total.reshape(height, after, channels)


@functools.lru_cache(maxsize=256)
def _rows(before: int, after: int, interpolation: str) -> Any:
    """A sparse matrix (after, before)."""
    from scipy import sparse  # takes long to import, and most programs resize nothing

    indices, weights = _taps(before, after, interpolation)
    starts = np.arange(0, indices.size + 1, indices.shape[1])
    return sparse.csr_array((weights.ravel(), indices.ravel(), starts), shape=(after, before))


@functools.lru_cache(maxsize=256)
def _columns(before: int, after: int, channels: int, interpolation: str) -> list[Taps]:
    """For each tap the places in a row of numbers, and their weights."""
    indices, weights = _taps(before, after, interpolation)
    steps = np.arange(channels)
    return [
        ((indices[:, tap, None] * channels + steps).ravel(), np.repeat(weights[:, tap], channels))
        for tap in range(indices.shape[1])
    ]


@functools.lru_cache(maxsize=512)  # photographs come in few sizes
def _taps(before: int, after: int, interpolation: str) -> Taps:
    """(after, taps): which old pixels count for each new one, and how much."""
    step = before / after
    if interpolation == "nearest":
        nearest = np.floor((np.arange(after) + 0.5) * step).astype(np.int64)
        return np.minimum(nearest, before - 1)[:, None], np.ones((after, 1), np.float32)
    if interpolation == "area":
        return _areas(before, after)
    kernel, radius = _KERNELS[interpolation]
    centres = (np.arange(after) + 0.5) * step - 0.5  # of the new pixels, in old ones
    indices = np.floor(centres)[:, None].astype(np.int64) + np.arange(1 - radius, radius + 1)
    weights = kernel(np.abs(centres[:, None] - indices))
    weights[(indices < 0) | (indices >= before)] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    return indices.clip(0, before - 1), weights.astype(np.float32)


def _areas(before: int, after: int) -> Taps:
    """By how much of each old pixel a new one covers."""
    step = before / after
    start = np.arange(after) * step
    count = math.ceil(step) + 1
    indices = np.floor(start)[:, None].astype(np.int64) + np.arange(count)
    overlap = np.minimum(indices + 1, start[:, None] + step) - np.maximum(indices, start[:, None])
    return indices.clip(0, before - 1), (overlap.clip(0, None) / step).astype(np.float32)


def _triangle(x: np.ndarray) -> np.ndarray:
    return np.maximum(1 - x, 0)


def _cubic(b: float, c: float) -> Kernel:
    """The family of Mitchell and Netravali 1988."""

    def kernel(x: np.ndarray) -> np.ndarray:
        near = ((12 - 9 * b - 6 * c) * x - 18 + 12 * b + 6 * c) * x**2 + 6 - 2 * b
        far = (((-b - 6 * c) * x + 6 * b + 30 * c) * x - 12 * b - 48 * c) * x + 8 * b + 24 * c
        return np.where(x < 1, near, np.where(x < 2, far, 0)) / 6

    return kernel


def _lanczos(radius: int) -> Kernel:
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)


def _gaussian(x: np.ndarray) -> np.ndarray:
    """With a standard deviation of half a pixel, cut off at one and a half."""
    return np.where(x < 1.5, np.exp(-2 * x**2), 0)


_KERNELS: dict[str, tuple[Kernel, int]] = {
    "bilinear": (_triangle, 1),
    "bicubic": (_cubic(0, 0.5), 2),
    "lanczos3": (_lanczos(3), 3),
    "lanczos5": (_lanczos(5), 5),
    "gaussian": (_gaussian, 2),
    "mitchellcubic": (_cubic(1 / 3, 1 / 3), 2),
}
INTERPOLATIONS = (
    "bilinear",
    "nearest",
    "bicubic",
    "area",
    "lanczos3",
    "lanczos5",
    "gaussian",
    "mitchellcubic",
)

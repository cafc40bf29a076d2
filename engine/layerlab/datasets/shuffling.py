"""The order in which a data set comes, and its two parts: as Keras, from the same seed."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from layerlab.errors import InvalidArgumentError, explain

__all__ = ["Parts", "check_test_split", "parted", "shuffled_indices"]

Parts = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def shuffled_indices(count: int, random: np.random.RandomState) -> np.ndarray:
    """The numbers below `count`, mixed."""
    indices = np.arange(count)
    random.shuffle(indices)
    return indices


def parted(x: Any, y: Any, test_split: float, seed: int) -> Parts:
    """((x_train, y_train), (x_test, y_test)), mixed.

    Args:
        test_split: which fraction is for testing.
    """
    check_test_split(test_split)
    indices = shuffled_indices(len(x), np.random.RandomState(seed))
    cut = int(len(x) * (1 - test_split))
    return (x[indices[:cut]], y[indices[:cut]]), (x[indices[cut:]], y[indices[cut:]])


def check_test_split(test_split: object) -> None:
    """Raise unless it is a fraction."""
    if not isinstance(test_split, numbers.Real) or not 0 <= float(test_split) < 1:
        raise InvalidArgumentError(
            explain("test_split", expected="a fraction, from 0 to below 1", got=repr(test_split)[:40])
        )

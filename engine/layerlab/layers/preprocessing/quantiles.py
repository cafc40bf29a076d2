"""Quantiles of a stream: a summary of bounded size of the numbers so far, and boundaries of bins from it.

A summary is (2, n): values in order, and how many numbers each stands for. Keras' formulas, whose boundaries
these are, are a simple form of Greenwald and Khanna 2001, "Space-efficient online computation of quantile
summaries".
"""

from __future__ import annotations

import numpy as np

__all__ = ["boundaries", "empty_summary", "merged", "summary_of"]


def empty_summary() -> np.ndarray:
    """Of no numbers."""
    return np.zeros((2, 0), "float32")


def summary_of(values: np.ndarray, tolerance: float) -> np.ndarray:
    """Each so-and-so-many-th of the numbers in order: about 1 / tolerance of them."""
    ordered = np.sort(values, axis=None)
    step = max(ordered.size * tolerance, 1)
    picked = ordered[int(step - 1) :: int(step)]
    return np.stack([picked, np.full_like(picked, step)])


def merged(first: np.ndarray, second: np.ndarray, tolerance: float) -> np.ndarray:
    """The summary of the numbers of both."""
    both = np.concatenate([first, second], axis=1)
    return _thinned(both[:, np.argsort(both[0])], tolerance)


def boundaries(summary: np.ndarray, bins: int) -> list[float]:
    """Between `bins` bins with about as many numbers in each; there is one less of them."""
    found: list[float] = _thinned(summary, 1 / bins)[0, :-1].tolist()
    return found


def _thinned(summary: np.ndarray, tolerance: float) -> np.ndarray:
    """The values at equal distances of the share of numbers up to them."""
    if summary.shape[1] * tolerance < 1:
        return summary
    shares = tolerance + np.arange(0.0, 1.0, tolerance)
    counted = np.cumsum(summary[1])
    values = np.interp(shares, counted / counted[-1], summary[0])
    upto = np.interp(shares, counted / counted[-1], counted)
    return np.stack([values, np.diff(upto, prepend=0)]).astype("float32")

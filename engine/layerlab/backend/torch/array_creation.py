"""NumPy's functions that make arrays and that torch lacks, or has with fewer arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor as Array

from layerlab.backend.torch.arrays import default_device

__all__ = [
    "bartlett", "blackman", "diag", "diagflat", "geomspace", "hamming", "hanning", "identity", "kaiser",
    "linspace", "logspace", "tri",
]  # fmt: skip


def identity(n: int, dtype: torch.dtype | None = None) -> Array:
    return torch.eye(n, dtype=dtype, device=default_device())


def tri(n: int, m: int | None = None, k: int = 0, dtype: torch.dtype | None = None) -> Array:
    return torch.tril(torch.ones(n, m or n, dtype=dtype, device=default_device()), k)


def diag(x: Array, k: int = 0) -> Array:
    return torch.diag(x, k)


def diagflat(x: Array, k: int = 0) -> Array:
    return torch.diagflat(x, k)


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    *,
    endpoint: bool = True,
    dtype: torch.dtype | None = None,
    axis: int = 0,
) -> Array:
    start, stop = (
        torch.as_tensor(edge, dtype=torch.float64, device=default_device()) for edge in (start, stop)
    )
    start, stop = torch.broadcast_tensors(start, stop)
    steps = torch.arange(num, dtype=torch.float64, device=default_device()) / max(
        num - 1 if endpoint else num, 1
    )
    steps = steps.reshape(-1, *(1,) * start.ndim)
    return torch.movedim(start + (stop - start) * steps, 0, axis).to(dtype or torch.float32)


def logspace(
    start: object,
    stop: object,
    num: int = 50,
    *,
    endpoint: bool = True,
    base: float = 10.0,
    dtype: torch.dtype | None = None,
    axis: int = 0,
) -> Array:
    exponents = linspace(start, stop, num, endpoint=endpoint, dtype=torch.float64, axis=axis)
    return torch.pow(base, exponents).to(dtype or torch.float32)


def geomspace(
    start: float,
    stop: float,
    num: int = 50,
    *,
    endpoint: bool = True,
    dtype: torch.dtype | None = None,
    axis: int = 0,
) -> Array:
    return logspace(np.log10(start), np.log10(stop), num, endpoint=endpoint, dtype=dtype, axis=axis)


def bartlett(m: int) -> Array:
    return _window(np.bartlett(m))


def blackman(m: int) -> Array:
    return _window(np.blackman(m))


def hamming(m: int) -> Array:
    return _window(np.hamming(m))


def hanning(m: int) -> Array:
    return _window(np.hanning(m))


def kaiser(m: int, beta: float) -> Array:
    return _window(np.kaiser(m, beta))


def _window(values: np.ndarray) -> Array:
    return torch.tensor(values, dtype=torch.float32, device=default_device())

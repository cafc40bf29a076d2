"""Random numbers inside a torch step, by torch's own generator, seeded anew from each key."""

from __future__ import annotations

from math import erf, sqrt

import torch

from layerlab.backend.protocol import Array, Shape
from layerlab.backend.torch.arrays import default_device, is_abstract, torch_dtype

__all__ = [
    "random_categorical",
    "random_gamma",
    "random_integers",
    "random_normal",
    "random_permutation",
    "random_truncated_normal",
    "random_uniform",
]


def random_uniform(key: Array, shape: Shape, dtype: str, low: float, high: float) -> Array:
    unit = torch.rand(shape, generator=_generator(key), dtype=torch_dtype(dtype), device=default_device())
    return unit if (low, high) == (0, 1) else unit * (high - low) + low


def random_normal(key: Array, shape: Shape, dtype: str) -> Array:
    return torch.randn(shape, generator=_generator(key), dtype=torch_dtype(dtype), device=default_device())


def random_truncated_normal(key: Array, shape: Shape, dtype: str) -> Array:
    # The quantile function on the uniform numbers that it maps into two standard deviations.
    edge = erf(sqrt(2.0))
    computed = "float64" if dtype == "float64" else "float32"
    drawn = torch.erfinv(random_uniform(key, shape, computed, -edge, edge)) * sqrt(2.0)
    return drawn.clamp(-2.0, 2.0).to(torch_dtype(dtype))


def random_integers(key: Array, shape: Shape, dtype: str, low: int, high: int) -> Array:
    # int64, because randint does not make every integer dtype.
    drawn = torch.randint(low, high, shape, generator=_generator(key), device=default_device())
    return drawn.to(torch_dtype(dtype))


def random_categorical(key: Array, logits: Array, samples: int, dtype: str) -> Array:
    probabilities = torch.softmax(logits.float(), dim=-1)
    drawn = torch.multinomial(probabilities, samples, replacement=True, generator=_generator(key))
    return drawn.to(torch_dtype(dtype))


def random_permutation(key: Array, x: Array, axis: int) -> Array:
    order = torch.randperm(x.shape[axis], generator=_generator(key), device=default_device())
    return torch.index_select(x, axis, order)


def random_gamma(key: Array, shape: Shape, alpha: Array, dtype: str) -> Array:
    concentration = torch.broadcast_to(alpha, shape).to(torch_dtype(dtype))
    return torch._standard_gamma(concentration, generator=_generator(key))


def _generator(key: Array) -> torch.Generator | None:
    if is_abstract(key):
        return None  # only the shape will be looked at
    seed, counter = key.tolist()
    return torch.Generator(default_device()).manual_seed(_mix(seed << 32 | counter))


def _mix(word: int) -> int:
    """SplitMix64's finalizer: torch's CPU generator looks at 32 bits of its seed only, so each of
    them must depend on all of the key. Source: Steele, Lea, Flood 2014."""
    word = (word + 0x9E3779B97F4A7C15) & _MASK
    word = ((word ^ word >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    word = ((word ^ word >> 27) * 0x94D049BB133111EB) & _MASK
    return (word ^ word >> 31) >> 1  # 63 bits: manual_seed takes a signed integer


_MASK = (1 << 64) - 1

"""Random numbers inside a torch step, by torch's own generator, seeded anew from each key."""

from __future__ import annotations

from collections.abc import Callable
from math import erf, sqrt

import torch
from torch import Tensor as Array

from layerlab.backend.protocol import Shape
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
    unit = _draw(_uniform, key, shape, torch_dtype(dtype))
    return unit if (low, high) == (0, 1) else unit * (high - low) + low


def random_normal(key: Array, shape: Shape, dtype: str) -> Array:
    return _draw(_normal, key, shape, torch_dtype(dtype))


def random_truncated_normal(key: Array, shape: Shape, dtype: str) -> Array:
    # The quantile function on the uniform numbers that it maps into two standard deviations.
    edge = erf(sqrt(2.0))
    computed = "float64" if dtype == "float64" else "float32"
    drawn = torch.erfinv(random_uniform(key, shape, computed, -edge, edge)) * sqrt(2.0)
    return drawn.clamp(-2.0, 2.0).to(torch_dtype(dtype))


def random_integers(key: Array, shape: Shape, dtype: str, low: int, high: int) -> Array:
    # int64, because randint does not make every integer dtype.
    return _draw(_integers, key, shape, low, high).to(torch_dtype(dtype))


def random_categorical(key: Array, logits: Array, samples: int, dtype: str) -> Array:
    probabilities = torch.softmax(logits.float(), dim=-1)
    return _draw(_choices, key, probabilities, samples).to(torch_dtype(dtype))


def random_permutation(key: Array, x: Array, axis: int) -> Array:
    return torch.index_select(x, axis, _draw(_permutation, key, x.shape[axis]))


def random_gamma(key: Array, shape: Shape, alpha: Array, dtype: str) -> Array:
    return _draw(_gamma, key, torch.broadcast_to(alpha, shape).to(torch_dtype(dtype)))


# -- the draws: operators of their own, so that a recorded step draws anew each time it is played ---------


def _uniform(key: Array, shape: Shape, dtype: torch.dtype) -> Array:
    return torch.rand(shape, generator=_generator(key), dtype=dtype, device=default_device())


def _normal(key: Array, shape: Shape, dtype: torch.dtype) -> Array:
    return torch.randn(shape, generator=_generator(key), dtype=dtype, device=default_device())


def _integers(key: Array, shape: Shape, low: int, high: int) -> Array:
    return torch.randint(low, high, shape, generator=_generator(key), device=default_device())


def _choices(key: Array, probabilities: Array, samples: int) -> Array:
    return torch.multinomial(probabilities, samples, replacement=True, generator=_generator(key))


def _permutation(key: Array, size: int) -> Array:
    return torch.randperm(size, generator=_generator(key), device=default_device())


def _gamma(key: Array, concentration: Array) -> Array:
    return torch._standard_gamma(concentration, generator=_generator(key))


_SCHEMAS: dict[Callable[..., Array], str] = {
    _uniform: "(Tensor key, SymInt[] shape, ScalarType dtype) -> Tensor",
    _normal: "(Tensor key, SymInt[] shape, ScalarType dtype) -> Tensor",
    _integers: "(Tensor key, SymInt[] shape, int low, int high) -> Tensor",
    _choices: "(Tensor key, Tensor probabilities, int samples) -> Tensor",
    _permutation: "(Tensor key, int size) -> Tensor",
    _gamma: "(Tensor key, Tensor concentration) -> Tensor",
}


def _draw(draw: Callable[..., Array], key: Array, *arguments: object) -> Array:
    # By way of the operator only where it is looked at: for few numbers that takes longer than the draw.
    return (_operators[draw] if is_abstract(key) else draw)(key, *arguments)


def _operator(draw: Callable[..., Array], schema: str) -> Callable[..., Array]:
    name = draw.__name__.removeprefix("_")
    _library.define(name + schema)
    _library.impl(name, draw, "CompositeExplicitAutograd")
    torch.library.register_fake(f"layerlab::{name}", draw, lib=_library)
    return getattr(torch.ops.layerlab, name).default


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
_library = torch.library.Library("layerlab", "DEF")
_operators = {draw: _operator(draw, schema) for draw, schema in _SCHEMAS.items()}

DRAWS = {operator: draw for draw, operator in _operators.items()}
"""The operators of the draws -> what they do."""

"""Special functions, einsum, top-k and segment reductions on torch."""

from __future__ import annotations

import functools
import re

import torch
from torch import Tensor as Array

__all__ = [
    "digamma", "einsum", "erf", "erfinv", "lgamma", "log_softmax", "relu",
    "segment_max", "segment_sum", "sigmoid", "softmax", "top_k",
]  # fmt: skip


def relu(x: Array) -> Array:
    return torch.relu(x)


def sigmoid(x: Array) -> Array:
    return torch.sigmoid(x)


def softmax(x: Array, axis: int) -> Array:
    return torch.softmax(x, dim=axis)


def log_softmax(x: Array, axis: int) -> Array:
    return torch.log_softmax(x, dim=axis)


def erf(x: Array) -> Array:
    return torch.erf(x)


def erfinv(x: Array) -> Array:
    return torch.erfinv(x)


def lgamma(x: Array) -> Array:
    return torch.lgamma(x)


def digamma(x: Array) -> Array:
    return torch.digamma(x)


def einsum(subscripts: str, *operands: Array) -> Array:
    summed = _summed_between(subscripts)
    if summed and len(operands) == 2:
        return torch.tensordot(*operands, dims=summed)  # one product of matrices; einsum makes a batch of one
    return torch.einsum(subscripts, *operands)


@functools.cache
def _summed_between(subscripts: str) -> int:
    """How many axes at the end of the first operand are summed with those that begin the second, if that is
    all that is asked for; else 0."""
    match = re.fullmatch(r"([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)", subscripts.replace(" ", ""))
    if match is None or any(len(set(letters)) < len(letters) for letters in match.groups()):
        return 0
    first, second, result = match.groups()
    count = len(set(first) & set(second))
    is_product = first[len(first) - count :] == second[:count]
    return count if is_product and result == first[: len(first) - count] + second[count:] else 0


def top_k(x: Array, k: int) -> tuple[Array, Array]:
    # A stable sort, not torch.topk, whose order among equal values is not defined.
    values, indices = torch.sort(x, dim=-1, descending=True, stable=True)
    return values[..., :k], indices[..., :k].int()


def segment_sum(data: Array, segment_ids: Array, num_segments: int) -> Array:
    return _scatter(data, segment_ids, num_segments, 0, "sum")


def segment_max(data: Array, segment_ids: Array, num_segments: int) -> Array:
    lowest = float("-inf") if data.is_floating_point() else torch.iinfo(data.dtype).min
    return _scatter(data, segment_ids, num_segments, lowest, "amax")


def _scatter(data: Array, segment_ids: Array, num_segments: int, initial: float, reduction: str) -> Array:
    # One row more takes what lies outside of the segments: dropped, as on JAX, instead of an error.
    inside = (segment_ids >= 0) & (segment_ids < num_segments)
    rows = torch.where(inside, segment_ids.long(), num_segments)
    rows = rows.reshape(-1, *(1,) * (data.ndim - 1)).expand(data.shape)
    start = torch.full((num_segments + 1, *data.shape[1:]), initial, dtype=data.dtype, device=data.device)
    return start.scatter_reduce(0, rows, data, reduction)[:num_segments]

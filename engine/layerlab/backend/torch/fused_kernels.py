"""Formulas that torch has as single kernels, forward and backward: attention, GELU, normalizations.

As formulas over arrays each would read and write the whole array several times.
"""

from __future__ import annotations

import contextlib

import torch
import torch.nn.functional as F
from torch import Tensor as Array
from torch.nn.attention import SDPBackend, sdpa_kernel

from layerlab.backend.torch.transforms import is_differentiated_twice

__all__ = ["attention", "batch_norm", "gelu", "layer_norm"]


def attention(
    query: Array, key: Array, value: Array, allowed: Array | None, is_causal: bool, scale: float
) -> Array:
    query, key, value = (x.transpose(1, 2) for x in (query, key, value))  # (batch, heads, time, depth)
    if allowed is not None:
        if is_causal:
            earlier = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=query.device).tril()
            allowed, is_causal = torch.logical_and(allowed, earlier), False
        # Where nothing is allowed, torch gives zero or NaN; so it is to look everywhere, with equal weights.
        sees = allowed.any(-1, keepdim=True)
        query = torch.where(sees, query, torch.zeros_like(query))
        allowed = torch.logical_or(allowed, torch.logical_not(sees))
    # The gradient of the fast kernels has no gradient itself.
    formula = sdpa_kernel(SDPBackend.MATH) if is_differentiated_twice() else contextlib.nullcontext()
    with formula:
        mixed = F.scaled_dot_product_attention(query, key, value, allowed, is_causal=is_causal, scale=scale)
    return mixed.transpose(1, 2)


def batch_norm(
    x: Array, gamma: Array | None, beta: Array | None, epsilon: float
) -> tuple[Array, Array, Array]:
    rows = x.reshape(-1, x.shape[-1])
    result, mean, factor = torch.native_batch_norm(rows, gamma, beta, None, None, True, 0.0, epsilon)
    variance = (factor.detach() ** -2 - epsilon).clamp_min(0)  # factor: 1 / sqrt(variance + epsilon)
    return result.reshape(x.shape), mean.detach(), variance


def gelu(x: Array, approximate: bool) -> Array:
    return F.gelu(x, approximate="tanh" if approximate else "none")


def layer_norm(x: Array, gamma: Array | None, beta: Array | None, axes: int, epsilon: float) -> Array:
    return F.layer_norm(x, x.shape[x.ndim - axes :], gamma, beta, epsilon)

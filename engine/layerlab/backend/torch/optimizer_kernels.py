"""Updates of optimizers as single kernels."""

from __future__ import annotations

from math import inf

import torch
from torch import Tensor as Array

__all__ = ["fused_adam"]


def fused_adam(
    value: Array,
    gradient: Array,
    momentum: Array,
    velocity: Array,
    alpha: Array,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> tuple[Array, Array, Array]:
    # Copies, because nothing of a caller's is written over; a recorded step leaves them out where it may.
    value, momentum, velocity = value.detach().clone(), momentum.clone(), velocity.clone()
    # After infinitely many steps torch's own bias correction is 1; ours is in alpha.
    steps = torch.full((), inf, device=value.device)
    torch._fused_adam_(
        [value],
        [gradient.contiguous()],  # the kernel walks through the memory of all four alike
        [momentum],
        [velocity],
        [],
        [steps],
        lr=alpha,
        beta1=beta_1,
        beta2=beta_2,
        weight_decay=0.0,
        eps=epsilon,
        amsgrad=False,
        maximize=False,
    )
    return value, momentum, velocity


def _adam(
    values: list[Array],
    gradients: list[Array],
    momenta: list[Array],
    velocities: list[Array],
    *unused: object,
    lr: Array,
    beta1: float,
    beta2: float,
    eps: float,
    **off: object,
) -> None:
    """What `fused_adam` asks of `_fused_adam_`, for torch.compile, which does not know that operation."""
    for value, gradient, momentum, velocity in zip(values, gradients, momenta, velocities, strict=True):
        momentum.add_((gradient - momentum) * (1 - beta1))
        velocity.add_((gradient * gradient - velocity) * (1 - beta2))
        value.sub_(momentum * lr / (velocity.sqrt() + eps))


FORMULAS = {torch.ops.aten._fused_adam_.tensor_lr: _adam}
"""Kernels -> the same over simple operations."""

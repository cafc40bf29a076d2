"""Updates of optimizers as single kernels."""

from __future__ import annotations

from math import inf

import torch

from layerlab.backend.protocol import Array

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

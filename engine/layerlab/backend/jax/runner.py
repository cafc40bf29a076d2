"""How a training step is executed on JAX: one compiled program whose old state is donated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

__all__ = ["compile_step"]


def compile_step(
    step: Callable[[Any, Any], tuple[Any, Any]], *, jit: bool, donate: bool, repeats: bool
) -> Callable[..., Any]:
    if not jit:
        return step
    return jax.jit(step, donate_argnums=(0,) if donate else ())

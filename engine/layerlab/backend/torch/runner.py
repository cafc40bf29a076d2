"""How a training step is executed on torch: eagerly, or by torch.compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from layerlab.backend.torch import transforms

__all__ = ["compile_step"]


def compile_step(
    step: Callable[[Any, Any], tuple[Any, Any]], *, jit: bool, donate: bool
) -> Callable[..., Any]:
    """torch frees an old state as soon as nobody holds it, so that `donate` needs nothing done."""
    return transforms.jit(step) if jit else step

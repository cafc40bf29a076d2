"""Loops and branches on torch: Python's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from layerlab.backend import eager_control_flow
from layerlab.backend.eager_control_flow import cond, while_loop

__all__ = ["cond", "scan", "while_loop"]


def scan(
    step: Callable[[Any, Any], tuple[Any, Any]], carry: Any, xs: Any, length: int | None, reverse: bool
) -> tuple[Any, Any]:
    return eager_control_flow.scan(torch.stack, torch.unbind, step, carry, xs, length, reverse)

"""Recurrent layers as one operation over all steps."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor as Array

__all__ = [
    "lstm",
]


def lstm(
    x: Array, h: Array, c: Array, kernel: Array, recurrent: Array, bias: Array | None
) -> tuple[Array, Array, Array]:
    biases = [] if bias is None else [bias, torch.zeros_like(bias)]  # torch has one for h as well
    outputs, h, c = torch._VF.lstm(
        x,
        (h.unsqueeze(0), c.unsqueeze(0)),
        [kernel.t(), recurrent.t(), *biases],
        bias is not None,
        1,  # layers
        0.0,  # dropout between layers
        torch.is_grad_enabled(),
        False,  # bidirectional
        True,  # batch first
    )
    return outputs, h[0], c[0]


def lstm_layer(*arguments: object) -> Any:
    """oneDNN's operation, which keeps what its gradient needs only where gradients are on."""
    detached = [x.detach() if isinstance(x, torch.Tensor) else x for x in arguments]
    with torch.enable_grad():
        return torch.ops.aten.mkldnn_rnn_layer.default(*detached)

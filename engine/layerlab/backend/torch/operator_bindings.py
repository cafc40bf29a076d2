"""The short way to call an operation of torch: by its own binding, not by way of the table of operators.

For small tensors the call takes most of the time; this one takes half of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from layerlab.backend.torch.random import DRAWS
from layerlab.backend.torch.recurrent_kernels import lstm_layer

__all__ = ["DIRECT", "ONLY_DIRECT", "direct"]

_aten = torch.ops.aten

_FUNCTIONS = """
    _log_softmax _softmax abs add addcmul addmm amax any baddbmm bmm cat clamp clamp_min clone convolution div
    embedding eq erf exp ge gt index_select isnan le log log1p logical_and logical_not logical_or lt
    maximum mean minimum mm mul native_batch_norm native_layer_norm ne neg permute pow relu rsqrt rsub
    sigmoid sqrt squeeze stack sub sum t tanh transpose unsqueeze where
""".split()  # noqa: SIM905
_METHODS = ["copy_", "expand", "view"]

DIRECT: dict[Any, Callable[..., Any]] = {
    getattr(packet, overload): function
    for names, home in ((_FUNCTIONS, torch), (_METHODS, torch.Tensor))
    for name in names
    for packet, function in [(getattr(_aten, name), getattr(home, name))]
    for overload in packet.overloads()
    if "out" not in overload and "Dimname" not in overload and "name" not in overload
}
ONLY_DIRECT = {_aten.mkldnn_rnn_layer.default: lstm_layer}
"""Operations that do not do by themselves what a step needs."""

DIRECT |= {**DRAWS, **ONLY_DIRECT}
"""An overload -> a function that takes the same arguments, for which torch finds the overload again."""


def direct(target: object) -> Any:
    """The function to call for an operation, which may be the operation itself."""
    return DIRECT.get(target, target)

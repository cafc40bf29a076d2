"""What a model can be asked for beside its layers: stateful layers, distribution, quantization.

Methods and properties of Model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layerlab import tree
from layerlab.core.tracking import unique

if TYPE_CHECKING:
    from layerlab.models.model import Model

__all__ = [
    "distribute_reduction_method",
    "distribute_strategy",
    "get_quantization_layer_structure",
    "reset_states",
    "state_updates",
]


def distribute_strategy(self: Model) -> None:
    """The strategy the model was made under: None, models train on one device."""
    return None


def distribute_reduction_method(self: Model) -> str:
    """How replicas would be combined: 'auto'."""
    return "auto"


def state_updates(self: Model) -> list[Any]:
    """The variables that stateful layers carry from batch to batch; empty without such layers."""
    states = (getattr(layer, "states", None) for layer in _stateful_layers(self))
    return unique(leaf for state in states for leaf in tree.flatten(state) if leaf is not None)


def reset_states(self: Model) -> None:
    """Forget what the stateful layers (`LSTM(stateful=True)`) keep from one batch to the next."""
    for layer in _stateful_layers(self):
        layer.reset_states()


def _stateful_layers(self: Model) -> list[Any]:
    layers = self._flatten_layers(include_self=False)
    return [layer for layer in layers if layer.stateful and hasattr(layer, "reset_states")]


def get_quantization_layer_structure(self: Model, mode: str | None = None) -> Any:
    """The layers that a quantization goes through block by block; to be overridden.

    Args:
        mode: the quantization mode, as 'gptq'; None for any.
    Returns: a dict with 'pre_block_layers' and 'sequential_blocks', lists of
        layers; None unless overridden.
    """
    return None

"""What a model can be asked for beside its layers: stateful layers, distribution, quantization."""

from __future__ import annotations

from typing import Any

from layerlab import tree
from layerlab.core.tracking import unique

__all__ = ["Attributes"]


class Attributes:
    """Small public attributes. Mixed into Model."""

    @property
    def distribute_strategy(self) -> None:
        """The strategy the model was made under: None, models train on one device."""
        return None

    @property
    def distribute_reduction_method(self) -> str:
        """How replicas would be combined: 'auto'."""
        return "auto"

    @property
    def state_updates(self) -> list[Any]:
        """The variables that stateful layers carry from batch to batch; empty without such layers."""
        states = (getattr(layer, "states", None) for layer in self._stateful_layers())
        return unique(leaf for state in states for leaf in tree.flatten(state) if leaf is not None)

    def reset_states(self) -> None:
        """Forget what the stateful layers (`LSTM(stateful=True)`) keep from one batch to the next."""
        for layer in self._stateful_layers():
            layer.reset_states()

    def _stateful_layers(self) -> list[Any]:
        layers = self._flatten_layers(include_self=False)  # type: ignore[attr-defined]
        return [layer for layer in layers if layer.stateful and hasattr(layer, "reset_states")]

    def get_quantization_layer_structure(self, mode: str | None = None) -> Any:
        """The layers that a quantization goes through block by block; to be overridden.

        Args:
            mode: the quantization mode, as 'gptq'; None for any.
        Returns: a dict with 'pre_block_layers' and 'sequential_blocks', lists of
            layers; None unless overridden.
        """
        return None

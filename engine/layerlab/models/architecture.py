"""The architecture of a model as a config, and a model from one."""

from __future__ import annotations

from typing import Any

from layerlab.architectures.functional_config import functional_config
from layerlab.architectures.graph_reader import functional_from_config, is_functional_config, takes_graph
from layerlab.core.function import Function
from layerlab.core.layer import Layer
from layerlab.core.registry import CustomObjectScope, builtin_name
from layerlab.errors import ConfigError, explain

__all__ = ["Architecture", "is_functional"]


class Architecture(Layer):
    """`get_config` and `from_config`. Mixed into Model."""

    registry_kind = ""  # no layer that a config could name
    config_base = True
    _model_graph: Function | None

    def get_config(self) -> dict[str, Any]:
        """The graph, or a subclass's constructor arguments, as JSON-like values."""
        if self._model_graph is None or not takes_graph(type(self)):
            return super().get_config()
        return {
            "name": self.name,
            "trainable": self.trainable,
            **functional_config(self._model_graph, is_functional),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """A new model like the one whose `get_config` this is; its weights are new.

        Args:
            config: a dict of `get_config`; those of Keras 2 and 3 are read too.
            custom_objects: name -> class or function, for what is neither layerlab's
                nor registered; None for none.
        Raises: ConfigError, GraphError, UnknownNameError.
        """
        with CustomObjectScope(custom_objects):
            if is_functional_config(config) and takes_graph(cls):
                return functional_from_config(cls, config, is_functional)
            if takes_graph(cls) and builtin_name(cls) is not None:
                raise ConfigError(
                    explain(f"{cls.__name__}.from_config", expected="layers, input_layers and output_layers")
                )
            return super().from_config(config)

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes that it was built on; a graph has its own."""
        return {"input_shape": None} if is_functional(self) else super().get_build_config()


def is_functional(model: object) -> bool:
    """True for a model that was made from (inputs, outputs), not layer by layer."""
    return (
        isinstance(model, Architecture)
        and model._model_graph is not None
        and not hasattr(model, "_stacked_layers")
    )

"""Sequential: a stack of layers, each with one input and one output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab.core.call_spec import is_shape
from layerlab.core.function import Function
from layerlab.core.layer import Layer
from layerlab.core.registry import CustomObjectScope
from layerlab.core.serialization import serialize_keras_object
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import ConfigError, InvalidArgumentError, NotBuiltError, explain
from layerlab.layers.input import InputLayer
from layerlab.models.ends import run_graph, unpack_single
from layerlab.models.legacy_config import deserialize_config
from layerlab.models.model import Model

__all__ = ["Sequential"]


class Sequential(Model):
    """A linear stack of layers.

    It has weights from the start if it begins with an `Input`, or if the first layer knows its input: it is
    given `input_shape=`, or is a model that has one. Else it has them from the first data or `build` on.

    Args:
        layers: the layers to begin with.
        trainable, name: as for a Layer.

    Example:
        >>> import layerlab as keras
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
        >>> model.output_shape
        (None, 4)
    """

    config_base = True
    _stacked_layers: list[Layer]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        model = super().__new__(cls, *args, **kwargs)
        model._stacked_layers = []
        return model

    def __init__(
        self, layers: Sequence[Any] | None = None, trainable: bool = True, name: str | None = None
    ) -> None:
        super().__init__(trainable=trainable, name=name)
        for layer in layers or ():
            self._push(layer)
        self._rebuild()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top. Raises: ValueError for a name that is taken, or something that is no layer."""
        self._push(layer)
        if rebuild:
            self._rebuild()
        else:
            self.built, self._model_graph = False, None

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the topmost layer off and return it."""
        if not self._stacked_layers:
            raise InvalidArgumentError(f"'{self.name}' has no layers to pop.")
        layer = self._stacked_layers.pop()
        self.built, self._model_graph = False, None
        if rebuild:
            self._rebuild()
        return layer

    def _listed_layers(self) -> list[Layer]:
        return [layer for layer in self._stacked_layers if not isinstance(layer, InputLayer)]

    @property
    def _inner_layers(self) -> list[Layer]:
        return list(self._stacked_layers)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Run the layers one after the other."""
        if self._model_graph is not None:
            return run_graph(self._model_graph, inputs, mask)
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    @property
    def _runs_graph(self) -> bool:
        return type(self).call is Sequential.call

    def get_config(self) -> dict[str, Any]:
        """The layers' configs, and the shape it was built on."""
        config = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize_keras_object(self.dtype_policy),
            "layers": [serialize_keras_object(layer) for layer in self._stacked_layers],
        }
        if self._model_graph is not None:
            config["build_input_shape"] = self._model_graph.inputs[0].shape
        return config

    def get_build_config(self) -> dict[str, Any] | None:
        """The shape it was built on, or None."""
        return None if self._model_graph is None else {"input_shape": self._model_graph.inputs[0].shape}

    @classmethod
    def from_config(cls, config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
        """The inverse of `get_config`; also reads what Keras 2 and 3 wrote, of the former a bare list too.

        Raises: ConfigError, UnknownNameError.
        """
        config = {"layers": config} if isinstance(config, list) else config
        if not isinstance(config, dict) or not isinstance(config.get("layers"), list | tuple):
            raise ConfigError(explain("The config of a Sequential", expected="a dict with a list of layers"))
        with CustomObjectScope(custom_objects):
            layers = [deserialize_config(layer) for layer in config["layers"]]
        model = cls(name=config.get("name"))
        for layer in layers:
            model._push(layer)
        model._rebuild()  # once: it runs all layers on shapes
        shape: Any = config.get("build_input_shape")
        if model._model_graph is None and layers and is_shape(shape):
            model.build(tuple(shape))
        return model

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of this shape, the batch size included: `build((None, 10))`."""
        if input_shape is None:
            if not self._stacked_layers or not isinstance(self._stacked_layers[0], InputLayer):
                raise NotBuiltError(
                    explain(
                        f"'{self.name}' does not know its input shape.",
                        fix="build((None, ...)) with the shape, or start with Input",
                    )
                )
        elif not is_shape(input_shape):
            return  # several inputs, for a model as first layer: the layers run one after the other
        elif not self._stacked_layers or not isinstance(self._stacked_layers[0], InputLayer):
            self._stacked_layers.insert(0, InputLayer(batch_shape=tuple(input_shape)))
            try:
                self._make_graph()
            except BaseException:
                del self._stacked_layers[0]  # it may be built on another shape, or run without a graph
                raise
            return
        self._make_graph()

    def _push(self, layer: Any) -> None:
        if isinstance(layer, KerasTensor) and layer._keras_history is not None:
            layer = layer.history.operation
        if not isinstance(layer, Layer):
            raise InvalidArgumentError(
                explain(
                    f"'{self.name}' cannot take a {type(layer).__name__}.",
                    expected="a Layer instance",
                    fix="add Dense(4), not the class Dense"
                    if isinstance(layer, type)
                    else "wrap a function as Lambda(function)",
                )
            )
        if isinstance(layer, InputLayer) and self._stacked_layers:
            raise InvalidArgumentError(explain(f"'{self.name}' has layers already.", fix="put Input first"))
        if any(other.name == layer.name for other in self._stacked_layers):
            raise InvalidArgumentError(
                explain(
                    f"'{self.name}' already has a layer named '{layer.name}'.",
                    fix="give each layer its own name",
                )
            )
        own_input = _own_input(layer) if not self._stacked_layers else None
        if own_input is not None:
            self._stacked_layers.append(own_input)
        self._stacked_layers.append(layer)

    def _rebuild(self) -> None:
        self.built, self._model_graph = False, None
        if (
            self._stacked_layers
            and isinstance(self._stacked_layers[0], InputLayer)
            and len(self._stacked_layers) > 1
        ):
            self.build()

    def _make_graph(self) -> None:
        tensor = inputs = self._stacked_layers[0].output
        for layer in self.layers:
            tensor = unpack_single(layer(tensor))  # a model of [y] gives y when it runs
        self._set_graph(Function(inputs, tensor))


def _own_input(layer: Layer) -> InputLayer | None:
    """The Input that a first layer implies, if it knows what it is for."""
    if layer._input_shape_arg is not None:
        return InputLayer(batch_shape=layer._input_shape_arg)
    inputs = layer.inputs if isinstance(layer, Model) else None
    if inputs is None or len(inputs) != 1:
        return None
    return InputLayer(batch_shape=inputs[0].shape, dtype=inputs[0].dtype)

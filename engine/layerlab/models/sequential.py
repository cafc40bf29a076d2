"""Sequential: a stack of layers, each with one input and one output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from layerlab.architectures.legacy_config import deserialize_config
from layerlab.core.call_spec import is_shape
from layerlab.core.function import Function
from layerlab.core.layer import Layer
from layerlab.core.registry import CustomObjectScope
from layerlab.core.serialization import serialize_keras_object
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import ConfigError, InvalidArgumentError, NotBuiltError, explain
from layerlab.layers.input import InputLayer
from layerlab.models.graph_ends import run_graph, unpack_single
from layerlab.models.model import Model
from layerlab.typing import Config

__all__ = ["Sequential"]


class Sequential(Model):
    """A stack of layers: each gets what the layer before it gives.

    It has weights from the start if it begins with an `Input`, or if the first layer
    knows its input: it is given `input_shape=`, or is a model that has one. Else it has
    them from the first data or `build` on.

    Args:
        layers: the layers to begin with, an `Input` first; None begins empty, for
            `add`.
        trainable: False freezes all weights.
        name: no '/'; automatic when None.
    Raises: InvalidArgumentError for what is no layer, two layers of one name, or an
        `Input` that is not first.

    Example:
        >>> import layerlab as keras
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
        >>> model.output_shape, model.count_params()
        ((None, 4), 36)
    """

    config_base = True
    _not_saved = frozenset(("_stacked_layers",))
    _stacked_layers: list[Layer]

    def __new__(cls, *args: object, **kwargs: object) -> Self:
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

    def add(self, layer: Layer | KerasTensor, rebuild: bool = True) -> None:
        """Put a layer on top of the stack.

        Args:
            layer: a Layer or model, or first of all the tensor of an `Input`.
            rebuild: False leaves the model unbuilt until the next layer or data, for
                long stacks.
        Raises: ValueError for a name that is taken, or something that is no layer;
            ShapeError for a layer that cannot take the output so far.

        Example:
            >>> import layerlab as keras
            >>> model = keras.Sequential([keras.Input((8,))])
            >>> model.add(keras.layers.Dense(4))
            >>> model.output_shape
            (None, 4)
        """
        self._push(layer)
        if rebuild:
            self._rebuild()
        else:
            self.built, self._model_graph = False, None

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the topmost layer off the stack.

        Args:
            rebuild: False leaves the model unbuilt until the next layer or data.
        Returns: the layer, with its weights.
        Raises: InvalidArgumentError if there is none.
        """
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
        """The forward pass: the layers one after the other.

        Args:
            inputs: what the first layer takes.
            training: True in `fit`; None takes that of the call around it, else False.
            mask: of the inputs; None takes the mask that they carry.
        Returns: what the last layer gives.
        """
        if self._model_graph is not None:
            return run_graph(self._model_graph, inputs, mask)
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    @property
    def _runs_graph(self) -> bool:
        return type(self).call is Sequential.call

    def get_config(self) -> dict[str, Any]:
        """The layers' configs, and the shape it was built on, as JSON-like values."""
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
        """The shape that it was built on, for `build_from_config`; None before."""
        return None if self._model_graph is None else {"input_shape": self._model_graph.inputs[0].shape}

    @classmethod
    def from_config(cls, config: Config, custom_objects: dict[str, Any] | None = None) -> Any:
        """A new model like the one whose `get_config` this is; its weights are new.

        Args:
            config: a dict with 'layers'; configs of Keras 2 and 3, and of Keras 2 a
                bare list, are read too.
            custom_objects: name -> class or function, for what is neither layerlab's
                nor registered; None for none.
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
        """Make the weights, for inputs of a shape.

        Args:
            input_shape: with the batch axis: `(None, 10)`; None if the stack begins
                with an `Input`.
        Raises: NotBuiltError if the shape is not known; ShapeError for a layer that
            cannot take it.

        Example:
            >>> import layerlab as keras
            >>> model = keras.Sequential([keras.layers.Dense(4)])
            >>> model.build((None, 8))
            >>> model.count_params()
            36
        """
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

    def _push(self, layer: object) -> None:
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

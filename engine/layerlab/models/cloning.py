"""Copies of models with new weights, layer by layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from layerlab import tree
from layerlab.architectures.graph_reader import takes_graph
from layerlab.core.deserialization import deserialize_keras_object
from layerlab.core.function import Function
from layerlab.core.registry import CustomObjectScope, builtin_name, get_registered_name
from layerlab.core.serialization import serialize_keras_object
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import InvalidArgumentError, explain
from layerlab.layers.input import Input, InputLayer
from layerlab.models.architecture import is_functional
from layerlab.models.functional import Functional
from layerlab.models.graph_ends import arranged
from layerlab.models.model import Model
from layerlab.models.sequential import Sequential

__all__ = ["clone_model"]


def clone_model(
    model: object,
    input_tensors: object = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """A model of the same architecture with new layers, hence new weights.

    It is compiled if `model` was. With `clone_function` layers may be changed on the
    way: frozen, replaced, left out.

    Args:
        model: functional or Sequential; a subclassed one needs only its config, and
            takes no other argument.
        input_tensors: KerasTensors to build on, in the structure of the model's inputs;
            None makes new Inputs.
        clone_function: layer -> the layer to use in its place; None copies each from
            its config.
        call_function: (layer, *args, **kwargs) -> outputs, called instead of the layer;
            functional models only.
        recursive: clone what is inside of inner models by the same functions; else an
            inner model is one layer.
        **kwargs: `cache`, a dict from the id of a layer to its clone, which is used and
            filled.
    Returns: the new model.
    Raises: InvalidArgumentError for arguments that do not go with the kind of model.

    Example:
        >>> import layerlab as keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> copy = clone_model(model)
        >>> copy.count_params(), copy.weights[0] is model.weights[0]
        (3, False)
    """
    cache: dict[int, Any] = kwargs.pop("cache", None) or {}
    if kwargs:
        raise InvalidArgumentError(explain("clone_model got unknown arguments.", got=", ".join(kwargs)))
    if isinstance(model, Sequential):
        if call_function is not None:
            raise InvalidArgumentError(
                explain("clone_model of a Sequential", expected="no call_function", fix="use clone_function")
            )
        return _clone_sequential(model, input_tensors, _cloner(clone_function, None, recursive, cache))
    if is_functional(model):
        clone = _cloner(clone_function, call_function, recursive, cache)
        return _clone_functional(model, input_tensors, clone, call_function)
    if not isinstance(model, Model):
        raise InvalidArgumentError(explain("clone_model", expected="a Model", got=type(model).__name__))
    if input_tensors is not None or clone_function is not None or call_function is not None:
        raise InvalidArgumentError(
            explain(
                f"clone_model cannot look into {type(model).__name__}, which computes in its own call.",
                fix="give it get_config, and call clone_model(model) alone",
            )
        )
    return deserialize_keras_object(serialize_keras_object(model), {type(model).__name__: type(model)})


def _cloner(
    clone_function: Any, call_function: Any, recursive: bool, cache: dict[int, Any]
) -> Callable[[Any], Any]:
    """Layer -> its copy, the same one each time."""

    def clone(layer: Any) -> Any:
        if id(layer) not in cache:
            if recursive and (is_functional(layer) or isinstance(layer, Sequential)):
                call = None if isinstance(layer, Sequential) else call_function
                cache[id(layer)] = clone_model(layer, None, clone_function, call, recursive=True, cache=cache)
            else:
                cache[id(layer)] = (clone_function or _copy)(layer)
        return cache[id(layer)]

    return clone


def _copy(layer: Any) -> Any:
    if hasattr(layer, "saved_as"):  # an op: only the registry knows its class
        return deserialize_keras_object(serialize_keras_object(layer))
    return type(layer).from_config(layer.get_config())


def _clone_sequential(model: Sequential, input_tensors: object, clone: Callable[[Any], Any]) -> Any:
    layers = [clone(layer) for layer in model.layers]
    first = model._stacked_layers[0] if model._stacked_layers else None
    if input_tensors is not None:
        tensors = tree.flatten(input_tensors)
        if len(tensors) != 1 or not isinstance(tensors[0], KerasTensor):
            raise InvalidArgumentError(
                explain("clone_model(input_tensors=...) of a Sequential", expected="one KerasTensor")
            )
        name = first.name if isinstance(first, InputLayer) else None
        layers.insert(0, Input(batch_shape=tensors[0].shape, dtype=tensors[0].dtype, name=name))
    elif isinstance(first, InputLayer):
        layers.insert(0, InputLayer.from_config(first.get_config()))
    return _compiled_like(model, Sequential(layers, name=model.name, trainable=model.trainable))


def _clone_functional(model: Any, input_tensors: Any, clone: Callable[[Any], Any], call_function: Any) -> Any:
    graph: Function = model._model_graph
    own = tree.map_structure(_input_like, model.input)
    inputs = own if input_tensors is None else arranged(graph, input_tensors)
    _check_inputs(inputs, model.input)
    values = dict(zip(map(id, graph.inputs), tree.flatten(inputs), strict=True))
    for node in graph.nodes:
        if node.is_input or all(id(tensor) in values for tensor in node.output_tensors):
            continue
        args, kwargs = node.fill(values)
        layer = clone(node.operation)
        outputs = layer(*args, **kwargs) if call_function is None else call_function(layer, *args, **kwargs)
        for tensor, output in zip(tree.flatten(node.outputs), tree.flatten(outputs), strict=True):
            values[id(tensor)] = output
    outputs = tree.map_structure(lambda tensor: values[id(tensor)], graph.outputs_structure)
    cls = type(model) if takes_graph(type(model)) else Functional
    copy = cls(inputs, outputs, name=model.name)
    if graph.losses:
        copy.add_loss([values[id(tensor)] for tensor in graph.losses])
    return _compiled_like(model, copy)


def _input_like(tensor: KerasTensor) -> KerasTensor:
    layer = tensor.history.operation
    optional = getattr(layer, "optional", False)
    return Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=layer.name, optional=optional)


def _check_inputs(given: object, expected: object) -> None:
    if not all(isinstance(tensor, KerasTensor) for tensor in tree.flatten(given)):
        raise InvalidArgumentError(explain("clone_model(input_tensors=...)", expected="KerasTensors"))
    tree.map_structure(lambda *_: None, expected, given)  # raises where the structures differ


def _compiled_like(model: Any, clone: Any) -> Any:
    if model.compiled:
        with CustomObjectScope(_custom_objects(model._compile_arguments)):
            clone.compile_from_config(model.get_compile_config())
    return clone


def _custom_objects(arguments: dict[str, Any]) -> dict[str, Any]:
    """The functions, and the classes of the objects, that `compile` was given: not registered, perhaps."""
    given = [leaf for leaf in tree.flatten(arguments) if callable(leaf) or hasattr(leaf, "get_config")]
    objects = [leaf if hasattr(leaf, "__name__") else type(leaf) for leaf in given]
    return {get_registered_name(one): one for one in objects if builtin_name(one) is None}

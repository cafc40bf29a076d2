"""What enters and leaves the graph of a model: its own inputs, their checks and dtypes, single outputs."""

from __future__ import annotations

from typing import Any

from layerlab import tree
from layerlab.backend.active import backend
from layerlab.core.context import context
from layerlab.core.function import Function, graph_nodes
from layerlab.core.input_spec import InputSpec
from layerlab.core.masking import get_mask, set_mask
from layerlab.core.symbolic import KerasTensor, Node
from layerlab.layers.input import Input

__all__ = ["arranged", "input_specs", "run_graph", "unpack_single", "with_own_inputs"]


def with_own_inputs(inputs: object, outputs: object) -> tuple[Any, Any]:
    """The ends of a model between any tensors of a graph.

    Where inputs are intermediate tensors, the nodes up to the outputs are copied, from fresh `Input` tensors
    on; layers and weights stay shared.
    """
    tensors = [tensor for tensor in tree.flatten(inputs) if isinstance(tensor, KerasTensor)]
    if all(_is_input(tensor) for tensor in tensors):
        return inputs, outputs
    replaced: dict[int, KerasTensor] = {}

    def fresh(tensor: object) -> Any:
        if not isinstance(tensor, KerasTensor) or _is_input(tensor):
            return tensor
        if id(tensor) not in replaced:
            replaced[id(tensor)] = Input(batch_shape=tensor.shape, dtype=tensor.dtype)
        return replaced[id(tensor)]

    def current(leaf: object) -> Any:
        return replaced.get(id(leaf), leaf)

    nodes, _ = graph_nodes(tree.flatten(inputs), tree.flatten(outputs))
    new_inputs = tree.map_structure(fresh, inputs)
    for node in nodes:
        if node.is_input or all(id(tensor) in replaced for tensor in node.output_tensors):
            continue
        if not any(id(tensor) in replaced for tensor in node.input_tensors):
            continue
        for tensor in node.output_tensors:
            replaced.setdefault(id(tensor), KerasTensor(tensor.shape, tensor.dtype))
        args, kwargs = tree.map_structure(current, node.args), tree.map_structure(current, node.kwargs)
        Node(node.operation, args, kwargs, tree.map_structure(current, node.outputs))
    return new_inputs, tree.map_structure(current, outputs)


def input_specs(graph: Function) -> list[InputSpec]:
    """What each input must look like; batch sizes are open, as in Keras."""
    structure = graph.inputs_structure
    by_key = isinstance(structure, dict) and not any(map(tree.is_nested, structure.values()))
    layers = [tensor.history.operation for tensor in graph.inputs]
    names = tree.sorted_keys(structure) if by_key else [layer.name for layer in layers]
    return [
        InputSpec(
            shape=(None, *tensor.shape[1:]),
            allow_last_axis_squeeze=True,
            name=name,
            optional=getattr(layer, "optional", False),
        )
        for tensor, layer, name in zip(graph.inputs, layers, names, strict=True)
    ]


def arranged(graph: Function, inputs: object) -> Any:
    """The inputs in the structure of the graph's, wherever a dict is among them, without what it has beyond.

    Raises: DataError for a name that is missing.
    """
    structure = graph.inputs_structure
    if not (isinstance(structure, dict) or _holds_dict(inputs)):
        return inputs
    return tree.pack(structure, graph.flatten_inputs(inputs))


def run_graph(graph: Function, inputs: object, mask: object = None) -> Any:
    """The outputs for `inputs`, which are cast to the graph's dtypes and get `mask` attached."""
    masks = [None] * len(graph.inputs) if mask is None else graph.match(mask)
    values = [
        _cast(tensor, value) for tensor, value in zip(graph.inputs, graph.flatten_inputs(inputs), strict=True)
    ]
    for value, its_mask in zip(values, masks, strict=True):
        if its_mask is not None:
            set_mask(value, its_mask)
    return unpack_single(graph.call(tree.pack(graph.inputs_structure, values)))


def unpack_single(structure: object) -> Any:
    """The only entry of a list or tuple of one, else the structure: `Model([x], [y])` gives y, not [y]."""
    return structure[0] if isinstance(structure, list | tuple) and len(structure) == 1 else structure


def _holds_dict(inputs: object) -> bool:
    return isinstance(inputs, dict) or (isinstance(inputs, list | tuple) and any(map(_holds_dict, inputs)))


def _cast(tensor: KerasTensor, value: object) -> Any:
    module = backend()
    if not module.is_array(value) or module.dtype_name(value) == tensor.dtype:
        return value
    converted = module.cast(value, tensor.dtype)
    if context.casts is not None:
        context.casts.append((converted, value))
    set_mask(converted, get_mask(value))
    return converted


def _is_input(tensor: KerasTensor) -> bool:
    history = tensor._keras_history
    return history is not None and history.operation._inbound_nodes[history.node_index].is_input

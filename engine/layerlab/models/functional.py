"""Functional models: a graph with a trainer."""

from __future__ import annotations

from typing import Any

from layerlab import tree
from layerlab.core.function import graph_nodes
from layerlab.core.symbolic import KerasTensor, Node
from layerlab.layers.input import Input
from layerlab.models.model import Model

__all__ = ["Functional", "Input"]


class Functional(Model):
    """What `Model(inputs, outputs)` returns.

    Inputs that are tensors from the middle of a graph get an `Input` of their own; layers and
    weights are shared with the other models over that graph.
    """

    config_base = True

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        tensors = [tensor for tensor in tree.flatten(inputs) if isinstance(tensor, KerasTensor)]
        if not all(_is_input(tensor) for tensor in tensors):
            inputs, outputs = _with_own_inputs(inputs, outputs)
        super().__init__(inputs, outputs, name=name, **kwargs)


def _is_input(tensor: KerasTensor) -> bool:
    history = tensor._keras_history
    return history is not None and history.operation._inbound_nodes[history.node_index].is_input


def _with_own_inputs(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """Copy the nodes between inputs and outputs, from fresh `Input` tensors in place of intermediate ones."""
    replaced: dict[int, KerasTensor] = {}

    def fresh(tensor: Any) -> Any:
        if isinstance(tensor, KerasTensor) and not _is_input(tensor):
            replaced[id(tensor)] = Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=None)
            return replaced[id(tensor)]
        return tensor

    nodes, _ = graph_nodes(tree.flatten(inputs), tree.flatten(outputs))
    new_inputs = tree.map_structure(fresh, inputs)

    def current(leaf: Any) -> Any:
        return replaced.get(id(leaf), leaf)

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

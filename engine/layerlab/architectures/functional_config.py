"""Functional models to configs, in Keras' format.

A config lists the layers and ops, each with the calls it takes part in (`inbound_nodes`). A call's tensors
are named by (layer, number of the call, number of the output), calls outside of the model not counted.
`graph_reader` is the inverse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from layerlab import tree
from layerlab.core.function import Function
from layerlab.core.layer import Layer
from layerlab.core.serialization import serialize_keras_object
from layerlab.core.symbolic import KerasTensor, Node, Operation
from layerlab.errors import ConfigError, explain

__all__ = ["functional_config"]


def functional_config(graph: Function, is_model: Callable[[Operation], bool]) -> dict[str, Any]:
    """The keys 'layers', 'input_layers' and 'output_layers' of the config of a model with this graph, and
    'added_losses' if it has any.

    Args:
        is_model: whether an operation is itself a functional model.
    """
    numbers, names = _node_numbers(graph), _unique_names(graph.operations)

    def place(tensor: KerasTensor) -> list[Any]:
        operation, node_index, tensor_index = tensor.history
        return [names[id(operation)], numbers[id(operation._inbound_nodes[node_index])], tensor_index]

    def end(tensor: KerasTensor) -> list[Any]:
        name, number, tensor_index = place(tensor)
        # Keras counts one call more at the ends, for functional models.
        return [name, number + is_model(tensor.history.operation), tensor_index]

    def argument(leaf: object) -> Any:
        if not isinstance(leaf, KerasTensor):
            return leaf
        config = {"shape": list(leaf.shape), "dtype": leaf.dtype, "keras_history": place(leaf)}
        return {"class_name": "__keras_tensor__", "config": config}

    def call(node: Node) -> dict[str, Any]:
        parts = {"args": node.args, "kwargs": node.kwargs}
        return {
            key: serialize_keras_object(tree.map_structure(argument, part)) for key, part in parts.items()
        }

    layers = []
    for operation in graph.operations:
        name = names[id(operation)]
        nodes = [node for node in operation._inbound_nodes if id(node) in numbers and not node.is_input]
        data = {**serialize_keras_object(operation), "name": name, "inbound_nodes": [call(n) for n in nodes]}
        if name != operation.name:
            data["config"]["name"] = name
        layers.append(data)
    config = {
        "layers": layers,
        "input_layers": tree.map_structure(end, graph.inputs_structure),
        "output_layers": tree.map_structure(end, graph.outputs_structure),
    }
    # Not of Keras, which has no such losses: it refuses the key, rather than train without them.
    return {**config, "added_losses": [end(tensor) for tensor in graph.losses]} if graph.losses else config


def _unique_names(operations: list[Operation]) -> dict[int, str]:
    """A name for each operation (by id): its own, with a number if an op is called like something else.

    Raises: ConfigError for two layers with one name.
    """
    names: dict[int, str] = {}
    taken: set[str] = set()
    for operation in sorted(operations, key=lambda one: not isinstance(one, Layer)):
        name, count = operation.name, 0
        while name in taken:
            if isinstance(operation, Layer):
                raise ConfigError(
                    explain(f"Two layers are named '{name}'.", fix="give each a name of its own")
                )
            count += 1
            name = f"{operation.name}_{count}"
        names[id(operation)] = name
        taken.add(name)
    return names


def _node_numbers(graph: Function) -> dict[int, int]:
    """For each node (by id) of the graph, which of its operation's calls within the graph it is."""
    members = {id(node) for node in graph.nodes}
    members |= {
        id(tensor.history.operation._inbound_nodes[tensor.history.node_index]) for tensor in graph.inputs
    }
    numbers: dict[int, int] = {}
    for operation in graph.operations:
        mine = [id(node) for node in operation._inbound_nodes if id(node) in members]
        numbers |= {node: number for number, node in enumerate(mine)}
    return numbers

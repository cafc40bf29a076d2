"""A model as nodes and edges: one node per call of a layer or op, nested models as groups.

Edges run between the layers themselves, into and out of groups, which have no ends of their own. The
inputs of a nested model are not drawn: what it is called on stands there.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from layerlab import tree
from layerlab.core.function import Function
from layerlab.core.symbolic import KerasTensor, Node, Operation
from layerlab.core.variable import Variable
from layerlab.inspect.layer_facts import class_name, count, inner_layers, output_shape, shape_text
from layerlab.inspect.layer_families import family
from layerlab.inspect.records import Edge, ModelGraph, NodeInfo
from layerlab.inspect.safe_text import clean
from layerlab.inspect.traced_graph import trace

__all__ = ["describe_graph", "operations_of"]

LONGEST_SETTING = 120  # characters of a setting
_LONGEST_ID = 120
_SCALARS = (bool, int, float, str, type(None))


def describe_graph(model: object) -> ModelGraph:
    """The graph of `model`, inner models included.

    A subclassed model is traced on symbolic inputs. Where that is not possible (it is not built, or its
    `call` looks at values) its layers are listed without edges.
    """
    drawing = _drawing_of(model)
    return ModelGraph(
        nodes=[_describe(id, call) for id, call in drawing.calls.items()], edges=list(drawing.edges)
    )


def operations_of(model: object) -> dict[str, Any]:
    """The layer or op behind each node id of `describe_graph(model)`."""
    return {id: call.operation for id, call in _drawing_of(model).calls.items()}


def _drawing_of(model: object) -> _Drawing:
    drawing = _Drawing()
    graph = _graph_of(model)
    if graph is None:
        drawing.add_list(model, parent=None)
    else:
        drawing.add_graph(graph, parent=None, sources={})
    return drawing


def _graph_of(model: Any, inputs: Sequence[KerasTensor] | None = None) -> Function | None:
    graph = getattr(model, "_model_graph", None)
    return graph if graph is not None else trace(model, inputs)


class _Call(NamedTuple):
    """What a node stands for; `outputs` are None where the graph is not known."""

    operation: Any
    parent: str | None
    outputs: Sequence[KerasTensor] | None
    is_group: bool


class _Drawing:
    """Nodes and edges, collected while the graph is walked."""

    def __init__(self) -> None:
        self.calls: dict[str, _Call] = {}
        self._named: Counter[str] = Counter()
        self.edges: dict[Edge, None] = {}  # a dict keeps the order and drops repetitions

    def add_graph(self, graph: Function, parent: str | None, sources: Mapping[int, str]) -> dict[int, str]:
        """Draw the calls of a graph.

        Args:
            sources: for tensors (by id) that come from outside, the node that they come from.
        Returns: the same, with the tensors of the graph.
        """
        known = dict(sources)
        for node in _calls(graph):
            if all(id(tensor) in known for tensor in node.output_tensors):
                continue  # an input of a nested model
            inner = self._inner_graph(node)
            id_ = self._add(node.operation, parent, node.output_tensors, is_group=inner is not None)
            if inner is None:
                known |= {id(tensor): id_ for tensor in node.output_tensors}
                self._connect(node, id_, known)
            else:
                known |= self._add_inner(node, inner, id_, known)
        return known

    def add_list(self, model: object, parent: str | None) -> None:
        """Draw the layers of a model whose graph is not known."""
        for layer in inner_layers(model):
            graph = getattr(layer, "_model_graph", None)
            members = inner_layers(layer)
            id_ = self._add(layer, parent, None, is_group=bool(members))
            if graph is not None:
                self.add_graph(graph, id_, {id(tensor): "" for tensor in graph.inputs})
            elif members:
                self.add_list(layer, id_)

    def _inner_graph(self, node: Node) -> Function | None:
        """The graph of a model that is called by `node`; None for a plain layer or op."""
        if not hasattr(node.operation, "operations"):
            return None
        graph = _graph_of(node.operation, node.input_tensors)
        if graph is None or all(call.is_input for call in graph.nodes):
            return None
        ends = (len(graph.inputs), len(graph.outputs))
        return graph if ends == (len(node.input_tensors), len(node.output_tensors)) else None

    def _add_inner(self, node: Node, inner: Function, id_: str, known: Mapping[int, str]) -> dict[int, str]:
        given = inner.flatten_inputs(node.args[0]) if node.args else node.input_tensors
        outside = {id(mine): known.get(id(its), "") for mine, its in zip(inner.inputs, given, strict=True)}
        inside = self.add_graph(inner, id_, outside)
        pairs = zip(node.output_tensors, inner.outputs, strict=True)
        return {id(its): inside[id(mine)] for its, mine in pairs}

    def _connect(self, node: Node, id_: str, known: Mapping[int, str]) -> None:
        for tensor in node.input_tensors:
            source = known.get(id(tensor))
            if source:
                self.edges[Edge(source=source, target=id_, label=shape_text(tensor))] = None

    def _add(
        self, operation: Operation, parent: str | None, outputs: Sequence[KerasTensor] | None, is_group: bool
    ) -> str:
        id_ = self._new_id(operation.name, parent)
        self.calls[id_] = _Call(operation, parent, outputs, is_group)
        return id_

    def _new_id(self, name: str, parent: str | None) -> str:
        """'dense', and 'dense:1' for its second call."""
        first = _short(clean(name, 200) if parent is None else f"{parent}/{clean(name, 200)}")
        while True:
            number = self._named[first]
            self._named[first] += 1
            id_ = f"{first}:{number}" if number else first
            if id_ not in self.calls:  # a layer may be named 'dense:1'
                return id_


def _calls(graph: Function) -> list[Node]:
    """The nodes of a graph, those of inputs that lead nowhere included."""
    ends = [tensor._keras_history for tensor in graph.inputs]
    inputs = [end.operation._inbound_nodes[end.node_index] for end in ends if end is not None]
    return [*(node for node in inputs if node not in graph.nodes), *graph.nodes]


def _short(id_: str) -> str:
    """An id that is not longer than a message may hold."""
    if len(id_) <= _LONGEST_ID:
        return id_
    return f"{id_[: _LONGEST_ID - 9]}~{hashlib.sha256(id_.encode()).hexdigest()[:8]}"


# -- one node ------------------------------------------------------------------------------------------------


def _describe(id_: str, call: _Call) -> NodeInfo:
    operation, parent, outputs, is_group = call
    weights = getattr(operation, "weights", [])
    is_model = hasattr(operation, "operations")
    return NodeInfo(
        id=id_,
        parent=parent,
        name=operation.name,
        class_name=class_name(operation),
        family="input" if class_name(operation) == "Input" else family(operation),
        path=getattr(operation, "path", operation.name),
        output_shape=output_shape(operation) if outputs is None else shape_text(list(outputs)),
        dtype=outputs[0].dtype if outputs else getattr(operation, "compute_dtype", ""),
        parameters=count(weights),
        trainable=not weights or bool(operation.trainable_weights),
        is_group=is_group,
        config={} if is_model else _settings(operation),  # a model's holds those of all its layers
        weights=[] if is_group else [_weight(variable) for variable in weights],
    )


def _weight(variable: Variable) -> dict[str, Any]:
    return {
        "path": variable.path,
        "shape": str(variable.shape),
        "dtype": variable.dtype,
        "trainable": variable.trainable,
    }


def _settings(operation: Operation) -> dict[str, Any]:
    """What of the configuration fits in a line; the name and whether it is trained are told elsewhere."""
    try:
        config = operation.get_config()
    except Exception:  # a person's own layer may have arguments that no file can hold
        return {}
    written = {key: _setting(value) for key, value in config.items() if key not in ("name", "trainable")}
    return {key: value for key, value in written.items() if value is not None}


def _setting(value: object) -> Any:
    """A JSON scalar or a short text; None for what is neither."""
    if isinstance(value, bool | int | str) or (isinstance(value, float) and math.isfinite(value)):
        return value if not isinstance(value, str) or len(value) <= LONGEST_SETTING else None
    if isinstance(value, float):
        return str(value)
    if isinstance(value, dict) and isinstance(value.get("class_name"), str):  # an object: its name is enough
        name = value["class_name"]
        inner = value.get("config")
        return inner.get("name", name) if name == "DTypePolicy" and isinstance(inner, dict) else name
    if isinstance(value, list | tuple) and all(isinstance(item, _SCALARS) for item in tree.flatten(value)):
        text = str(tuple(value))
        return text if len(text) <= LONGEST_SETTING else None
    return None

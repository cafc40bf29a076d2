"""Function: a graph of operations between symbolic inputs and outputs, run in topological order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab import tree
from layerlab.core.context import context
from layerlab.core.input_matching import match_inputs
from layerlab.core.input_spec import adjusted_rank
from layerlab.core.masking import get_mask, set_mask
from layerlab.core.symbolic import KerasTensor, Node, Operation
from layerlab.errors import DataError, GraphError, InvalidArgumentError, ShapeError, explain
from layerlab.typing import Tensor, Tree

__all__ = ["Function", "graph_nodes"]


class Function(Operation):
    """The computation from symbolic inputs to outputs, as one operation.

    Any tensors of a graph may be its ends. A Model has one inside, and training beside
    it.

    Args:
        inputs: KerasTensor, or a list, tuple or dict of them.
        outputs: likewise; what a call returns has this structure.
        name: automatic when None.
    Raises: GraphError if an output cannot be computed from the inputs;
        InvalidArgumentError for what is no KerasTensor.

    Example:
        >>> import layerlab as keras
        >>> x = KerasTensor((None, 3))
        >>> double = Function(x, x * 2)
        >>> double.operations[0].class_name, double(keras.ops.ones((1, 3))).tolist()
        ('Multiply', [[2.0, 2.0, 2.0]])
    """

    losses: Sequence[KerasTensor] = ()  # scalars of the graph that a model minimizes as well

    def __init__(self, inputs: Tree[Tensor], outputs: Tree[Tensor], name: str | None = None) -> None:
        super().__init__(name=name)
        self.inputs_structure: Any = inputs
        self.outputs_structure: Any = outputs
        self.inputs: list[KerasTensor] = _checked(inputs, "inputs")
        self.outputs: list[KerasTensor] = _checked(outputs, "outputs")
        self.nodes, indices = graph_nodes(self.inputs, self.outputs)
        needed = {id(node) for node in self.nodes}
        unused = [
            node.operation for node in map(_maker, self.inputs) if node is not None and id(node) not in needed
        ]
        self.operations = _in_depth_order(self.nodes, indices, unused)

    def __getstate__(self) -> dict[str, Any]:
        # Of the inputs too: those that no output needs are in no other node.
        return {**super().__getstate__(), "_input_nodes": [_maker(tensor) for tensor in self.inputs]}

    def call(self, inputs: Any) -> Any:
        """Run the graph on values.

        Args:
            inputs: arrays in the structure of the inputs, or as `flatten_inputs` takes
                them.
        Returns: arrays in the structure of the outputs.
        Raises: DataError, ShapeError for inputs that do not fit.
        """
        return self.values_of(self.outputs_structure, inputs)

    def values_of(self, wanted: object, inputs: object) -> Any:
        """The values that tensors of the graph have for some inputs.

        Args:
            wanted: KerasTensors of the graph, or a structure of them.
            inputs: as for `call`.
        Returns: arrays in the structure of `wanted`.
        """
        given = zip(self.inputs, self.flatten_inputs(inputs), strict=True)
        values = {id(tensor): self._adjust_rank(tensor, value) for tensor, value in given}
        for node in self.nodes:
            if node.is_input or all(id(tensor) in values for tensor in node.output_tensors):
                continue
            args, kwargs = node.fill(values)
            if "training" in kwargs and context.training is not None:
                kwargs["training"] = context.training  # what this call says comes before what the graph says
            results = tree.flatten(node.operation(*args, **kwargs))
            for tensor, result in zip(tree.flatten(node.outputs), results, strict=True):
                values[id(tensor)] = result
        return tree.map_structure(lambda tensor: values[id(tensor)], wanted)

    def flatten_inputs(self, inputs: object) -> list[Any]:
        """The values of inputs as a flat list, in the order of the graph's inputs.

        Args:
            inputs: in the structure of the inputs, a list, or a dict by the inputs'
                names.
        Returns: a list with one value for each input.
        Raises: DataError for a wrong number of inputs, missing names, or None for an
            input that is not optional.
        """
        values = self.match(inputs)
        for tensor, value in zip(self.inputs, values, strict=True):
            if value is None and not _may_be_none(tensor):
                raise DataError(
                    explain(
                        f"'{self.name}' got None for the input '{_name(tensor)}', which is not optional.",
                        expected=f"an array of shape {tensor.shape}",
                        fix="pass data, or build the model with Input(..., optional=True)",
                    )
                )
        return values

    def match(self, values: object) -> list[Any]:
        """What is given for each input, values or masks, in the order of `inputs`. Raises: DataError."""
        return match_inputs(self.inputs_structure, values, _name, self.name)

    def _adjust_rank(self, tensor: KerasTensor, value: Any) -> Any:
        """Add or drop a last axis of size 1, as Keras does: (batch,) for (batch, 1)."""
        shape = getattr(value, "shape", None)
        if shape is None or isinstance(value, KerasTensor) or len(shape) == tensor.ndim:
            return value
        if len(adjusted_rank(shape, tensor.shape)) != tensor.ndim:
            raise ShapeError(
                explain(
                    f"'{self.name}' got an input of shape {tuple(shape)} for '{_name(tensor)}'.",
                    expected=f"shape {tensor.shape}",
                    fix="add or drop axes of the data, e.g. x[None] for a single sample",
                )
            )
        adjusted = value[..., None] if len(shape) < tensor.ndim else value[..., 0]
        set_mask(adjusted, get_mask(value))
        return adjusted


def graph_nodes(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> tuple[list[Node], dict[int, int]]:
    """The nodes needed to get from inputs to outputs, each after those it depends on, and for each operation
    (by id) the order in which it was first met from the outputs.

    Raises: GraphError if some tensor on the way comes from neither the inputs nor a known call.
    """
    known = {id(tensor) for tensor in inputs}
    order: list[Node] = []
    state: dict[int, str] = {}
    indices: dict[int, int] = {}
    # Without recursion: a chain of thousands of layers is a legal model.
    stack: list[tuple[Node, bool]] = [(_node_of(tensor, inputs), False) for tensor in reversed(outputs)]
    while stack:
        node, parents_done = stack.pop()
        if parents_done:
            state[id(node)] = "done"
            order.append(node)
            continue
        if id(node) in state:
            continue
        state[id(node)] = "open"
        indices.setdefault(id(node.operation), len(indices))
        stack.append((node, True))
        if all(id(tensor) in known for tensor in node.output_tensors):
            continue  # made by the inputs: nothing before it is needed
        if node.is_input:
            raise GraphError(_disconnected(node.output_tensors[0], inputs))
        for tensor in reversed(node.input_tensors):
            if tensor._keras_history is None and id(tensor) in known:
                continue
            parent = _node_of(tensor, inputs)
            if state.get(id(parent)) is None:
                stack.append((parent, False))
    return order, indices


def _node_of(tensor: KerasTensor, inputs: list[KerasTensor]) -> Node:
    node = _maker(tensor)
    if node is None:
        raise GraphError(_disconnected(tensor, inputs))
    return node


def _maker(tensor: KerasTensor) -> Node | None:
    history = tensor._keras_history
    return None if history is None else history.operation._inbound_nodes[history.node_index]


def _in_depth_order(nodes: list[Node], indices: dict[int, int], unused: list[Operation]) -> list[Operation]:
    node_depths: dict[int, int] = {}
    operation_depths: dict[int, int] = {}
    operations: dict[int, Operation] = {}
    members = {id(node) for node in nodes}
    for node in reversed(nodes):
        key = id(node.operation)
        depth = max(node_depths.get(id(node), 0), operation_depths.get(key, 0))
        node_depths[id(node)] = operation_depths[key] = depth
        operations[key] = node.operation
        for parent in node.parents:
            if id(parent) in members:
                node_depths[id(parent)] = max(depth + 1, node_depths.get(id(parent), 0))
    for operation in unused:  # an input that no output needs: losses and metrics may still use it
        key = id(operation)
        operations[key], operation_depths[key], indices[key] = operation, 0, -1
    return [
        operations[key] for key in sorted(operations, key=lambda key: (-operation_depths[key], indices[key]))
    ]


def _checked(structure: object, what: str) -> list[KerasTensor]:
    tensors = tree.flatten(structure)
    for tensor in tensors:
        if not isinstance(tensor, KerasTensor):
            advice = (
                "call the layer on a tensor first"
                if isinstance(tensor, Operation)
                else "start from Input(shape=...)"
            )
            got = (
                f"the layer '{tensor.name}' itself"
                if isinstance(tensor, Operation)
                else type(tensor).__name__
            )
            raise InvalidArgumentError(
                explain(f"A model's {what}", expected="symbolic tensors", got=got, fix=advice)
            )
    if not tensors:
        raise InvalidArgumentError(
            explain(f"A model's {what}", expected="at least one symbolic tensor", got="none")
        )
    return tensors


def _name(tensor: KerasTensor) -> str:
    node = _maker(tensor)
    return node.operation.name if node is not None and node.is_input else tensor.name


def _may_be_none(tensor: KerasTensor) -> bool:
    """Whether None may take its place: not for an `Input`, unless it is optional."""
    node = _maker(tensor)
    return node is None or not node.is_input or bool(getattr(node.operation, "optional", True))


def _disconnected(tensor: KerasTensor, inputs: list[KerasTensor]) -> str:
    history = tensor._keras_history
    maker = f"of '{history.operation.name}'" if history else f"'{tensor.name}'"
    return explain(
        f"The graph is disconnected: the tensor {maker} of shape {tensor.shape} comes from no input.",
        expected="every path from the outputs back to end at one of the inputs: "
        + ", ".join(_name(t) for t in inputs),
        fix="add it to the model's inputs, or call the layers on tensors that come from them",
    )

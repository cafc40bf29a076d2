"""The graph of a subclassed model: its `call`, run on symbolic tensors of the shape it was built on.

Nothing of the model is different afterwards: the nodes that its layers record are taken out again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from inspect import signature
from typing import Any

from layerlab import tree
from layerlab.core.call_spec import is_shape
from layerlab.core.context import call_scope
from layerlab.core.function import Function
from layerlab.core.model_protocol import ModelLike
from layerlab.core.naming import spare_names
from layerlab.core.state import StateScope
from layerlab.core.symbolic import KerasTensor, Node, Operation, symbolic_tensors

__all__ = ["trace"]


def trace(model: ModelLike, inputs: Sequence[KerasTensor] | None = None) -> Function | None:
    """The graph from `inputs`, or from tensors like those the model was built on, to what `call` returns.

    None if the model is not built, or its `call` cannot run on tensors without values.
    """
    shapes = model._build_arguments
    if not model.built or not shapes:
        return None
    passed = {"training": False} if "training" in signature(model.call).parameters else {}
    with spare_names(), _nodes_kept(model), StateScope(), call_scope(model, training=False):
        try:
            arguments = _inputs_like(next(iter(shapes.values())), model.compute_dtype)
            if inputs is not None:
                fresh = [_input(tensor.shape, tensor.dtype, i) for i, tensor in enumerate(inputs)]
                arguments = tree.pack(arguments, fresh)
            outputs = model.call(arguments, **passed)
            return Function(arguments, symbolic_tensors(outputs))
        except Exception:  # a person's own code, which may ask for values: then there is no graph to show
            return None


def _inputs_like(shapes: object, dtype: str) -> Any:
    """Symbolic inputs in the structure of `shapes`."""
    count = iter(range(10_000))

    def make(shape: Any) -> Any:
        if is_shape(shape):
            return _input((None, *shape[1:]), dtype, next(count))
        if isinstance(shape, dict):
            return {key: make(value) for key, value in shape.items()}
        return [make(value) for value in shape]

    return make(shapes)


class _TracedInput(Operation):
    """Where a traced graph begins."""

    class_name = "Input"


def _input(shape: Sequence[int | None], dtype: str, index: int) -> KerasTensor:
    name = f"input_{index + 1}"
    tensor = KerasTensor(shape, dtype, name=name)
    Node(_TracedInput(name=name), (), {}, tensor)
    return tensor


@contextmanager
def _nodes_kept(model: ModelLike) -> Iterator[None]:
    """What is called inside leaves no nodes on the model's layers."""
    layers = model._flatten_layers()
    counts = [(len(layer._inbound_nodes), len(layer._outbound_nodes)) for layer in layers]
    try:
        yield
    finally:
        for layer, (inbound, outbound) in zip(layers, counts, strict=True):
            del layer._inbound_nodes[inbound:], layer._outbound_nodes[outbound:]

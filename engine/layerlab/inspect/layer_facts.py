"""What can be said of a single layer or op of a model, in text and numbers, without changing it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from layerlab import tree
from layerlab.core.layer import Layer
from layerlab.core.symbolic import KerasTensor, Node
from layerlab.core.variable import Variable

__all__ = ["class_name", "count", "inner_layers", "output_shape", "shape_text", "size_bytes"]


def class_name(operation: object) -> str:
    """The class of a layer, or what an op is called in saved files."""
    return str(getattr(operation, "class_name", type(operation).__name__))


def inner_layers(layer: object) -> list[Layer]:
    """The layers that an inner model shows."""
    found = getattr(layer, "layers", None)
    return [inner for inner in found if isinstance(inner, Layer)] if isinstance(found, list | tuple) else []


def output_shape(operation: Any) -> str:
    """The shapes of the last symbolic call; else what it gives for what it was built on; else '?'."""
    nodes: list[Node] = operation._inbound_nodes
    if nodes:
        return shape_text(nodes[-1].output_tensors)
    shapes = getattr(operation, "_build_arguments", None)
    if not shapes:
        return "?"
    try:
        return shape_text(operation.compute_output_shape(*shapes.values()))
    except Exception:  # whatever a person's own layer does: its shape is not known, the rest of the table is
        return "?"


def shape_text(outputs: Any) -> str:
    """Tensors, or shapes, as text: '(None, 4)', '[(None, 4), (None, 2)]'."""
    if isinstance(outputs, KerasTensor):
        return str(outputs.shape)
    if isinstance(outputs, tuple) and all(size is None or isinstance(size, int) for size in outputs):
        return str(outputs)
    if isinstance(outputs, dict):
        return "{" + ", ".join(f"{key}: {shape_text(value)}" for key, value in outputs.items()) + "}"
    texts = [shape_text(output) for output in outputs]
    if len(tree.flatten(texts)) == 1:
        return texts[0]
    return f"({', '.join(texts)})" if isinstance(outputs, tuple) else f"[{', '.join(texts)}]"


def count(variables: Iterable[Variable]) -> int:
    """Number of elements of the variables."""
    return sum(math.prod(variable.shape) for variable in variables)


def size_bytes(variables: Iterable[Variable]) -> int:
    """Memory that the values take, each variable counted once."""
    different = {id(variable): variable for variable in variables}.values()
    return math.ceil(sum(math.prod(variable.shape) * _bits(variable.dtype) for variable in different) / 8)


def _bits(dtype: str) -> int:
    digits = re.search(r"\d+", dtype)  # int4, float8_e4m3fn
    return int(digits.group()) if digits else 8

"""The table of a model's layers: as data, and as the text of `model.summary()`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from layerlab.core.layer import Layer
from layerlab.core.model_protocol import ModelLike
from layerlab.core.symbolic import Node, Operation
from layerlab.errors import InvalidArgumentError, did_you_mean, explain
from layerlab.inspect.layer_facts import class_name, count, inner_layers, output_shape, size_bytes
from layerlab.inspect.records import SummaryRow, SummaryTable
from layerlab.inspect.safe_text import clean
from layerlab.inspect.text_table import Alignment, text_table
from layerlab.terminal.console import write

__all__ = ["print_summary", "summarize"]

_LEAST_WIDTH = 4


def summarize(model: ModelLike) -> SummaryTable:
    """Rows of all layers, those of inner models included, and the totals."""
    return SummaryTable(
        rows=list(_rows(_shown(model), _nodes(model), depth=0)),
        parameters=count(model.weights),
        trainable_parameters=count(model.trainable_weights),
        non_trainable_parameters=count(model.non_trainable_weights),
        optimizer_parameters=count(_optimizer_variables(model) or ()),
        size_bytes=size_bytes(model.weights),
    )


def print_summary(
    model: ModelLike,
    line_length: int | None = None,
    positions: Sequence[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
) -> None:
    """Write the table as `keras.Model.summary()` does.

    Args: those of `Model.summary`.
    Raises: InvalidArgumentError for a `layer_range` that matches no layer, or positions that leave no room.
    """
    nodes = _nodes(model)
    linear = nodes is None or _is_chain(nodes)
    shown = _in_range(_shown(model), layer_range)
    columns = _columns(linear, positions, line_length, show_trainable)
    texts = [
        _texts(operation, depth, nodes if depth == 0 else [], linear, show_trainable)
        for operation, depth in _walk(shown, expand_nested)
    ]
    lines = [
        f'Model: "{clean(model.name, 300)}"',
        *text_table(columns.header, texts, columns.widths, columns.alignments, columns.line_length),
        *_totals(model),
    ]
    if print_fn is None:
        write("\n".join(lines) + "\n")
    else:
        for line in lines:
            print_fn(line)


# -- which layers ------------------------------------------------------------------------------------------


def _nodes(model: Any) -> list[Node] | None:
    """The calls of a functional model; None for a Sequential or a subclass, which are lists of layers."""
    graph = getattr(model, "_model_graph", None)
    if graph is None:
        return None
    listed = {id(layer) for layer in model.layers}
    hides_its_input = any(isinstance(op, Layer) and id(op) not in listed for op in graph.operations)
    return None if hides_its_input else graph.nodes


def _shown(model: ModelLike) -> Sequence[Operation]:
    return model.layers if _nodes(model) is None else model.operations


def _is_chain(nodes: Sequence[Node]) -> bool:
    """Each operation is called once, on what the one before it gave."""
    if len({id(node.operation) for node in nodes}) < len(nodes):
        return False
    return all(
        len(node.input_tensors) == 1 and node.parents == [previous] for previous, node in pairwise(nodes)
    )


def _walk(operations: Sequence[Operation], nested: bool, depth: int = 0) -> Iterator[tuple[Operation, int]]:
    for operation in operations:
        yield operation, depth
        if nested:
            yield from _walk(inner_layers(operation), nested, depth + 1)


def _in_range(operations: Sequence[Operation], names: Sequence[str] | None) -> Sequence[Operation]:
    if names is None:
        return operations
    if len(names) != 2 or not all(isinstance(name, str) for name in names):
        raise InvalidArgumentError(
            explain("layer_range", expected="two names or patterns of layers", got=repr(names)[:80])
        )
    known = [operation.name for operation in operations]
    places = [[i for i, name in enumerate(known) if re.match(pattern, name)] for pattern in names]
    for pattern, found in zip(names, places, strict=True):
        if not found:
            near = did_you_mean(pattern, known)
            raise InvalidArgumentError(f"layer_range: no layer matches '{pattern}'.{near}")
    first, last = min(places[0]), max(places[1])
    if first > last:
        first, last = min(places[1]), max(places[0])
    return operations[first : last + 1]


# -- as data -----------------------------------------------------------------------------------------------


def _rows(operations: Sequence[Operation], nodes: list[Node] | None, depth: int) -> Iterator[SummaryRow]:
    for operation in operations:
        weights = getattr(operation, "weights", [])
        yield SummaryRow(
            name=operation.name,
            class_name=class_name(operation),
            path=getattr(operation, "path", operation.name),
            depth=depth,
            output_shape=output_shape(operation),
            parameters=count(weights),
            size_bytes=size_bytes(weights),
            trainable=getattr(operation, "trainable", True),
            connected_to=[tensor.history.operation.name for tensor in _inputs(operation, nodes)],
        )
        inner = inner_layers(operation)
        if inner:
            yield from _rows(inner, _nodes(operation), depth + 1)


def _inputs(operation: Operation, nodes: list[Node] | None) -> list[Any]:
    """The tensors that an operation is called on within the model; none where the model has no graph."""
    members = {id(node) for node in nodes or ()}
    calls = [node for node in operation._inbound_nodes if id(node) in members]
    return [tensor for node in calls for tensor in node.input_tensors if tensor._keras_history is not None]


def _optimizer_variables(model: object) -> list[Any] | None:
    """None if there is no optimizer, or it has no state yet."""
    optimizer = getattr(model, "optimizer", None)
    return list(optimizer.variables) if optimizer is not None and optimizer.built else None


# -- as text -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Columns:
    header: list[str]
    widths: list[int]
    alignments: list[Alignment]
    line_length: int


def _columns(
    linear: bool, positions: Sequence[float] | None, line_length: int | None, show_trainable: bool
) -> _Columns:
    header = ["Layer (type)", "Output Shape", "Param #"]
    alignments: list[Alignment] = ["left", "left", "right"]
    ends = [0.45, 0.80, 1.0]
    default_length = 88
    if not linear:
        header.append("Connected to")
        alignments.append("left")
        ends, default_length = [0.3, 0.56, 0.74, 1.0], 108
    if show_trainable:
        default_length += 12
    length = line_length or min(default_length, shutil.get_terminal_size().columns - 4)
    if positions:
        # A little more than the wanted end: 29 / 100 * 100 is 28.999...
        ends = [(end + 1e-6) / length for end in positions] if max(positions) > 1 else list(positions)
    if show_trainable:
        header.append("Trainable")
        alignments.append("center")
        ends = [0.9 * end for end in ends] + [1.0]
    if len(ends) < len(header):
        raise InvalidArgumentError(
            explain(
                "summary(positions=...)", expected=f"{len(header)} column ends", got=f"{len(positions or ())}"
            )
        )
    stops = [0, *(int(end * length) for end in ends)]
    widths = [stop - start for start, stop in pairwise(stops)][: len(header)]
    if min(widths) < _LEAST_WIDTH:
        raise InvalidArgumentError(
            explain(
                f"A summary of {length} characters a line has no room for its columns.",
                expected=f"at least {_LEAST_WIDTH} characters a column",
                got=str(widths),
                fix="a larger line_length, or other positions",
            )
        )
    return _Columns(header, widths, alignments, length)


def _texts(
    operation: Operation, depth: int, nodes: list[Node] | None, linear: bool, show_trainable: bool
) -> list[str]:
    """The cells of one row."""
    name = "   " * depth + "└ " if depth else ""
    name += f"{clean(operation.name, 300)} ({class_name(operation)})"
    weights = getattr(operation, "weights", [])
    parameters = f"{count(weights):,}" if getattr(operation, "built", True) else "0 (unbuilt)"
    texts = [name, output_shape(operation), parameters]
    if not linear:
        made_by = [tensor.history for tensor in _inputs(operation, nodes)]
        names = [f"{made.operation.name}[{made.node_index}][{made.tensor_index}]" for made in made_by]
        texts.append(", ".join(names) or "-")
    if show_trainable:
        texts.append(("Y" if getattr(operation, "trainable", True) else "N") if weights else "-")
    return texts


def _totals(model: ModelLike) -> list[str]:
    trainable, others = model.trainable_weights, model.non_trainable_weights
    optimizer = _optimizer_variables(model)
    parts = {
        "Total": [*trainable, *others, *(optimizer or ())],
        "Trainable": trainable,
        "Non-trainable": others,
    }
    if optimizer is not None:
        parts["Optimizer"] = optimizer
    return [
        f" {what} params: {count(variables):,} ({_memory(size_bytes(variables))})"
        for what, variables in parts.items()
    ]


def _memory(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"

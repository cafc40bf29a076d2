"""Makes recorded operations fewer: once what is the same in every step, in place what may be overwritten.

The nodes of a graph are in the order in which they ran, and run in that order.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import fx

from layerlab.backend.torch.operator_bindings import direct

__all__ = ["simplify"]

_aten = torch.ops.aten
_SAME = (_aten.detach.default, _aten.alias.default, _aten.lift_fresh.default)
_COPIES = (_aten.clone.default, _aten.lift_fresh_copy.default)
_VIEWS = (_aten.view.default, _aten._unsafe_view.default)
_LIKE = {_aten.ones_like.default: 1, _aten.zeros_like.default: 0}
_LARGEST_CONSTANT = 2**16  # elements


def simplify(module: fx.GraphModule, states: int, donate: bool, directly: bool = True) -> Callable[..., Any]:
    """The graph as a function of its inputs.

    Args:
        states: how many of the first inputs are the state, and of the first results the new one.
        donate: the new state is written over the old one.
        directly: operations are called by their own bindings; not for a compiler, which wants to know them.
    """
    graph = module.graph
    _skip_aliases(graph)
    _compute_once(module)
    _merge_equal(graph)
    graph.eliminate_dead_code()
    keeps_state = _keeps_state(graph, states)
    _write_over(graph, states if donate else 0)
    graph.eliminate_dead_code(is_impure_node=_is_kept)
    if keeps_state:
        # These round in other places than the step as it is written. What is learned and measured must not
        # depend on which steps are played: a run that is resumed ends with the same bits (decision 012).
        _join_products(graph)
        _join_scalings(graph)
    _join_updates(graph)
    if directly:
        _call_directly(graph)
    graph.lint()
    module.recompile()
    return module.forward


def _skip_aliases(graph: fx.Graph) -> None:
    for node in graph.nodes:
        if node.target in _SAME:
            node.replace_all_uses_with(node.args[0])


def _compute_once(module: fx.GraphModule) -> None:
    """What depends on no input is computed now, and kept."""
    graph, written = module.graph, _written(module.graph)
    known: dict[fx.Node, Any] = {}
    for node in list(graph.nodes):
        if node.op == "get_attr":
            known[node] = getattr(module, node.target)
        elif node.target in _LIKE and node not in written:
            like = node.meta["val"]
            known[node] = torch.full((), _LIKE[node.target], dtype=like.dtype, device=like.device).expand(
                like.shape
            )
        elif _is_pure(node) and node not in written and all(x in known for x in node.all_input_nodes):
            arguments = fx.map_arg((node.args, node.kwargs), known.__getitem__)
            value = node.target(*arguments[0], **arguments[1])
            if isinstance(value, torch.Tensor) and value.numel() <= _LARGEST_CONSTANT:
                known[node] = value
    for index, (node, value) in enumerate(known.items()):
        if node.op == "get_attr" or all(user in known for user in node.users):
            continue
        name = f"constant_{index}"
        vars(module)[name] = value  # not as a buffer: those are found slowly
        with graph.inserting_before(node):
            constant = graph.create_node("get_attr", name)
        constant.meta["val"] = value
        node.replace_all_uses_with(constant)


def _merge_equal(graph: fx.Graph) -> None:
    """Equal operations on equal inputs are made once."""
    written, seen = _written(graph), dict[Any, fx.Node]()
    for node in list(graph.nodes):
        if not _is_pure(node) or node in written:
            continue
        key = repr((node.target, node.args, node.kwargs))  # the names of nodes are unique
        if key in seen:
            node.replace_all_uses_with(seen[key])
        else:
            seen[key] = node


def _keeps_state(graph: fx.Graph, states: int) -> bool:
    """Whether the new state is the old one, as in predict."""
    inputs = [node for node in graph.nodes if node.op == "placeholder"][:states]
    return list(graph.output_node().args[0][:states]) == inputs


def _write_over(graph: fx.Graph, states: int) -> None:
    """The first results are written into the inputs that they replace."""
    nodes, end = list(graph.nodes), graph.output_node()
    places = {node: place for place, node in enumerate(nodes)}
    inputs = [node for node in nodes if node.op == "placeholder"][:states]
    results = list(end.args[0])
    for node in nodes:
        for copied in _changed_by(node):
            source = copied.args[0] if copied.target in _COPIES else None
            # A copy of old state that is then changed in place: nobody needs the old one later.
            if not isinstance(source, fx.Node) or source not in inputs:
                continue
            if all(places[user] <= places[node] for user in source.users):
                copied.replace_all_uses_with(source)
                results = [source if result is copied else result for result in results]
    for place, held in enumerate(inputs):
        value = results[place]
        if value is held:
            continue
        with graph.inserting_before(end):
            if _origin(value) in inputs:  # it is overwritten before it is read, perhaps
                with graph.inserting_after(nodes[-2]):
                    value = graph.call_function(_aten.clone.default, (value,))
            graph.call_function(_aten.copy_.default, (held, value))
        results[place] = held
    end.args = (results,)


def _join_products(graph: fx.Graph) -> None:
    """A product to which a row is added is one operation; its columns may be seen as several axes."""
    for node in list(graph.nodes):
        if node.target is not _aten.add.Tensor or len(node.all_input_nodes) < 2 or node.kwargs:
            continue
        seen, row = node.all_input_nodes
        product = seen.args[0] if seen.target in _VIEWS else seen
        if not _is_product_plus_row(product, seen, row):
            continue
        with graph.inserting_before(node):
            flat = graph.call_function(torch.reshape, (row, [-1])) if row.meta["val"].ndim > 1 else row
            joined = graph.call_function(_aten.addmm.default, (flat, *product.args))
            joined.meta["val"] = product.meta["val"]
            if seen is not product:
                joined = graph.call_function(seen.target, (joined, *seen.args[1:]))
                joined.meta["val"] = node.meta["val"]
        node.replace_all_uses_with(joined)
        for replaced in (node, seen, product):
            if replaced in graph.nodes and not replaced.users:
                graph.erase_node(replaced)


def _is_product_plus_row(product: fx.Node, seen: fx.Node, row: fx.Node) -> bool:
    """Whether the row has the sizes of the last axes of `seen`, to which the product's columns became."""
    if product.target is not _aten.mm.default or len(product.users) > 1 or len(seen.users) > 1:
        return False
    shape, row_shape, columns = (x.meta["val"].shape for x in (seen, row, product))
    is_row = 0 < len(row_shape) < len(shape) and shape[-len(row_shape) :] == row_shape
    return is_row and row_shape.numel() == columns[1] and _same_dtype(product, row)


def _join_scalings(graph: fx.Graph) -> None:
    """A multiplication whose result is only added to something is one operation with the addition."""
    for node in list(graph.nodes):
        if node.target is not _aten.add.Tensor or len(node.all_input_nodes) < 2 or node.kwargs:
            continue
        scaled, other = node.all_input_nodes
        parts = scaled.all_input_nodes
        if scaled.target is not _aten.mul.Tensor or len(scaled.users) > 1 or len(parts) < 2:
            continue
        if all(part.meta["val"].ndim and _same_dtype(part, node) for part in (*parts, other)):
            node.target, node.args = _aten.addcmul.default, (other, *parts)
            graph.erase_node(scaled)


def _join_updates(graph: fx.Graph) -> None:
    """The updates of many variables by one kernel are one call."""
    places, end = {node: place for place, node in enumerate(graph.nodes)}, graph.output_node()
    calls = [node for node in graph.nodes if node.target is _aten._fused_adam_.tensor_lr]
    for first, second in itertools.pairwise(calls):
        readers = {user for changed in _changed_by(first) for user in changed.users} - {end}
        if first.kwargs == second.kwargs and all(places[reader] <= places[first] for reader in readers):
            second.args = tuple([*a, *b] for a, b in zip(first.args, second.args, strict=True))
            graph.erase_node(first)


def _same_dtype(first: fx.Node, second: fx.Node) -> bool:
    return bool(first.meta["val"].dtype == second.meta["val"].dtype)


def _call_directly(graph: fx.Graph) -> None:
    for node in graph.nodes:
        if (
            node.target is _aten._to_copy.default
            and set(node.kwargs) == {"dtype"}
            and not _same_dtype(node, node.args[0])
        ):
            node.target = torch.Tensor.to
        elif node.op == "call_function":
            node.target = direct(node.target)


def _written(graph: fx.Graph) -> set[fx.Node]:
    """The nodes whose memory some operation changes, and views of that memory."""
    roots = {_origin(changed) for node in graph.nodes for changed in _changed_by(node)}
    return {node for node in graph.nodes if _origin(node) in roots}


def _changed_by(node: fx.Node) -> Iterator[fx.Node]:
    """The arguments that an operation changes in place."""
    schema = getattr(node.target, "_schema", None)
    if schema is None or not schema.is_mutable:
        return
    for place, argument in enumerate(schema.arguments):
        if argument.alias_info is None or not argument.alias_info.is_write:
            continue
        given = node.args[place] if place < len(node.args) else node.kwargs.get(argument.name)
        found: list[fx.Node] = []
        fx.map_arg(given, found.append)
        yield from found


def _origin(node: fx.Node) -> fx.Node:
    """Whose memory a node is a view of."""
    schema = getattr(node.target, "_schema", None)
    while schema is not None and any(result.alias_info is not None for result in schema.returns):
        node = node.all_input_nodes[0]
        schema = getattr(node.target, "_schema", None)
    return node


def _is_pure(node: fx.Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    if node.op != "call_function" or schema is None or schema.is_mutable:
        return False
    return torch.Tag.nondeterministic_seeded not in node.target.tags


def _is_kept(node: fx.Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    return node.op in ("placeholder", "output") or (schema is not None and schema.is_mutable)

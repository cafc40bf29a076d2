"""A model as nodes and edges: every call of every layer and op, nested models as groups."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

import layerlab as keras
from layerlab.inspect import ModelGraph, NodeInfo, describe_graph, graph_svg


def ids(graph: ModelGraph) -> list[str]:
    return [node.id for node in graph.nodes]


def edges(graph: ModelGraph) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in graph.edges}


def node(graph: ModelGraph, id: str) -> NodeInfo:
    return next(node for node in graph.nodes if node.id == id)


def encoder(name: str = "encoder") -> Any:
    x = keras.Input((4,), name="pixels")
    y = keras.layers.Dense(3, name="squeeze")(x)
    return keras.Model(x, keras.layers.ReLU(name="relu")(y), name=name)


class Net(keras.Model):
    """A skip connection, written as a subclass."""

    def __init__(self, reads_values: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first = keras.layers.Dense(4, name="first")
        self.drop = keras.layers.Dropout(0.5, name="drop")
        self.last = keras.layers.Dense(2, name="last")
        self.reads_values = reads_values

    def call(self, inputs: Any) -> Any:
        if self.reads_values and float(keras.ops.sum(inputs)) > 1e9:
            return inputs
        return self.last(self.drop(self.first(inputs)) + inputs)


def test_a_functional_model_shows_each_call(backend: str) -> None:
    x = keras.Input((4,), name="x")
    dense = keras.layers.Dense(4, name="dense")
    y = keras.layers.Add(name="sum")([dense(x), dense(dense(x))])
    graph = describe_graph(keras.Model(x, y))
    assert sorted(ids(graph)) == ["dense", "dense:1", "dense:2", "sum", "x"]
    assert edges(graph) == {
        ("x", "dense"), ("x", "dense:1"), ("dense:1", "dense:2"), ("dense", "sum"), ("dense:2", "sum"),
    }  # fmt: skip


def test_nodes_come_after_what_they_depend_on() -> None:
    graph = describe_graph(encoder())
    place = {id: index for index, id in enumerate(ids(graph))}
    assert all(place[edge.source] < place[edge.target] for edge in graph.edges)


def test_a_node_tells_shape_dtype_weights_and_settings() -> None:
    found = node(describe_graph(encoder()), "squeeze")
    assert (found.class_name, found.family, found.output_shape, found.dtype) == (
        "Dense",
        "dense",
        "(None, 3)",
        "float32",
    )
    assert (found.parameters, found.trainable, found.is_group, found.parent) == (15, True, False, None)
    assert found.config["units"] == 3
    assert found.config["kernel_initializer"] == "GlorotUniform"
    assert [(weight["path"], weight["shape"]) for weight in found.weights] == [
        ("squeeze/kernel", "(4, 3)"), ("squeeze/bias", "(3,)"),
    ]  # fmt: skip


def test_edges_carry_the_shape() -> None:
    assert [edge.label for edge in describe_graph(encoder()).edges] == ["(None, 4)", "(None, 3)"]


def test_several_outputs_are_listed() -> None:
    class Split(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs[:, :1], inputs[:, 1:]

    x = keras.Input((4,))
    model = keras.Model(x, list(Split(name="split")(x)))
    assert node(describe_graph(model), "split").output_shape == "[(None, 1), (None, 3)]"


def test_a_frozen_layer_is_told() -> None:
    model = encoder()
    model.get_layer("squeeze").trainable = False
    assert not node(describe_graph(model), "squeeze").trainable


def test_a_nested_model_is_a_group_without_its_inputs() -> None:
    x = keras.Input((4,), name="x")
    inner = encoder()
    graph = describe_graph(keras.Model(x, keras.layers.Dense(1, name="score")(inner(x))))
    assert ids(graph) == ["x", "encoder", "encoder/squeeze", "encoder/relu", "score"]
    assert node(graph, "encoder").is_group
    assert node(graph, "encoder/relu").parent == "encoder"
    assert edges(graph) == {
        ("x", "encoder/squeeze"),
        ("encoder/squeeze", "encoder/relu"),
        ("encoder/relu", "score"),
    }


def test_a_model_that_is_called_twice_is_two_groups() -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    inner = encoder()
    graph = describe_graph(keras.Model([a, b], keras.layers.Add(name="sum")([inner(a), inner(b)])))
    assert {("a", "encoder/squeeze"), ("b", "encoder:1/squeeze"), ("encoder:1/relu", "sum")} <= edges(graph)


def test_groups_nest_in_groups() -> None:
    stack = keras.Sequential(
        [keras.Input((4,)), encoder(), keras.layers.Dense(1, name="score")], name="stack"
    )
    x = keras.Input((4,), name="x")
    graph = describe_graph(keras.Model(x, stack(x)))
    assert ids(graph) == [
        "x",
        "stack",
        "stack/encoder",
        "stack/encoder/squeeze",
        "stack/encoder/relu",
        "stack/score",
    ]
    assert node(graph, "stack/encoder").parent == "stack"


def test_a_sequential_model_shows_its_input() -> None:
    graph = describe_graph(
        keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(1, name="score")])
    )
    assert edges(graph) == {("x", "score")}


def test_ops_are_nodes() -> None:
    x = keras.Input((4,), name="x")
    graph = describe_graph(keras.Model(x, keras.ops.concatenate([x, x * 2.0], axis=1)))
    found = {node.class_name: node for node in graph.nodes if node.family == "op"}
    assert set(found) == {"Multiply", "Concatenate"}
    assert found["Concatenate"].config == {"axis": 1}


def test_inputs_that_lead_nowhere_are_shown() -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    assert "b" in ids(describe_graph(keras.Model([a, b], keras.layers.Dense(1)(a))))


# -- subclasses --------------------------------------------------------------------------------------------


def test_a_subclass_is_traced(backend: str) -> None:
    net = Net()
    net.build((None, 4))
    graph = describe_graph(net)
    assert edges(graph) == {
        ("input_1", "first"),
        ("first", "drop"),
        ("drop", "add"),
        ("input_1", "add"),
        ("add", "last"),
    }
    assert node(graph, "last").output_shape == "(None, 2)"
    assert node(graph, "input_1").family == "input"


def test_tracing_leaves_the_model_as_it_was() -> None:
    keras.utils.clear_session()
    net = Net()
    net.build((None, 4))
    before = [len(layer._inbound_nodes) + len(layer._outbound_nodes) for layer in net._flatten_layers()]
    seeds = [variable.numpy().tolist() for variable in net.non_trainable_variables]
    first, second = describe_graph(net), describe_graph(net)
    assert first == second
    assert [
        len(layer._inbound_nodes) + len(layer._outbound_nodes) for layer in net._flatten_layers()
    ] == before
    assert [variable.numpy().tolist() for variable in net.non_trainable_variables] == seeds
    assert net.losses == []
    assert keras.layers.Add().name == "add"  # names given while looking are not used up


def test_a_subclass_inside_a_functional_model_is_a_group() -> None:
    x = keras.Input((4,), name="x")
    graph = describe_graph(keras.Model(x, keras.layers.Dense(1, name="score")(Net(name="net")(x))))
    assert {("x", "net/first"), ("x", "net/add"), ("net/last", "score")} <= edges(graph)


@pytest.mark.parametrize("build", [True, False])
def test_layers_are_listed_where_tracing_is_not_possible(build: bool) -> None:
    net = Net()
    if build:
        net.build((None, 4))
    net.reads_values = True
    graph = describe_graph(net)
    assert ids(graph) == ["first", "drop", "last"]
    assert graph.edges == []


def test_a_sequential_model_that_is_not_built_lists_its_layers() -> None:
    graph = describe_graph(
        keras.Sequential([keras.layers.Dense(2, name="a"), encoder(), keras.layers.Dense(1, name="b")])
    )
    assert ids(graph) == ["a", "encoder", "encoder/squeeze", "encoder/relu", "b"]
    assert node(graph, "a").output_shape == "?"


# -- settings ----------------------------------------------------------------------------------------------


def test_settings_are_json_scalars_and_short_texts() -> None:
    class Odd(keras.layers.Layer):
        def get_config(self) -> dict[str, Any]:
            return {
                "sizes": (3, 4), "big": "x" * 1000, "limit": float("inf"), "nothing": None,
                "table": {"a": 1}, "anything": object(), "flag": True,
            }  # fmt: skip

        def call(self, inputs: Any) -> Any:
            return inputs * 1.0

    x = keras.Input((4,))
    graph = describe_graph(keras.Model(x, Odd(name="odd")(x)))
    assert node(graph, "odd").config == {"sizes": "(3, 4)", "limit": "inf", "flag": True}
    json.dumps(dataclasses.asdict(graph), allow_nan=False)


def test_a_layer_without_a_config_is_shown_without_settings() -> None:
    class Broken(keras.layers.Layer):
        def get_config(self) -> dict[str, Any]:
            raise NotImplementedError

        def call(self, inputs: Any) -> Any:
            return inputs * 1.0

    x = keras.Input((4,))
    assert node(describe_graph(keras.Model(x, Broken(name="broken")(x))), "broken").config == {}


# -- drawing ------------------------------------------------------------------------------------------------


def test_every_layer_is_in_the_picture() -> None:
    x = keras.Input((4,), name="x")
    picture = graph_svg(describe_graph(keras.Model(x, keras.layers.Dense(1, name="score")(encoder()(x)))))
    assert all(f">{name}<" in picture for name in ("x", "squeeze", "relu", "score"))


@pytest.mark.slow
def test_a_chain_of_thousands_of_layers_is_described() -> None:
    x = tensor = keras.Input((2,), name="x")
    relu = keras.layers.ReLU(name="relu")
    for _ in range(2000):
        tensor = relu(tensor)
    graph = describe_graph(keras.Model(x, tensor))
    assert len(graph.nodes) == 2001
    assert len(graph.edges) == 2000

"""The static picture of a graph: every node is in it, as text and nothing but text."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from layerlab.inspect import Edge, ModelGraph, NodeInfo, graph_svg
from layerlab.inspect.safe_text import clean, escape

SVG = "{http://www.w3.org/2000/svg}"


def node(id: str, parent: str | None = None, **changes: object) -> NodeInfo:
    fields: dict[str, object] = {
        "id": id, "parent": parent, "name": id, "class_name": "Conv2D", "family": "conv", "path": id,
        "output_shape": "(None, 8, 8, 4)", "dtype": "float32", "parameters": 40, "trainable": True,
        "is_group": False, "config": {}, "weights": [],
    }  # fmt: skip
    return NodeInfo(**{**fields, **changes})


GRAPH = ModelGraph(
    nodes=[
        node("pixels", family="input"),
        node("block", is_group=True, class_name="Functional"),
        node("block/conv", "block"),
        node("scores", trainable=False),
    ],
    edges=[
        Edge(source="pixels", target="block/conv", label=""),
        Edge(source="block/conv", target="scores", label=""),
    ],
)


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_the_picture_is_well_formed_and_names_every_node(direction: str) -> None:
    root = ElementTree.fromstring(graph_svg(GRAPH, direction=direction))  # type: ignore[arg-type]
    words = " ".join(root.itertext())
    assert all(
        name in words for name in ("pixels", "block (Functional)", "block/conv", "scores", "(None, 8, 8, 4)")
    )
    assert len(root.findall(f".//{SVG}rect")) == 4


def test_shapes_can_be_left_out() -> None:
    assert "(None, 8, 8, 4)" not in graph_svg(GRAPH, show_shapes=False)


def test_frozen_layers_are_dashed() -> None:
    assert graph_svg(GRAPH).count("stroke-dasharray") == 1


def test_there_are_no_ids_links_or_scripts() -> None:
    root = ElementTree.fromstring(graph_svg(GRAPH))
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in {"svg", "g", "rect", "text", "tspan", "path", "title"}
        assert not {"id", "class", "href", "style"} & set(element.attrib)


def test_text_is_escaped_shortened_and_visible() -> None:
    assert escape("<b>\"'&") == "&lt;b&gt;&quot;&#x27;&amp;"
    assert clean("a\nb\x00c\u202ed") == "a b\ufffdc\ufffdd"
    assert clean("x" * 10_000_000, 10) == "xxxxxxxxx…"
    assert clean("\n" * 1000 + "a", 10).endswith("…")
    assert clean("short") == "short"
    clean("\ud800").encode("utf-8")


def test_a_graph_past_the_limit_is_folded_then_cut() -> None:
    assert "block/conv" not in " ".join(ElementTree.fromstring(graph_svg(GRAPH, most_nodes=3)).itertext())
    assert "and 1 more nodes" in graph_svg(GRAPH, most_nodes=2)


def test_an_empty_graph_is_an_empty_picture() -> None:
    ElementTree.fromstring(graph_svg(ModelGraph(nodes=[], edges=[])))

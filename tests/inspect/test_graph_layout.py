"""The layered layout: nothing overlaps, edges point forward, groups hold their members."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerlab.inspect import Edge, ModelGraph, NodeInfo
from layerlab.inspect.graph_layout import Box, Layout, fold, lay_out
from tests.timing import cpu_seconds_below


def node(id: str, parent: str | None = None) -> NodeInfo:
    return NodeInfo(
        id=id, parent=parent, name=id, class_name="Dense", family="dense", path=id, output_shape="", dtype="",
        parameters=0, trainable=True, is_group=False, config={}, weights=[],
    )  # fmt: skip


def graph_of(nodes: dict[str, str | None], edges: list[tuple[str, str]]) -> ModelGraph:
    return ModelGraph(
        nodes=[node(id, parent) for id, parent in nodes.items()],
        edges=[Edge(source=source, target=target, label="") for source, target in edges],
    )


def flat(ids: str, *edges: str) -> ModelGraph:
    return graph_of(dict.fromkeys(ids), [(edge[0], edge[1]) for edge in edges])


def place(graph: ModelGraph, direction: str = "TB") -> Layout:
    return lay_out(graph, {n.id: (100.0, 40.0) for n in graph.nodes}, direction)  # type: ignore[arg-type]


def overlap(a: Box, b: Box) -> bool:
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    down = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return across > 0.01 and down > 0.01


def contains(outer: Box, inner: Box) -> bool:
    return (
        outer.x <= inner.x
        and outer.y <= inner.y
        and inner.x + inner.width <= outer.x + outer.width
        and inner.y + inner.height <= outer.y + outer.height
    )


NESTED = graph_of(
    {"a": None, "g": None, "g/x": "g", "g/h": "g", "g/h/y": "g/h", "b": None},
    [("a", "g/x"), ("g/x", "g/h/y"), ("g/h/y", "b"), ("a", "b")],
)


def test_a_chain_is_one_straight_column() -> None:
    boxes = place(flat("abc", "ab", "bc")).boxes
    assert len({box.x for box in boxes.values()}) == 1
    assert boxes["a"].y + boxes["a"].height < boxes["b"].y < boxes["c"].y


def test_a_diamond_stands_symmetric() -> None:
    boxes = place(flat("abcd", "ab", "ac", "bd", "cd")).boxes
    assert boxes["b"].y == boxes["c"].y
    assert boxes["a"].x == pytest.approx((boxes["b"].x + boxes["c"].x) / 2)
    assert boxes["a"].x == pytest.approx(boxes["d"].x)


def test_a_second_input_stands_right_above_its_first_user() -> None:
    boxes = place(flat("abcdz", "ab", "bc", "cd", "zd")).boxes
    assert boxes["z"].y == boxes["c"].y


def test_left_to_right_is_the_same_turned_by_a_quarter() -> None:
    boxes = place(flat("abc", "ab", "bc"), "LR").boxes
    assert len({box.y for box in boxes.values()}) == 1
    assert boxes["a"].x + boxes["a"].width < boxes["b"].x
    assert (boxes["a"].width, boxes["a"].height) == (100.0, 40.0)


@pytest.mark.parametrize("direction", ["TB", "LR"])
def test_groups_hold_their_members_and_nothing_else(direction: str) -> None:
    boxes = place(NESTED, direction).boxes
    assert contains(boxes["g"], boxes["g/x"]) and contains(boxes["g"], boxes["g/h"])
    assert contains(boxes["g/h"], boxes["g/h/y"])
    assert not overlap(boxes["g"], boxes["a"]) and not overlap(boxes["g"], boxes["b"])
    assert not overlap(boxes["g/x"], boxes["g/h"])


def test_lines_run_from_border_to_border_past_the_boxes_between() -> None:
    layout = place(flat("abcd", "ab", "bc", "cd", "ad"))
    skip = next(line for line in layout.lines if (line.edge.source, line.edge.target) == ("a", "d"))
    (start_x, start_y), (end_x, end_y) = skip.points[0], skip.points[-1]
    a, d = layout.boxes["a"], layout.boxes["d"]
    assert (start_x, start_y) == (a.x + a.width / 2, a.y + a.height)
    assert (end_x, end_y) == (d.x + d.width / 2, d.y)
    for between in (layout.boxes["b"], layout.boxes["c"]):
        inside = [x for x, y in skip.points if between.y <= y <= between.y + between.height]
        assert inside and all(x < between.x or x > between.x + between.width for x in inside)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 14), st.lists(st.tuples(st.integers(0, 13), st.integers(0, 13)), max_size=40))
def test_no_boxes_overlap_in_any_graph_cycles_and_strangers_included(
    count: int, pairs: list[tuple[int, int]]
) -> None:
    edges = [(f"n{a}", f"n{b}") for a, b in pairs]  # some name nodes that are not there
    layout = place(graph_of({f"n{i}": None for i in range(count)}, edges))
    assert len(layout.boxes) == count
    assert not any(overlap(a, b) for a, b in itertools.combinations(layout.boxes.values(), 2))
    assert all(
        contains(Box(-0.01, -0.01, layout.width + 0.02, layout.height + 0.02), b)
        for b in layout.boxes.values()
    )


def test_edges_of_an_acyclic_graph_point_down() -> None:
    edges = ["ab", "ac", "bd", "ce", "de", "ae", "ef", "bf"]
    boxes = place(flat("abcdef", *edges)).boxes
    assert all(boxes[s].y + boxes[s].height < boxes[t].y for s, t in edges)


def test_an_empty_graph_has_no_size() -> None:
    assert place(graph_of({}, [])) == Layout({}, [], 0.0, 0.0)


def test_a_parent_that_is_missing_counts_as_none() -> None:
    assert set(place(graph_of({"a": "nowhere", "b": "b"}, [("a", "b")])).boxes) == {"a", "b"}


def test_folding_closes_the_deepest_groups_first_and_lifts_their_edges() -> None:
    folded = fold(NESTED, 5)
    assert [n.id for n in folded.nodes] == ["a", "g", "g/x", "g/h", "b"]
    assert {(e.source, e.target) for e in folded.edges} == {
        ("a", "g/x"),
        ("g/x", "g/h"),
        ("g/h", "b"),
        ("a", "b"),
    }
    folded = fold(NESTED, 3)
    assert {(e.source, e.target) for e in folded.edges} == {("a", "g"), ("g", "b"), ("a", "b")}


def test_folding_leaves_a_small_graph_alone_and_a_flat_one_as_it_is() -> None:
    assert fold(NESTED, 6) == NESTED
    assert len(fold(flat("abc", "ab"), 1).nodes) == 3


def test_five_thousand_layers_with_skips_take_seconds_at_most_and_no_recursion() -> None:
    chain = [(f"n{i}", f"n{i + 1}") for i in range(4_999)] + [
        (f"n{i}", f"n{i + 9}") for i in range(0, 4_990, 3)
    ]
    graph = graph_of({f"n{i}": None for i in range(5_000)}, chain)
    with cpu_seconds_below(10):  # 0.7 s
        place(graph)


def test_groups_nested_a_thousand_deep_are_laid_out_without_recursion() -> None:
    nodes: dict[str, str | None] = {"n0": None}
    nodes.update({f"n{i}": f"n{i - 1}" for i in range(1, 1_500)})
    assert len(place(graph_of(nodes, [])).boxes) == 1_500

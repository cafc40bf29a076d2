"""Nested structures, against Keras' tree where both speak of the same thing."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from typing import Any

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerlab import tree
from layerlab.errors import InvalidArgumentError

Point = namedtuple("Point", ["x", "y"])

leaves = st.one_of(st.integers(), st.none(), st.text(max_size=2), st.floats(allow_nan=False))
structures = st.recursive(
    leaves,
    lambda children: st.one_of(
        st.lists(children, max_size=3),
        st.tuples(children, children),
        st.dictionaries(st.text("abc", min_size=1, max_size=2), children, max_size=3),
        st.builds(Point, children, children),
    ),
    max_leaves=12,
)


@given(structures)
def test_packing_the_leaves_gives_the_structure_back(structure: Any) -> None:
    packed = tree.pack(structure, tree.flatten(structure))
    assert packed == structure
    assert type(packed) is type(structure)


@given(structures)
def test_leaves_come_in_the_order_of_map_structure_and_of_paths(structure: Any) -> None:
    leaves_of_paths = [leaf for _, leaf in tree.flatten_with_path(structure)]
    assert leaves_of_paths == tree.flatten(structure)
    for path, leaf in tree.flatten_with_path(structure):
        found = structure
        for key in path:
            found = found[key]
        assert found == leaf


@given(structures)
def test_mapping_changes_the_leaves_and_nothing_else(structure: Any) -> None:
    mapped = tree.map_structure(lambda leaf: ("seen", leaf).__repr__(), structure)
    assert tree.same_structure(structure, mapped)
    assert tree.flatten(mapped) == [("seen", leaf).__repr__() for leaf in tree.flatten(structure)]


@pytest.mark.oracle
@given(structures)
def test_flatten_is_that_of_keras(structure: Any) -> None:
    assert tree.flatten(structure) == keras.tree.flatten(structure)


def test_dicts_are_walked_by_sorted_keys_and_keep_their_own_order() -> None:
    structure = {"b": 1, "a": {"d": 2, "c": 3}}
    assert tree.flatten(structure) == [3, 2, 1]
    assert list(tree.map_structure(str, structure)) == ["b", "a"]
    assert tree.pack(structure, [30, 20, 10]) == {"b": 10, "a": {"d": 20, "c": 30}}


def test_mapping_visits_the_leaves_in_the_order_of_flatten() -> None:
    structure = {"b": 1, "a": {"z": 2, "y": [3]}}
    remaining = iter(tree.flatten(structure))
    mapped = tree.map_structure(lambda leaf: (leaf, next(remaining)), structure)
    assert mapped == {"b": (1, 1), "a": {"z": (2, 2), "y": [(3, 3)]}}
    assert list(mapped) == ["b", "a"] and list(mapped["a"]) == ["z", "y"]


def test_keys_that_cannot_be_sorted_keep_their_order() -> None:
    assert tree.flatten({"a": 1, 2: 2}) == [1, 2]


def test_none_is_a_leaf() -> None:
    assert tree.flatten([None, (None,)]) == [None, None]
    assert tree.flatten(None) == [None]


def test_empty_structures_have_no_leaves() -> None:
    assert tree.flatten([{}, (), []]) == []
    assert tree.map_structure(str, {"a": []}) == {"a": []}


def test_named_tuples_and_ordered_dicts_keep_their_type() -> None:
    structure = Point(1, OrderedDict(b=2, a=3))
    mapped = tree.map_structure(lambda x: x + 1, structure)
    assert mapped == Point(2, OrderedDict(b=3, a=4))
    assert type(mapped) is Point and type(mapped.y) is OrderedDict


def test_several_structures_are_mapped_together() -> None:
    assert tree.map_structure(lambda a, b: a + b, {"x": [1, 2]}, {"x": (10, 20)}) == {"x": [11, 22]}


@pytest.mark.parametrize("other", [[1], [1, 2, 3], {"a": 1, "b": 2}, 5, "ab"])
def test_structures_that_differ_are_refused(other: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="structures differ"):
        tree.map_structure(lambda a, b: a, [1, 2], other)


@pytest.mark.parametrize("other", [{"b": 1}, [1], 1])
def test_dicts_with_other_keys_are_refused_by_name(other: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"(?s)differ.*'a'"):
        tree.map_structure(lambda a, b: a, {"a": 1}, other)


@pytest.mark.parametrize(("count", "message"), [(1, "Too few"), (3, "Too many")])
def test_a_wrong_number_of_leaves_is_refused(count: int, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        tree.pack([0, 0], range(count))


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ([1, 2], [3, 4], True),
        ([1, 2], (3, 4), True),
        ({"a": 1}, {"a": [1]}, False),
        ({"a": 1}, {"b": 1}, False),
        ({"a": 1}, [1], False),
        (1, [1], False),
        ([1], [1, 2], False),
        (None, 1, True),
    ],
)
def test_same_structure_compares_nesting_only(first: Any, second: Any, same: bool) -> None:
    assert tree.same_structure(first, second) is same

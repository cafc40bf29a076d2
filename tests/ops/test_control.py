"""Control flow: the same on both back ends, inside jax.jit, and in a graph."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from layerlab import ops
from layerlab.backend.active import backend as active
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import InvalidArgumentError, UnsupportedError

ROWS = np.arange(6, dtype="float32").reshape(3, 2)


def numbers(result: Any) -> Any:
    return ops.convert_to_numpy(result).tolist()


def test_cond_takes_one_branch(backend: str) -> None:
    assert numbers(ops.cond(ops.array(2) > 1, lambda: ops.array(1.0), lambda: ops.array(2.0))) == 1
    assert numbers(ops.cond(False, lambda: ops.array(1.0), lambda: ops.array(2.0))) == 2


def test_switch_takes_the_nearest_branch_for_an_index_beyond_the_ends(backend: str) -> None:
    branches = [lambda x: x, lambda x: x * 2, lambda x: x * 3]
    assert [numbers(ops.switch(ops.array(i), branches, 5.0)) for i in (-1, 0, 1, 2, 7)] == [5, 5, 10, 15, 15]
    with pytest.raises(InvalidArgumentError, match="branch"):
        ops.switch(0, [])


def test_while_loop_keeps_the_structure_of_its_variables(backend: str) -> None:
    count, total = ops.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s + i), (0, 0))
    assert (numbers(count), numbers(total)) == (4, 6)
    assert numbers(ops.while_loop(lambda i: i < 10, lambda i: i + 1, 0, maximum_iterations=3)) == 3
    assert isinstance(ops.while_loop(lambda i: i < 1, lambda i: [i + 1], [0]), list)


def test_fori_loop_with_known_and_traced_bounds(backend: str) -> None:
    assert numbers(ops.fori_loop(1, 4, lambda i, total: total + i, ops.array(0))) == 6
    assert numbers(ops.fori_loop(ops.array(1), ops.array(4), lambda i, total: total + i, ops.array(0))) == 6
    assert numbers(ops.fori_loop(3, 1, lambda i, total: total + i, ops.array(7))) == 7


def test_scan_stacks_what_each_step_gives(backend: str) -> None:
    carry, ys = ops.scan(lambda c, x: (c + x, c * x), np.float32(1), np.array([1, 2, 3], "float32"))
    assert (numbers(carry), numbers(ys)) == (7, [1, 4, 12])
    carry, ys = ops.scan(lambda c, x: (c + 1, c), ops.array(0), length=3, reverse=True)
    assert (numbers(carry), numbers(ys)) == (3, [2, 1, 0])
    with pytest.raises(InvalidArgumentError, match="length"):
        ops.scan(lambda c, x: (c, c), 0)


def test_map_and_vectorized_map_go_along_the_first_axis(backend: str) -> None:
    for function in (ops.map, ops.vectorized_map):
        assert numbers(function(lambda row: ops.sum(row * row), ROWS)) == [1, 13, 41]
    sums = ops.map(lambda pair: {"sum": pair[0] + pair[1]}, (ROWS, ROWS))
    assert numbers(sums["sum"]) == (2 * ROWS).tolist()


def test_control_flow_can_be_compiled() -> None:
    def function(x: Any) -> Any:
        y = ops.cond(ops.sum(x) > 3, lambda: x, lambda: -x)
        y = ops.fori_loop(0, 3, lambda i, value: value + y, y)
        _, y = ops.while_loop(lambda i, v: i < 2, lambda i, v: (i + 1, v * 2), (0, y))
        start = ops.cast(ops.sum(x) * 0 + 1, "int32")
        return ops.slice(
            ops.slice_update(y, ops.stack([start, start]), x[:1, :1]), ops.stack([start, start]), (1, 1)
        )

    assert numbers(jax.jit(function)(active().asarray(ROWS))) == [[0.0]]


def test_slices_move_inside_at_both_ends_compiled_or_not(backend: str) -> None:
    for start in (-5, 0, 1, 9):
        assert (
            numbers(ops.slice(np.arange(4), [start], (2,)))
            == [[0, 1], [0, 1], [1, 2], [2, 3]][(-5, 0, 1, 9).index(start)]
        )


def test_control_flow_leaves_a_node_in_a_graph() -> None:
    x = KerasTensor((5, 3))
    carry, ys = ops.scan(lambda c, row: (c + row, c * 2), np.zeros(3, "float32"), x)
    assert (carry.shape, ys.shape) == ((3,), (5, 3))
    assert carry._keras_history.operation.class_name == "Scan"
    assert ops.vectorized_map(lambda row: row * 2, KerasTensor((None, 3))).shape == (None, 3)


def test_an_unsupported_reduction_says_what_there_is(backend: str) -> None:
    with pytest.raises(UnsupportedError, match="'add', 'max' or 'min'"):
        ops.scatter_update(ROWS, [[0]], ROWS[:1], reduction="mul")

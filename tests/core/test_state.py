"""State scopes: values stand in for variables, assignments are recorded, threads do not see each other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import jax
import pytest

from layerlab import Variable, ops
from layerlab.core.context import autocast, context, name_scope, naming_path
from layerlab.core.state import StateScope, current_scope, state_keys


def array(value: float) -> Any:
    return ops.convert_to_tensor(value)


def test_inside_a_scope_its_values_are_read_and_outside_the_own(backend: str) -> None:
    v, w = Variable(1.0), Variable(2.0)
    with StateScope([(v, array(10.0))]):
        assert (float(v), float(w)) == (10.0, 2.0)
    assert (float(v), float(w)) == (1.0, 2.0)


def test_an_assignment_is_recorded_and_read_back_but_not_made(backend: str) -> None:
    v, w = Variable(1.0), Variable(2.0)
    with StateScope([(v, array(10.0))]) as scope:
        v.assign_add(1.0)
        v.assign_add(1.0)
        assert float(v) == 12.0
    assert float(v) == 1.0
    assert scope.assigned() == [v]
    assert float(ops.convert_to_numpy(scope.read(v))) == 12.0
    assert float(w) == 2.0


def test_an_inner_scope_reads_the_outer_one_and_keeps_its_own_writes(backend: str) -> None:
    v, w = Variable(1.0), Variable(2.0)
    with StateScope([(v, array(10.0)), (w, array(20.0))]) as outer:
        with StateScope([(v, array(100.0))]) as inner:
            w.assign_add(1.0)
            assert (float(v), float(w)) == (100.0, 21.0)
        assert (float(v), float(w)) == (10.0, 20.0)
        assert current_scope() is outer
    assert inner.assigned() == [w] and outer.assigned() == []
    assert current_scope() is None


def test_a_scope_is_closed_by_an_error(backend: str) -> None:
    with pytest.raises(KeyError), StateScope(), name_scope("a"), autocast("float16"):
        raise KeyError
    assert current_scope() is None and naming_path() == "" and context.autocast_dtype is None


def test_a_scope_makes_a_pure_function_for_jit() -> None:
    v = Variable(1.0)

    @jax.jit
    def step(value: Any) -> Any:
        with StateScope([(v, value)]) as scope:
            v.assign(v * 3)
            return scope.read(v)

    assert float(step(array(2.0))) == 6.0
    assert float(v) == 1.0


def test_other_threads_see_no_scope_of_this_one(backend: str) -> None:
    v = Variable(1.0)
    seen: list[Any] = []

    def look() -> None:
        seen.append((float(v), naming_path(), context.autocast_dtype, current_scope()))

    with StateScope([(v, array(5.0))]), name_scope("here"), autocast("float16"):
        run(look)
    assert seen == [(1.0, "", None, None)]


def test_the_same_caller_opens_its_name_once() -> None:
    caller = object()
    with name_scope("a", caller), name_scope("a", caller), name_scope("b"):
        assert naming_path() == "a/b"


def test_keys_of_a_state_are_paths_made_unique() -> None:
    variables = [Variable(0.0, name=name) for name in ("a", "b", "a", "a")]
    assert list(state_keys(variables)) == ["a", "b", "a#2", "a#3"]


def run(target: Callable[[], None]) -> None:
    thread = threading.Thread(target=target)
    thread.start()
    thread.join()

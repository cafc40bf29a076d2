"""What a step only reads is not copied: JAX gives back the array that it was given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab.backend.jax as module


def counting(state: Any, batch: Any) -> tuple[Any, Any]:
    """Reads the weights, changes the counter."""
    changed = {"weights": state["weights"], "counters": {"n": state["counters"]["n"] + 1}}
    return changed, {"y": batch @ state["weights"]["w"]}


@pytest.fixture
def state() -> Any:
    return {"weights": {"w": module.asarray([1.0, 2.0])}, "counters": {"n": module.asarray(3)}}


def test_a_step_gives_back_the_weights_that_it_does_not_change(state: Any) -> None:
    run = module.compile_step(counting, jit=True, donate=False, repeats=False)
    new, outputs = run(state, np.array([[1.0, 1.0]], "float32"))
    assert new["weights"]["w"] is state["weights"]["w"]
    assert list(new) == ["weights", "counters"] and int(new["counters"]["n"]) == 4
    assert outputs["y"].tolist() == [3.0]


def test_a_step_that_was_prepared_gives_them_back_as_well(state: Any) -> None:
    run = module.compile_step(counting, jit=True, donate=False, repeats=False)
    batch = np.array([[1.0, 1.0]], "float32")
    run.prepare(state, batch)  # type: ignore[attr-defined]
    new, _ = run(state, batch)
    assert new["weights"]["w"] is state["weights"]["w"] and int(new["counters"]["n"]) == 4


def test_a_loop_gives_back_the_weights_that_it_does_not_change(state: Any) -> None:
    loop = module.compile_loop(counting, jit=True, donate=False, repeats=False, capacity=4, keep_all=True)
    assert loop is not None
    new, last, series = loop(state, [np.full((1, 2), n, "float32") for n in range(3)])
    assert new["weights"]["w"] is state["weights"]["w"]
    assert int(new["counters"]["n"]) == 6
    assert last["y"].tolist() == [6.0] and series["y"][:3, 0].tolist() == [0.0, 3.0, 6.0]


def test_a_donated_state_comes_back_as_a_whole(state: Any) -> None:
    run = module.compile_step(counting, jit=True, donate=True, repeats=False)
    new, _ = run(state, np.array([[1.0, 1.0]], "float32"))
    assert new["weights"]["w"].tolist() == [1.0, 2.0] and int(new["counters"]["n"]) == 4

"""torch: recorded steps give what the steps as written give, and fall back to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from layerlab.backend import torch as module  # noqa: E402
from layerlab.backend.torch import step_recording  # noqa: E402
from layerlab.backend.torch.operator_bindings import DIRECT  # noqa: E402
from layerlab.backend.torch.step_recording import Recorded  # noqa: E402

KEY = np.array([3, 0], "uint32")


def state(**values: Any) -> dict[str, dict[str, Any]]:
    return {"all": {name: module.asarray(np.asarray(value, "float32")) for name, value in values.items()}}


def numbers(step_result: Any) -> tuple[dict[str, Any], list[Any]]:
    new, outputs = step_result
    return {name: value.tolist() for name, value in new["all"].items()}, [x.tolist() for x in outputs]


def descent(held: Any, batch: Any) -> tuple[Any, list[Any]]:
    w, count = held["all"]["w"], held["all"]["count"]
    loss, slope = module.value_and_grad(lambda v: (v * batch).square().mean())(w)
    return {"all": {"w": w - 0.1 * slope, "count": count + 1}}, [loss]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_recording, "_WRITTEN_STEPS", 0)


@pytest.mark.parametrize("donate", [False, True])
def test_a_recording_gives_the_numbers_of_the_step(donate: bool) -> None:
    run = Recorded(descent, donate)
    played, written = state(w=[1.0, 2.0], count=0), state(w=[1.0, 2.0], count=0)
    for seed in range(5):
        batch = torch.tensor(np.random.default_rng(seed).normal(size=2).astype("float32"))
        mine, expected = run(played, batch), descent(written, batch)
        assert numbers(mine) == numbers(expected)
        played, written = mine[0], expected[0]
    assert all(run._programs.values())


def test_donated_state_is_written_over_other_state_is_left_alone() -> None:
    batch = torch.ones(2)
    for donate in (True, False):
        start = state(w=[1.0, 2.0], count=0)
        new, _ = Recorded(descent, donate)(start, batch)
        assert (new["all"]["w"] is start["all"]["w"]) == donate
        assert (start["all"]["count"].item() == 1) == donate


def test_new_values_that_are_old_values_of_others_change_places() -> None:
    def swap(held: Any, batch: Any) -> tuple[Any, list[Any]]:
        return {"all": {"a": held["all"]["b"], "b": held["all"]["a"].view(2)}}, [batch.sum()]

    new, _ = Recorded(swap, True)(state(a=[1.0, 2.0], b=[3.0, 4.0]), torch.ones(1))
    assert new["all"]["a"].tolist() == [3.0, 4.0] and new["all"]["b"].tolist() == [1.0, 2.0]


def test_an_output_keeps_its_value_when_the_state_moves_on() -> None:
    run, held = Recorded(descent, True), state(w=[1.0, 2.0], count=0)
    _, given = run.play(held, [torch.ones(2), torch.ones(2)])
    first, second = (outputs[0].item() for outputs in given)
    assert first == pytest.approx(2.5) and second < first


def test_random_numbers_are_drawn_anew_from_each_key() -> None:
    def draw(held: Any, key: Any) -> tuple[Any, list[Any]]:
        return held, [
            module.random_uniform(key, (4,), "float32", 0, 1),
            module.random_normal(key, (4,), "float32"),
            module.random_integers(key, (4,), "int32", 0, 100),
            module.random_permutation(key, torch.arange(6), 0),
            module.random_categorical(key, torch.zeros(1, 5), 4, "int32"),
            module.random_gamma(key, (4,), torch.ones(()), "float32"),
            module.random_truncated_normal(key, (4,), "float32"),
        ]

    run = Recorded(draw, False)
    for counter in range(3):
        key = torch.tensor(np.array([7, counter], "uint32"))
        assert numbers(run(state(), key)) == numbers(draw(state(), key))
    assert all(run._programs.values())


def test_a_step_that_looks_at_values_runs_as_written() -> None:
    calls = []

    def branching(held: Any, batch: Any) -> tuple[Any, list[Any]]:
        calls.append(1)
        return held, [batch * 2 if batch.sum() > 0 else batch * 3]

    run = Recorded(branching, True)
    assert numbers(run(state(), torch.ones(1)))[1] == [[2.0]]
    assert numbers(run(state(), -torch.ones(1)))[1] == [[-3.0]]
    assert not any(run._programs.values()) and len(calls) >= 2


def test_an_error_of_the_step_is_its_own() -> None:
    def failing(held: Any, batch: Any) -> Any:
        raise KeyError("of the step")

    with pytest.raises(KeyError, match="of the step"):
        Recorded(failing, True)(state(), torch.ones(1))


def test_a_program_is_kept_for_each_shape() -> None:
    run = Recorded(descent, True)
    held = state(w=1.0, count=0)
    for size in (2, 3, 2):
        held, _ = run(held, torch.ones(size))
    assert len(run._programs) == 2 and held["all"]["count"].item() == 3


def test_adam_in_one_kernel_is_the_formula() -> None:
    rng = np.random.default_rng(0)
    value, gradient, momentum, velocity = (rng.uniform(size=(4, 3)).astype("float32") for _ in range(4))
    alpha, beta_1, beta_2, epsilon = 0.01, 0.9, 0.999, 1e-7
    expected_momentum = momentum + (gradient - momentum) * (1 - beta_1)
    expected_velocity = velocity + (gradient**2 - velocity) * (1 - beta_2)
    expected = value - expected_momentum * alpha / (np.sqrt(expected_velocity) + epsilon)
    # A transposed gradient: the kernel walks through memory.
    turned = torch.tensor(gradient.T.copy()).t()
    given = [torch.tensor(x) for x in (value, momentum, velocity)]
    found = module.fused_adam(
        given[0], turned, given[1], given[2], torch.tensor(alpha), beta_1, beta_2, epsilon
    )
    for mine, wanted in zip(found, (expected, expected_momentum, expected_velocity), strict=True):
        np.testing.assert_allclose(mine.numpy(), wanted, rtol=2e-6)
    assert given[0].tolist() == torch.tensor(value).tolist()  # nothing is written over


def test_the_short_way_to_an_operation_is_the_same_operation() -> None:
    x, y = torch.tensor([[0.3, 0.6], [0.9, 0.1]]), torch.tensor([[0.5, 0.2], [0.7, 0.4]])
    aten = torch.ops.aten
    calls = {
        aten.add.Tensor: (x, y),
        aten.sub.Tensor: (x, 2.0),
        aten.mul.Tensor: (x, y),
        aten.div.Tensor: (x, y),
        aten.pow.Scalar: (0.5, x),
        aten.pow.Tensor_Scalar: (x, 2),
        aten.rsub.Scalar: (x, 1),
        aten.sum.dim_IntList: (x, [1], True),
        aten.sum.default: (x,),
        aten.mean.dim: (x, [0]),
        aten.amax.default: (x, [1]),
        aten.clamp.default: (x, 0.2, 0.5),
        aten.where.self: (x > 0.4, x, y),
        aten.expand.default: (x[:1], [3, 2]),
        aten.view.default: (x, [4]),
        aten.permute.default: (x, [1, 0]),
        aten.squeeze.dim: (x[:1], 0),
        aten.native_layer_norm.default: (x, [2], None, None, 1e-3),
        aten._softmax.default: (x, 1, False),
    }
    for operation, arguments in calls.items():
        mine, expected = DIRECT[operation](*arguments), operation(*arguments)
        pairs = zip(mine, expected, strict=True) if isinstance(expected, tuple) else [(mine, expected)]
        assert all(a.equal(b) and a.dtype == b.dtype for a, b in pairs), operation


def operations_of(compute: Any, **values: Any) -> tuple[list[str], Any, Any]:
    """The names of the operations that are played, what they give, and what the step as written gives."""
    held = {"all": {name: module.asarray(np.asarray(value, "float32")) for name, value in values.items()}}
    step = lambda state, batch: (state, [compute(batch, **state["all"])])  # noqa: E731
    batch = torch.tensor(np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32"))
    program = step_recording.record(step, held, batch, donate=False)
    assert program is not None
    names = [getattr(node.target, "__name__", "") for node in program._run.__self__.graph.nodes]  # type: ignore[attr-defined]
    return names, program.play(held, [batch])[1][0][0], step(held, batch)[1][0]


@pytest.mark.parametrize("bias", [(6,), (2, 3)])
def test_a_product_takes_its_bias_along_whatever_axes_its_columns_are(bias: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    w, b = rng.normal(size=(4, *bias)), rng.normal(size=bias)
    names, played, written = operations_of(lambda x, w, b: torch.tensordot(x, w, dims=1) + b, w=w, b=b)
    assert "addmm" in names and not {"mm", "add"} & set(names)
    np.testing.assert_allclose(played, written, rtol=1e-6)


def test_a_bias_along_other_axes_than_the_columns_is_added() -> None:
    w, b = np.ones((4, 3)), np.arange(9).reshape(3, 3)
    names, played, written = operations_of(lambda x, w, b: torch.tensordot(x, w, dims=1) + b, w=w, b=b)
    assert "addmm" not in names and "add" in names
    np.testing.assert_allclose(played, written, rtol=1e-6)


def test_scaling_and_shifting_is_one_operation() -> None:
    factor, shift = [2.0, 3.0, 4.0, 5.0], [1.0, 0.0, -1.0, 0.5]
    names, played, written = operations_of(lambda x, f, s: x * f + s, f=factor, s=shift)
    assert "addcmul" in names and not {"mul", "add"} & set(names)
    np.testing.assert_allclose(played, written, rtol=1e-6)


def test_a_scaled_array_that_is_needed_twice_stays() -> None:
    factor, shift = [2.0, 3.0, 4.0, 5.0], [1.0, 0.0, -1.0, 0.5]
    names, played, written = operations_of(lambda x, f, s: (x * f + s) * (x * f), f=factor, s=shift)
    assert "addcmul" not in names
    np.testing.assert_allclose(played, written, rtol=1e-6)

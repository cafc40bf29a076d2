"""Gradients, abstract evaluation, vectorization and the execution of a step."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from layerlab.backend.protocol import ArraySpec


def numpy_tree(module: ModuleType, tree: dict[str, Any]) -> dict[str, list[float]]:
    return {key: module.to_numpy(value).tolist() for key, value in tree.items()}


# -- gradients ----------------------------------------------------------------------------------------


def test_gradients_have_the_structure_of_the_first_argument(training_module: ModuleType) -> None:
    module = training_module
    params = {"w": module.asarray([1.0, 2.0]), "b": module.asarray(3.0)}
    function = module.value_and_grad(lambda p, x: module.xp.sum(p["w"] * x) * p["b"])
    value, gradients = function(params, module.asarray([4.0, 5.0]))
    assert float(module.to_numpy(value)) == 42
    assert numpy_tree(module, gradients) == {"w": [12, 15], "b": 14}


def test_an_array_without_influence_has_gradient_zero(training_module: ModuleType) -> None:
    module = training_module
    params = {"used": module.asarray([2.0]), "unused": module.asarray([1.0, 1.0])}
    _, gradients = module.value_and_grad(lambda p: module.xp.sum(p["used"] ** 2))(params)
    assert numpy_tree(module, gradients) == {"used": [4], "unused": [0, 0]}
    _, gradients = module.value_and_grad(lambda p: module.asarray(1.0))(params)
    assert numpy_tree(module, gradients) == {"used": [0], "unused": [0, 0]}


def test_auxiliary_results_are_passed_through(training_module: ModuleType) -> None:
    module = training_module
    function = module.value_and_grad(lambda x: (x * x, {"twice": x * 2, "none": None}), has_aux=True)
    (value, aux), gradient = function(module.asarray(3.0))
    assert [float(module.to_numpy(array)) for array in (value, aux["twice"], gradient)] == [9, 6, 6]
    assert aux["none"] is None


def test_results_are_free_of_bookkeeping_on_torch() -> None:
    module = pytest.importorskip("layerlab.backend.torch")
    param = module.leaf(module.asarray([1.0]), trainable=True)
    (value, aux), gradient = module.value_and_grad(lambda p: (p.sum() * param.sum(), p * 2), has_aux=True)(
        param
    )
    assert not any(array.requires_grad for array in (value, aux, gradient))
    assert param.grad is None


def test_gradients_are_taken_inside_an_inference_context(training_module: ModuleType) -> None:
    module = training_module
    with module.inference():
        _, gradient = module.value_and_grad(lambda x: x**3)(module.asarray(2.0))
    assert float(module.to_numpy(gradient)) == 12


def test_gradients_of_gradients(training_module: ModuleType) -> None:
    module = training_module

    def slope_squared(x: Any) -> Any:
        _, slope = module.value_and_grad(lambda y: module.xp.sum(y**3))(x)
        return module.xp.sum(slope**2)  # (3 x^2)^2, whose derivative is 36 x^3

    _, gradient = module.value_and_grad(slope_squared)(module.asarray([2.0]))
    np.testing.assert_allclose(module.to_numpy(gradient), [288.0])


def test_stop_gradient_makes_a_constant(training_module: ModuleType) -> None:
    module = training_module
    _, gradient = module.value_and_grad(lambda x: x * module.stop_gradient(x))(module.asarray(3.0))
    assert float(module.to_numpy(gradient)) == 3


def test_a_custom_gradient_replaces_the_true_one(training_module: ModuleType) -> None:
    module = training_module
    one = module.custom_gradient(lambda x: (x * x, lambda upstream: upstream * 100))
    two = module.custom_gradient(lambda x, y: (x * y, lambda upstream: (upstream * 7, upstream * 9)))
    assert float(module.to_numpy(module.value_and_grad(one)(module.asarray(3.0))[1])) == 100
    _, gradients = module.value_and_grad(lambda p: two(p["x"], p["y"]))(
        {"x": module.asarray(2.0), "y": module.asarray(5.0)}
    )
    assert numpy_tree(module, gradients) == {"x": 7, "y": 9}


def test_checkpoint_changes_neither_value_nor_gradient(training_module: ModuleType) -> None:
    module = training_module
    function = module.checkpoint(lambda x: module.xp.sin(x) * x)
    value, gradient = module.value_and_grad(function)(module.asarray(2.0))
    assert float(module.to_numpy(value)) == pytest.approx(2 * np.sin(2.0))
    assert float(module.to_numpy(gradient)) == pytest.approx(np.sin(2.0) + 2 * np.cos(2.0))


def test_relu_has_gradient_zero_at_zero(training_module: ModuleType) -> None:
    module = training_module
    _, gradient = module.value_and_grad(lambda x: module.xp.sum(module.relu(x)))(
        module.asarray([-1.0, 0.0, 1.0])
    )
    np.testing.assert_array_equal(module.to_numpy(gradient), [0, 0, 1])


def test_gather_and_scatter_pass_gradients(training_module: ModuleType) -> None:
    module = training_module

    def loss(x: Any) -> Any:
        taken = module.xp.take(x, module.asarray([0, 0, 2]), axis=0)
        added = module.set_at(x, module.asarray([1, 1]), taken[:2] * 10, "add")
        return (
            module.xp.sum(added * module.asarray([1.0, 2.0, 3.0]))
            + module.segment_sum(taken, module.asarray([0, 1, 1]), 2)[1]
        )

    _, gradient = module.value_and_grad(loss)(module.asarray([1.0, 1.0, 1.0]))
    np.testing.assert_array_equal(module.to_numpy(gradient), [1 + 40 + 1, 2, 3 + 1])


def test_scan_passes_gradients(training_module: ModuleType) -> None:
    module = training_module

    def product(xs: Any) -> Any:
        return module.scan(lambda carry, x: (carry * x, None), module.asarray(1.0), xs, None, False)[0]

    _, gradient = module.value_and_grad(product)(module.asarray([2.0, 3.0, 4.0]))
    np.testing.assert_allclose(module.to_numpy(gradient), [12, 8, 6])


# -- abstract evaluation --------------------------------------------------------------------------------


def test_eval_shape_replaces_arrays_by_specs_and_keeps_the_rest(module: ModuleType) -> None:
    def function(inputs: dict[str, Any], factor: float) -> dict[str, Any]:
        return {
            "y": inputs["x"] @ inputs["w"] * factor,
            "index": [module.xp.argmax(inputs["x"], axis=-1)],
            "tag": "t",
        }

    specs = {"x": ArraySpec((5, 3), "float32"), "w": ArraySpec((3, 7), "float32")}
    assert module.eval_shape(function, specs, 2.0) == {
        "y": ArraySpec((5, 7), "float32"),
        "index": [ArraySpec((5,), "int32")],
        "tag": "t",
    }


def test_eval_shape_runs_every_primitive(module: ModuleType) -> None:
    kernel = module.asarray(
        np.ones((3, 3, 2, 4)), "bfloat16"
    )  # a real array inside of an abstract evaluation
    key = module.asarray([0, 0], "uint32")
    none = ((0, 0), (0, 0))

    def function(x: Any, abstract_key: Any) -> Any:
        rows = x[:, 0, 0, :]
        return [
            module.conv(x, kernel, (1, 1), none, (1, 1), 1),
            module.max_pool(x, (2, 2), (2, 2), none),
            module.random_uniform(key, (3,), "float32", 0.0, 1.0),
            module.random_normal(abstract_key, (3,), "bfloat16"),
            module.random_permutation(abstract_key, rows, 0),
            module.random_categorical(abstract_key, rows, 5, "int32"),
            module.random_gamma(abstract_key, (3,), module.asarray(1.0), "float32"),
            module.top_k(rows, 2)[1],
            module.scan(lambda c, r: (c + r, r), rows[0], rows, None, False)[1],
            module.set_at(rows, 0, 1.0, "set"),
            module.segment_sum(rows, module.asarray([0, 1, 0, 1, 0, 1]), 2),
            module.eval_shape(lambda r: r.sum(), ArraySpec((2,), "float32")),
        ]

    shapes = module.eval_shape(function, ArraySpec((6, 8, 8, 2), "bfloat16"), ArraySpec((2,), "uint32"))
    assert [(spec.shape, spec.dtype) for spec in shapes] == [
        ((6, 6, 6, 4), "bfloat16"),
        ((6, 4, 4, 2), "bfloat16"),
        ((3,), "float32"),
        ((3,), "bfloat16"),
        ((6, 2), "bfloat16"),
        ((6, 5), "int32"),
        ((3,), "float32"),
        ((6, 2), "int32"),
        ((6, 2), "bfloat16"),
        ((6, 2), "bfloat16"),
        ((2, 2), "bfloat16"),
        ((), "float32"),
    ]


def test_arrays_are_abstract_inside_of_eval_shape_but_not_in_a_concrete_context(
    training_module: ModuleType,
) -> None:
    module = training_module
    seen = {}

    def function(x: Any) -> Any:
        with module.concrete():
            seen["weight"] = module.leaf(module.asarray([1.0, 2.0]), trainable=True)
        seen["abstract"] = module.is_abstract(x), module.is_abstract(seen["weight"])
        return x * seen["weight"]

    assert module.eval_shape(function, ArraySpec((2,), "float32")) == ArraySpec((2,), "float32")
    assert seen["abstract"] == (True, False)
    np.testing.assert_array_equal(module.to_numpy(seen["weight"]), [1, 2])


def test_eval_shape_lets_errors_of_the_function_through(module: ModuleType) -> None:
    with pytest.raises((TypeError, ValueError, RuntimeError)):
        module.eval_shape(lambda x, y: x @ y, ArraySpec((2, 3), "float32"), ArraySpec((2, 3), "float32"))


# -- vectorization and execution ----------------------------------------------------------------------------


def test_vmap_maps_over_the_axes_it_is_given(module: ModuleType) -> None:
    x, y = np.arange(6, dtype=np.float32).reshape(2, 3), np.arange(3, dtype=np.float32)
    mapped = module.vmap(lambda row, weights: module.xp.sum(row * weights), in_axes=(0, None))
    np.testing.assert_allclose(module.to_numpy(mapped(module.asarray(x), module.asarray(y))), x @ y)


@pytest.mark.parametrize("donate", [True, False])
def test_a_step_runs_and_gives_state_and_outputs(training_module: ModuleType, donate: bool) -> None:
    module = training_module

    def step(state: Any, batch: Any) -> Any:
        w = state["trainable"]["w"]
        loss, gradient = module.value_and_grad(lambda w: module.xp.mean((batch @ w) ** 2))(w)
        return {"trainable": {"w": w - 0.1 * gradient}}, {"loss": loss}

    # jit on JAX only: torch.compile has a slow test of its own.
    run = module.compile_step(step, jit=module.name == "jax", donate=donate, repeats=False)
    state = {"trainable": {"w": module.asarray([1.0, 1.0])}}
    for _ in range(20):
        state, outputs = run(state, module.asarray([[1.0, 2.0], [1.0, -1.0]]))
    assert float(module.to_numpy(outputs["loss"])) < 0.1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_torch_compile_gives_the_values_of_eager() -> None:
    module = pytest.importorskip("layerlab.backend.torch")

    def step(state: Any, batch: Any) -> Any:
        value, gradient = module.value_and_grad(lambda w: module.xp.sum((batch * w) ** 2))(state["w"])
        return {"w": state["w"] - 0.1 * gradient}, {"loss": value}

    state, batch = {"w": module.asarray([1.0, 2.0])}, module.asarray([3.0, 4.0])
    for key in (0, 1):
        eager = module.compile_step(step, jit=False, donate=True, repeats=False)(state, batch)[key]
        compiled = module.compile_step(step, jit=True, donate=True, repeats=False)(state, batch)[key]
        for name, value in eager.items():
            np.testing.assert_allclose(module.to_numpy(compiled[name]), module.to_numpy(value), rtol=1e-6)


def test_where_torch_cannot_compile_it_warns_once_and_runs_eagerly(monkeypatch: pytest.MonkeyPatch) -> None:
    module = pytest.importorskip("layerlab.backend.torch")
    torch = pytest.importorskip("torch")
    failure = type("InductorError", (RuntimeError,), {"__module__": "torch._inductor.exc"})

    def failing(function: Any) -> Any:
        def call(*args: Any) -> Any:
            raise failure("no C++ compiler found")

        return call

    monkeypatch.setattr(torch, "compile", failing)
    double = module.jit(lambda x: x * 2)
    with pytest.warns(UserWarning, match="torch.compile failed .no C\\+\\+ compiler found."):
        assert float(double(module.asarray(2.0))) == 4
    assert float(double(module.asarray(3.0))) == 6

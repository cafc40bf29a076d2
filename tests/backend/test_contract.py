"""Each back end has each primitive; arrays, control flow, special functions do what the contract says."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch
from scipy import special

from layerlab.backend.protocol import Backend
from layerlab.errors import DTypeError, UnsupportedError
from tests.helpers import tolerance

PRIMITIVES = sorted(
    name
    for name, member in inspect.getmembers(Backend)
    if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))
)


# -- the contract itself --------------------------------------------------------------------------


def test_no_back_end_lacks_a_primitive(module: ModuleType) -> None:
    assert [name for name in PRIMITIVES if not hasattr(module, name)] == []


def test_a_back_end_has_no_public_name_beside_the_contract(module: ModuleType) -> None:
    public = {name for name, value in vars(module).items() if name[0] != "_" and not inspect.ismodule(value)}
    # `name` of `import layerlab.backend.<part>` is a module; the namespace `xp` may be one as well.
    assert sorted(public | {"xp"}) == PRIMITIVES


@pytest.mark.parametrize(
    "name", [name for name in PRIMITIVES if inspect.isfunction(getattr(Backend, name, None))]
)
def test_a_primitive_has_the_parameters_of_the_contract(module: ModuleType, name: str) -> None:
    promised = list(inspect.signature(getattr(Backend, name)).parameters)[1:]
    assert list(inspect.signature(getattr(module, name)).parameters) == promised


# -- arrays -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(1.5, "float32"), (3, "int32"), (True, "bool"), ([1, 2], "int32"), ([[1.0], [2.0]], "float32")],
)
def test_python_values_become_32_bit_arrays(module: ModuleType, value: Any, dtype: str) -> None:
    array = module.asarray(value)
    assert module.is_array(array)
    assert module.dtype_name(array) == dtype
    np.testing.assert_array_equal(module.to_numpy(array), value)


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int8", "int32", "uint32", "float16", "bfloat16", "float32"]
)
def test_numpy_arrays_keep_their_dtype_and_come_back(module: ModuleType, dtype: str) -> None:
    original = np.array([[0, 1], [1, 0]]).astype(getattr(ml_dtypes, dtype, dtype))
    array = module.asarray(original)
    assert module.dtype_name(array) == dtype
    back = module.to_numpy(array)
    assert back.dtype == original.dtype
    np.testing.assert_array_equal(back, original)


@pytest.mark.parametrize("name", ["jax", "torch"])
def test_64_bit_data_becomes_32_bit_unless_asked_for(name: str) -> None:
    module = pytest.importorskip(f"layerlab.backend.{name}")
    assert module.dtype_name(module.asarray(np.array([1.0]))) == "float32"
    assert module.dtype_name(module.asarray(np.array([1]))) == "int32"
    assert module.dtype_name(module.asarray(np.array([1.0]), "float16")) == "float16"


def test_integers_too_large_for_32_bits_are_refused_not_wrapped() -> None:
    module = pytest.importorskip("layerlab.backend.torch")
    with pytest.raises(DTypeError, match=r'do not fit into int32(.|\n)*dtype="int64"'):
        module.asarray([2**40])
    assert module.to_numpy(module.asarray([2**40], "int64"))[0] == 2**40


def test_text_and_ragged_lists_are_refused(module: ModuleType) -> None:
    with pytest.raises(DTypeError, match="numbers or booleans"):
        module.asarray(["a", "b"])
    with pytest.raises(DTypeError, match="pad them"):
        module.asarray([[1, 2], [3]])


def test_arrays_of_the_other_back_ends_are_converted(module: ModuleType) -> None:
    tensor = torch.tensor([1.0, 2.0], requires_grad=True)
    halves = torch.tensor([1.0, 2.0], dtype=torch.bfloat16)
    np.testing.assert_array_equal(module.to_numpy(module.asarray(tensor)), [1, 2])
    assert module.dtype_name(module.asarray(halves)) == "bfloat16"
    other = pytest.importorskip("layerlab.backend.jax").asarray([3.0], "bfloat16")
    assert module.dtype_name(module.asarray(other)) == "bfloat16"
    assert float(module.to_numpy(module.asarray(other))[0]) == 3.0


def test_a_list_of_arrays_is_stacked(module: ModuleType) -> None:
    stacked = module.asarray([module.asarray([1.0, 2.0]), [3.0, 4.0]])
    np.testing.assert_array_equal(module.to_numpy(stacked), [[1, 2], [3, 4]])


def test_an_array_does_not_change_with_the_numpy_array_it_was_made_from(training_module: ModuleType) -> None:
    original = np.zeros(1000, np.float32)
    array = training_module.asarray(original)
    original[:] = 1
    assert training_module.to_numpy(array).max() == 0


@pytest.mark.parametrize("kilobytes", [110, 1000, 4000])
def test_a_large_numpy_array_may_be_changed_at_once(training_module: ModuleType, kilobytes: int) -> None:
    for _ in range(20):  # JAX copies large arrays in the background: a race, lost once in a few times
        buffer = np.empty(kilobytes * 256 + 32, "float32")
        original = buffer[(-buffer.ctypes.data % 64) // 4 + 4 :][: kilobytes * 256]  # off XLA's alignment
        original[:] = 1
        array = training_module.asarray(original)
        original[:] = 7
        assert (training_module.to_numpy(array) == 1).all()


@pytest.mark.parametrize(("mode", "expected"), [("set", [9, 2, 3, 9]), ("add", [10, 2, 3, 13])])
def test_set_at_takes_positions(module: ModuleType, mode: str, expected: list[float]) -> None:
    x = module.asarray([1.0, 2.0, 3.0, 4.0])
    changed = module.set_at(x, module.asarray([0, 3]), module.asarray([9.0, 9.0]), mode)
    np.testing.assert_array_equal(module.to_numpy(changed), expected)
    np.testing.assert_array_equal(module.to_numpy(x), [1, 2, 3, 4])


@pytest.mark.parametrize(("mode", "expected"), [("add", [6, 2, 3]), ("max", [4, 2, 3]), ("min", [-2, 2, 3])])
def test_set_at_accumulates_duplicates(module: ModuleType, mode: str, expected: list[float]) -> None:
    x = module.asarray([1.0, 2.0, 3.0])
    changed = module.set_at(x, module.asarray([0, 0, 0]), module.asarray([4.0, -2.0, 3.0]), mode)
    np.testing.assert_array_equal(module.to_numpy(changed), expected)


@pytest.mark.parametrize(
    "index",
    [1, -1, slice(0, 2), (slice(None), 2), (0, slice(1, 3)), ..., (..., 0), (np.array([0, 2]), slice(1, 3))],
)
@pytest.mark.parametrize("mode", ["set", "add", "max", "min"])
def test_set_at_takes_ints_slices_and_mixtures(module: ModuleType, index: Any, mode: str) -> None:
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    expected = x.copy()
    combine = {"set": lambda old: 5.0, "add": lambda old: old + 5, "max": lambda old: np.maximum(old, 5)}
    expected[index] = combine.get(mode, lambda old: np.minimum(old, 5))(expected[index])
    changed = module.set_at(module.asarray(x), index, module.asarray(5.0), mode)
    np.testing.assert_array_equal(module.to_numpy(changed), expected)


def test_set_at_takes_a_boolean_mask(module: ModuleType) -> None:
    x = module.asarray([[1.0, -2.0], [3.0, 4.0]])
    changed = module.set_at(x, x < 0, module.asarray(0.0), "set")
    np.testing.assert_array_equal(module.to_numpy(changed), [[1, 0], [3, 4]])
    rows = module.set_at(x, module.asarray([True, False]), 7.0, "set")
    np.testing.assert_array_equal(module.to_numpy(rows), [[7, 7], [3, 4]])


def test_write_gives_the_array_that_holds_the_new_value(module: ModuleType) -> None:
    held = module.leaf(module.asarray([1.0, 2.0]), trainable=True)
    held = module.write(held, module.asarray([3.0, 4.0]))
    np.testing.assert_array_equal(module.to_numpy(held), [3, 4])


def test_a_torch_leaf_is_a_parameter_that_is_written_in_place() -> None:
    module = pytest.importorskip("layerlab.backend.torch")
    held = module.leaf(module.asarray([1.0]), trainable=True)
    assert isinstance(held, torch.nn.Parameter) and held.requires_grad
    assert module.write(held, module.asarray([2.0])) is held
    assert not module.leaf(module.asarray([1.0]), trainable=False).requires_grad
    assert not module.leaf(module.asarray([1]), trainable=True).requires_grad


def test_block_until_ready_takes_a_tree(module: ModuleType) -> None:
    module.block_until_ready({"a": [module.asarray(1.0)], "b": None})


# -- special functions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reference", "values"),
    [
        ("erf", special.erf, [-2.0, 0.0, 0.3, 3.0]),
        ("erfinv", special.erfinv, [-0.99, 0.0, 0.3, 0.999]),
        ("lgamma", special.gammaln, [0.1, 1.0, 2.5, 30.0]),
        ("digamma", special.digamma, [0.1, 1.0, 2.5, 30.0]),
        ("sigmoid", special.expit, [-100.0, -1.0, 0.0, 100.0]),
        ("relu", lambda x: np.maximum(x, 0), [-2.0, 0.0, 3.0]),
    ],
)
def test_special_functions_equal_scipys(
    module: ModuleType, name: str, reference: Any, values: list[float]
) -> None:
    result = module.to_numpy(getattr(module, name)(module.asarray(values)))
    np.testing.assert_allclose(result, reference(np.asarray(values)), **tolerance("float32"))


def test_softmax_and_its_logarithm_equal_scipys(module: ModuleType) -> None:
    x = np.array([[1.0, 2.0, 1000.0], [0.0, 0.0, 0.0]], np.float32)
    for name in ("softmax", "log_softmax"):
        result = module.to_numpy(getattr(module, name)(module.asarray(x), -1))
        np.testing.assert_allclose(result, getattr(special, name)(x, axis=-1), **tolerance("float32"))


def test_special_functions_keep_bfloat16(module: ModuleType) -> None:
    assert module.dtype_name(module.erf(module.asarray([0.5], "bfloat16"))) == "bfloat16"


def test_einsum_equals_numpys(module: ModuleType) -> None:
    a, b = np.arange(6.0, dtype="f4").reshape(2, 3), np.arange(12.0, dtype="f4").reshape(3, 4)
    result = module.einsum("ij,jk->ki", module.asarray(a), module.asarray(b))
    np.testing.assert_allclose(module.to_numpy(result), np.einsum("ij,jk->ki", a, b))


def test_top_k_takes_the_lowest_index_first_at_ties(module: ModuleType) -> None:
    values, indices = module.top_k(module.asarray([[1.0, 3.0, 3.0, 2.0, 3.0]]), 4)
    np.testing.assert_array_equal(module.to_numpy(values), [[3, 3, 3, 2]])
    np.testing.assert_array_equal(module.to_numpy(indices), [[1, 2, 4, 3]])
    assert module.dtype_name(indices) == "int32"


def test_segments_are_reduced_and_ids_outside_dropped(module: ModuleType) -> None:
    data = module.asarray([[1.0, 2.0], [3.0, 4.0], [-5.0, 6.0], [7.0, 7.0]])
    ids = module.asarray([0, 2, 0, 5])
    sums = module.to_numpy(module.segment_sum(data, ids, 3))
    np.testing.assert_array_equal(sums, [[-4, 8], [0, 0], [3, 4]])
    largest = module.to_numpy(module.segment_max(data, ids, 3))
    np.testing.assert_array_equal(largest, [[1, 6], [-np.inf, -np.inf], [3, 4]])


# -- control flow -----------------------------------------------------------------------------------


def test_scan_carries_and_stacks_trees(module: ModuleType) -> None:
    xs = {"a": module.asarray([1.0, 2.0, 3.0]), "b": module.asarray([[1.0], [0.0], [1.0]])}

    def step(carry: Any, x: Any) -> tuple[Any, Any]:
        total = carry + x["a"]
        return total, {"total": total, "scaled": x["b"] * total}

    carry, ys = module.scan(step, module.asarray(0.0), xs, None, False)
    assert float(module.to_numpy(carry)) == 6
    np.testing.assert_array_equal(module.to_numpy(ys["total"]), [1, 3, 6])
    np.testing.assert_array_equal(module.to_numpy(ys["scaled"]), [[1], [0], [6]])


def test_a_reversed_scan_starts_at_the_end_and_keeps_the_order(module: ModuleType) -> None:
    step = lambda carry, x: (carry + x, carry + x)  # noqa: E731
    _, ys = module.scan(step, module.asarray(0.0), module.asarray([1.0, 2.0, 3.0]), None, True)
    np.testing.assert_array_equal(module.to_numpy(ys), [6, 5, 3])


def test_scan_without_inputs_takes_a_length(module: ModuleType) -> None:
    step = lambda carry, x: (carry * 2, carry)  # noqa: E731
    carry, ys = module.scan(step, module.asarray(1.0), None, 4, False)
    assert float(module.to_numpy(carry)) == 16
    np.testing.assert_array_equal(module.to_numpy(ys), [1, 2, 4, 8])


@pytest.mark.parametrize(("value", "expected"), [(2.0, 4.0), (-2.0, 2.0)])
def test_cond_takes_one_branch(module: ModuleType, value: float, expected: float) -> None:
    x = module.asarray(value)
    result = module.cond(x > 0, lambda x: x * x, lambda x: -x, x)
    assert float(module.to_numpy(result)) == expected


def test_while_loop_runs_until_its_condition_fails(module: ModuleType) -> None:
    state = (module.asarray(0), module.asarray(1.0))
    count, value = module.while_loop(lambda s: s[1] < 100, lambda s: (s[0] + 1, s[1] * 3), state)
    assert (int(module.to_numpy(count)), float(module.to_numpy(value))) == (5, 243)


# -- what NumPy cannot do -----------------------------------------------------------------------------


def test_the_numpy_back_end_says_that_it_cannot_train() -> None:
    module = pytest.importorskip("layerlab.backend.numpy")
    assert not module.can_train
    with pytest.raises(UnsupportedError, match=r"cannot train(.|\n)*layerlab.config.set_backend\(\"jax\"\)"):
        module.value_and_grad(lambda x: x)

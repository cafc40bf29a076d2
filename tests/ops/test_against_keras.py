"""Every op gives Keras' values and dtypes: compiled by jax, eager on torch and NumPy, and symbolically."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np
import pytest

from layerlab import ops, tree
from layerlab.backend.active import backend as active
from layerlab.backend.active import use
from layerlab.core.registry import builtin, known_names
from layerlab.core.symbolic import KerasTensor
from tests.ops.cases import Case, by_name

NAMES = sorted(by_name())

_COMPILED = 2  # cases of an op that the fast tests compile; the symbolic test traces all of them

# Control flow takes functions, and the rest no arrays: they have tests of their own.
_ELSEWHERE = {
    "cond", "custom_gradient", "fori_loop", "map", "scan", "switch", "vectorized_map", "while_loop",
    "convert_to_numpy", "dtype", "is_tensor", "ndim", "shape", "size",
}  # fmt: skip

_NO_CLASS_IN_KERAS = {"Mish"}  # Keras' mish takes no symbolic tensor


@pytest.mark.parametrize("name", NAMES)
def test_torch_gives_the_values_and_dtypes_of_keras(name: str, expected: dict[int, Any]) -> None:
    use("torch")
    try:
        check([(case, call(case)) for case in by_name()[name]], expected)
    finally:
        use("jax")


@pytest.mark.parametrize("name", NAMES)
def test_jax_gives_the_values_and_dtypes_of_keras_in_compiled_code(
    name: str, expected: dict[int, Any]
) -> None:
    check_jax(by_name()[name][:_COMPILED], expected)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NAMES if len(by_name()[name]) > _COMPILED])
def test_jax_gives_the_values_of_the_other_cases(name: str, expected: dict[int, Any]) -> None:
    check_jax(by_name()[name][_COMPILED:], expected)


@pytest.mark.parametrize("name", NAMES)
def test_the_numpy_back_end_gives_the_same(name: str, expected: dict[int, Any]) -> None:
    use("numpy")
    try:
        with np.errstate(all="ignore"):
            check([(case, call(case)) for case in by_name()[name]], expected)
    finally:
        use("jax")


@pytest.mark.parametrize("name", NAMES)
def test_symbolic_results_have_the_shapes_and_dtypes_of_values(
    name: str, backend: str, expected: dict[int, Any]
) -> None:
    cases = [case for case in by_name()[name] if case.symbolic and arrays_of(case)]
    for case in cases[: 2 if backend == "torch" else None]:  # fake tensors are slow
        symbolic = leaves(with_arrays(case, symbols(case, KerasTensor)))
        wanted = leaves(expected[id(case)])
        if wanted[0] is not None:
            assert [(x.shape, x.dtype) for x in symbolic] == [(x.shape, x.dtype.name) for x in wanted], case


@pytest.mark.parametrize("name", NAMES)
def test_ops_are_recorded_under_the_names_and_arguments_of_keras_classes(name: str) -> None:
    case = next((one for one in by_name()[name] if one.symbolic and arrays_of(one)), None)
    if case is None:
        pytest.skip("takes no tensor")
    ours = leaves(with_arrays(case, symbols(case, KerasTensor)))[0]._keras_history.operation
    node = ours._inbound_nodes[0]
    result = with_arrays(case, symbols(case, keras.KerasTensor), getattr(keras.ops, name))
    theirs = leaves(result)[0]._keras_history.operation
    assert ours.class_name == type(theirs).__name__
    assert set(ours.static) <= set(inspect.signature(type(theirs).__init__).parameters)
    assert set(node.kwargs) <= set(inspect.signature(type(theirs).call).parameters)


def test_files_name_the_module_in_which_keras_looks_for_the_class_of_an_op() -> None:
    found = {name: builtin("operations", name) for name in known_names("operations")}
    homes = {name: op.home for name, op in found.items() if op is not None and name not in _NO_CLASS_IN_KERAS}
    assert len(homes) > 250
    missing = {op: home for op, home in homes.items() if not hasattr(importlib.import_module(home), op)}
    assert missing == {}


@pytest.mark.parametrize("name", NAMES)
def test_the_signature_is_that_of_keras(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (ops, keras.ops))
    assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]


def test_every_op_has_a_case() -> None:
    public = {name for name in dir(ops) if inspect.isfunction(getattr(ops, name))}
    assert public - _ELSEWHERE == set(NAMES)


def check_jax(cases: list[Case], expected: dict[int, Any]) -> None:
    """Under jit, the strict gate: what it accepts, eager jax accepts as well. One compilation for all."""
    compiled = [case for case in cases if case.compiled]
    arrays = [[active().asarray(array) for array in arrays_of(case)] for case in compiled]
    results = jax.jit(lambda values: [with_arrays(*pair) for pair in zip(compiled, values)])(arrays)
    check([*zip(compiled, results, strict=True)], expected)
    check([(case, call(case)) for case in cases if not case.compiled], expected)


def call(case: Case) -> Any:
    return getattr(ops, case.name)(*case.args, **case.kwargs)


def arrays_of(case: Case) -> list[np.ndarray]:
    return [leaf for leaf in tree.flatten((case.args, case.kwargs)) if isinstance(leaf, np.ndarray)]


def symbols(case: Case, tensor: Callable[[Any, str], Any]) -> list[Any]:
    return [tensor(array.shape, array.dtype.name) for array in arrays_of(case)]


def with_arrays(case: Case, arrays: list[Any], function: Callable[..., Any] | None = None) -> Any:
    """The op called with other arrays (traced or symbolic ones) in the places of the case's."""
    remaining = iter(arrays)
    structure = (case.args, case.kwargs)
    leaves = [next(remaining) if isinstance(leaf, np.ndarray) else leaf for leaf in tree.flatten(structure)]
    args, kwargs = tree.pack(structure, leaves)
    return (function or getattr(ops, case.name))(*args, **kwargs)


def leaves(result: Any) -> list[Any]:
    """The tensors of a result, whatever kind of sequence holds them."""
    return (
        [leaf for part in result for leaf in leaves(part)] if isinstance(result, list | tuple) else [result]
    )


def check(results: list[tuple[Case, Any]], expected: dict[int, Any]) -> None:
    """Compare all cases of an op before failing, so that one run shows all."""
    problems = [
        f"{case}: {problem}" for case, result in results if (problem := difference(case, result, expected))
    ]
    assert not problems, "\n".join(problems)


def difference(case: Case, result: Any, expected: dict[int, Any]) -> str:
    wanted = expected[id(case)]
    assert not isinstance(wanted, str), wanted  # the oracle's error
    if wanted is None:  # not unique, like the sign of an eigenvector: test_linalg.py
        return ""
    found = [ops.convert_to_numpy(leaf) for leaf in leaves(result)]
    pairs = list(zip(found, leaves(wanted), strict=True))
    for ours, theirs in pairs:
        if (ours.dtype, ours.shape) != (theirs.dtype, theirs.shape):
            return f"{ours.dtype}{ours.shape}, Keras has {theirs.dtype}{theirs.shape}"
        tolerance = case.tolerance if ours.dtype.itemsize > 2 else 1e-2 if "float" in ours.dtype.name else 0
        near = np.isclose(
            ours.astype("float64"), theirs.astype("float64"), tolerance, tolerance, equal_nan=True
        )
        if not near.all():
            return f"{ours[~near][:4]}, Keras has {theirs[~near][:4]}"
    return ""

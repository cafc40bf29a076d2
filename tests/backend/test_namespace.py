"""`xp` of each back end against NumPy: values, and dtypes by our conventions."""

from __future__ import annotations

import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import layerlab.backend.jax as jax_backend
import layerlab.backend.numpy as numpy_backend
import layerlab.backend.torch as torch_backend
from layerlab import tree
from tests.backend.cases import CASES, DYNAMIC, inputs
from tests.helpers import tolerance

_NARROW = {"float64": "float32", "int64": "int32"}


@pytest.mark.parametrize("name", [*CASES, *DYNAMIC])
def test_a_function_gives_numpys_values_at_32_bits(module: ModuleType, name: str) -> None:
    case = (CASES | DYNAMIC)[name]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # NumPy warns of its own deprecations and of log(0)
        expected = case(np, *inputs())
        result = case(module.xp, *map(module.asarray, inputs()))
    check_equal(module, result, expected)


def check_equal(module: ModuleType, result: Any, expected: Any) -> None:
    found, wanted = tree.flatten(result), tree.flatten(expected)
    assert len(found) == len(wanted)
    for got, want in zip(found, wanted):
        want = np.asarray(want)
        assert module.dtype_name(got) == _NARROW.get(want.dtype.name, want.dtype.name)
        np.testing.assert_allclose(module.to_numpy(got), want, **tolerance("float32"))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "float16", "bfloat16", "float32"])
def test_new_arrays_take_the_name_of_a_dtype(module: ModuleType, dtype: str) -> None:
    xp = module.xp
    made = [
        xp.zeros((2,), dtype=dtype),
        xp.zeros((2,), dtype),
        xp.ones((2,), dtype=dtype),
        xp.empty((2,), dtype=dtype),
        xp.full((2,), 1, dtype=dtype),
        xp.eye(2, dtype=dtype),
        xp.zeros_like(xp.ones((2,)), dtype=dtype),
        xp.full_like(xp.ones((2,)), 1, dtype=dtype),
        xp.astype(xp.ones((2,)), dtype),
        xp.asarray([0, 1], dtype=dtype),
    ]
    if dtype != "bool":
        made += [
            xp.arange(3, dtype=dtype),
            xp.linspace(0, 4, 3, dtype=dtype),
            xp.sum(xp.ones((2,)), dtype=dtype),
        ]
    assert [module.dtype_name(array) for array in made] == [dtype] * len(made)


@pytest.mark.parametrize("dtype", ["float32", "int8", "bool"])
def test_the_namespace_has_its_own_dtypes_too(module: ModuleType, dtype: str) -> None:
    assert module.dtype_name(module.xp.zeros((2,), dtype=getattr(module.xp, dtype))) == dtype


@pytest.mark.parametrize(
    ("dtype", "widened"),
    [("bool", "int32"), ("int8", "int32"), ("int32", "int32"), ("uint8", "uint32"), ("bfloat16", "bfloat16")],
)
def test_a_sum_is_at_least_32_bits_wide_for_integers(module: ModuleType, dtype: str, widened: str) -> None:
    x = module.asarray(np.ones(300), dtype)
    for function in (module.xp.sum, module.xp.cumsum):
        assert module.dtype_name(function(x)) == widened
    if dtype != "bfloat16":  # whose 8 bits stop counting at 256
        assert int(module.to_numpy(module.xp.sum(x))) == 300


def test_finfo_and_iinfo_take_names(module: ModuleType) -> None:
    assert module.xp.finfo("bfloat16").max > 3e38
    assert module.xp.iinfo("int8").max == 127


def test_quantile_and_median_of_nan_are_nan(module: ModuleType) -> None:
    x = module.asarray([1.0, float("nan"), 2.0])
    assert np.isnan(module.to_numpy(module.xp.median(x)))


def test_all_namespaces_have_the_names_that_torch_has() -> None:
    # NumPy and JAX share more; what an op uses must be there on each back end.
    names = set(vars(torch_backend.xp))
    missing = {module.name: sorted(names - set(vars(module.xp))) for module in (jax_backend, numpy_backend)}
    assert missing == {"jax": [], "numpy": []}

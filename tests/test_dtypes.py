"""Dtype names, promotion against JAX's lattice, and policies against Keras'."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
import torch

from layerlab import config, dtypes, layers
from layerlab.errors import DTypeError, InvalidArgumentError

PROMOTED = [
    name
    for name in dtypes.ALLOWED
    if not name.startswith(("float8", "string")) and name not in ("int4", "uint4")
]


@pytest.mark.oracle
@pytest.mark.parametrize("first", PROMOTED)
def test_two_dtypes_meet_where_jax_with_64_bits_says(first: str) -> None:
    with jax.enable_x64(True):
        for second in PROMOTED:
            expected = jnp.promote_types(first, second).name
            if expected == "float64" and "float64" not in (first, second):
                expected = "float32"  # uint64 with a signed integer is a weak float: floatx
            assert dtypes.result_type(first, second) == expected, (first, second)


@pytest.mark.oracle
@pytest.mark.parametrize(("python_type", "example"), [(bool, True), (int, 2), (float, 2.0)])
def test_a_python_number_is_weak_beside_an_array(python_type: type, example: Any) -> None:
    with jax.enable_x64(True):
        for name in PROMOTED:
            expected = jnp.result_type(jnp.zeros((), name), example).name
            if name != expected and expected in ("int64", "float64"):
                # Where both are weak: int32 and floatx, not JAX's 64 bits.
                expected = expected.replace("64", "32")
            assert dtypes.result_type(name, python_type) == expected, name


@pytest.mark.oracle
def test_promotion_of_up_to_32_bits_is_that_of_keras() -> None:
    small = [name for name in PROMOTED if not name.endswith("64") and "complex" not in name]
    for first, second in itertools.product([*small, int, float, bool], repeat=2):
        ours = dtypes.result_type(first, second)
        # Keras on JAX has no int64, the one place where a signed and an unsigned kind of 32 bits meet.
        expected = "int64" if ours == "int64" else keras.backend.result_type(first, second)
        assert ours == expected, (first, second)


def test_promotion_does_not_depend_on_order_or_grouping() -> None:
    # uint64 meets signed integers in a float of no size of its own, which no order of two steps can keep.
    for a, b, c in itertools.combinations([name for name in PROMOTED if name != "uint64"], 3):
        together = dtypes.result_type(a, b, c)
        assert dtypes.result_type(c, b, a) == together
        assert dtypes.result_type(dtypes.result_type(a, b), c) == together


def test_weak_numbers_alone_become_int32_and_floatx() -> None:
    assert dtypes.result_type(int) == "int32"
    assert dtypes.result_type(int, float) == "float32"
    config.set_floatx("float16")
    try:
        assert dtypes.result_type(int, float) == "float16"
        assert dtypes.result_type("int32", float) == "float16"
    finally:
        config.set_floatx("float32")


@pytest.mark.parametrize("narrow", ["float8_e4m3fn", "float8_e5m2", "int4", "uint4"])
def test_narrow_dtypes_meet_only_themselves_and_the_error_says_cast(narrow: str) -> None:
    assert dtypes.result_type(narrow, narrow) == narrow
    with pytest.raises(DTypeError, match=rf"(?s){narrow}.*cast"):
        dtypes.result_type(narrow, "float32")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (None, "float32"),
        (int, "int32"),
        (float, "float32"),
        (bool, "bool"),
        ("int", "int32"),
        (complex, "complex64"),
        (np.float64, "float64"),
        (np.dtype("uint8"), "uint8"),
        (np.dtype("U3"), "string"),
        (str, "string"),
        ("half", "float16"),
        (torch.bfloat16, "bfloat16"),
        (torch.bool, "bool"),
        (jnp.bfloat16, "bfloat16"),
        (jnp.dtype("int8"), "int8"),
    ],
)
def test_a_dtype_of_any_library_has_one_standard_name(given: Any, name: str) -> None:
    assert dtypes.standardize_dtype(given) == name


@pytest.mark.parametrize("wrong", ["foo", 3, b"x", object, np.dtype("O"), "keras_tensor"])
def test_an_unknown_dtype_is_refused(wrong: Any) -> None:
    with pytest.raises(DTypeError, match="Unknown dtype"):
        dtypes.standardize_dtype(wrong)


def test_a_misspelt_dtype_gets_a_suggestion() -> None:
    with pytest.raises(ValueError, match="Did you mean 'float32'"):
        dtypes.standardize_dtype("flaot32")


def test_every_standard_dtype_but_string_is_a_numpy_dtype() -> None:
    for name in dtypes.ALLOWED:
        if name != "string":
            assert dtypes.numpy_dtype(name).name == name


@pytest.mark.oracle
@pytest.mark.parametrize(
    "name", ["float16", "bfloat16", "float32", "float64", "mixed_float16", "mixed_bfloat16"]
)
def test_a_policy_is_what_keras_says(name: str) -> None:
    ours, theirs = dtypes.DTypePolicy(name), keras.DTypePolicy(name)
    assert (ours.compute_dtype, ours.variable_dtype) == (theirs.compute_dtype, theirs.variable_dtype)
    assert ours.get_config() == theirs.get_config()
    assert repr(ours) == repr(theirs)
    assert dtypes.DTypePolicy.from_config(ours.get_config()) == ours


def test_equal_policies_are_equal_and_have_equal_hashes() -> None:
    assert (
        len({dtypes.DTypePolicy("float32"), dtypes.DTypePolicy("float32"), dtypes.DTypePolicy("float16")})
        == 2
    )
    assert dtypes.DTypePolicy("float32") != "float32"


@pytest.mark.parametrize("wrong", ["mixed_float32", "mixed_foo", "foo", "int8_from_float32", 3])
def test_an_unknown_policy_is_a_value_error(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"(?i)policy|dtype"):
        dtypes.DTypePolicy(wrong)


def test_the_global_policy_is_that_of_layers_made_later() -> None:
    before = layers.Dense(2)
    dtypes.set_dtype_policy("mixed_bfloat16")
    try:
        after = layers.Dense(2)
    finally:
        dtypes.set_dtype_policy(None)
    assert (before.compute_dtype, after.compute_dtype, after.dtype) == ("float32", "bfloat16", "float32")
    assert layers.Dense(2).compute_dtype == "float32"


def test_a_policy_is_made_from_names_policies_configs_and_dtypes() -> None:
    policy = dtypes.DTypePolicy("float16")
    config_of_file = {
        "module": "keras",
        "class_name": "DTypePolicy",
        "config": {"name": "float16"},
        "registered_name": None,
    }
    for given in (policy, "float16", {"name": "float16"}, config_of_file, np.float16, torch.float16):
        assert dtypes.as_policy(given) == policy
    assert dtypes.as_policy(None) == dtypes.DTypePolicy("float32")


def test_a_policy_refuses_what_is_no_name() -> None:
    with pytest.raises(InvalidArgumentError, match="a name such as 'float32'"):
        dtypes.DTypePolicy(np.float32)  # type: ignore[arg-type]

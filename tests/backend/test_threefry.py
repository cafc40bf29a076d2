"""The host generator against jax.random, and weights against Keras' on JAX."""

from __future__ import annotations

import jax
import ml_dtypes
import numpy as np
import pytest
from scipy import special

from layerlab.backend import threefry
from layerlab.errors import DTypeError

SEEDS = [0, 1, 42, 2**31 - 1]
SHAPE = (300, 121)  # more than one block of the hash, and an odd size


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shape", [(), (1,), (7,), SHAPE])
def test_bits_equal_jaxs(seed: int, shape: tuple[int, ...]) -> None:
    expected = jax.random.bits(jax.random.key(seed), shape, "uint32")
    np.testing.assert_array_equal(threefry.uniform_bits(seed, shape), np.asarray(expected))


def test_both_words_of_a_key_may_be_given() -> None:
    key = jax.random.wrap_key_data(np.array([7, 3], np.uint32), impl="threefry2x32")
    expected = jax.random.bits(key, (5,), "uint32")
    np.testing.assert_array_equal(threefry.uniform_bits((7, 3), (5,)), np.asarray(expected))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-0.1, 0.2), (5.0, 5.5)])
def test_uniform_floats_equal_jaxs(seed: int, low: float, high: float) -> None:
    expected = np.asarray(jax.random.uniform(jax.random.key(seed), SHAPE, "float32", low, high))
    # The bits are equal; whether XLA fuses the product and the sum of the range decides the last digit.
    np.testing.assert_allclose(
        threefry.uniform(seed, SHAPE, low, high), expected, rtol=0, atol=abs(high) * 2**-23
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_normal_floats_equal_jaxs_to_rounding(seed: int) -> None:
    expected = np.asarray(jax.random.normal(jax.random.key(seed), SHAPE, "float32"))
    np.testing.assert_allclose(threefry.normal(seed, SHAPE), expected, rtol=3e-7)


@pytest.mark.parametrize("seed", SEEDS)
def test_truncated_normal_floats_equal_jaxs_to_rounding(seed: int) -> None:
    expected = np.asarray(jax.random.truncated_normal(jax.random.key(seed), -2.0, 2.0, SHAPE, "float32"))
    drawn = threefry.truncated_normal(seed, SHAPE)
    np.testing.assert_allclose(drawn, expected, rtol=3e-7)
    assert np.abs(drawn).max() < 2


@pytest.mark.parametrize(("low", "high", "dtype"), [(0, 10, "int32"), (-5, 1000, "int32"), (0, 200, "uint8")])
def test_integers_equal_jaxs(low: int, high: int, dtype: str) -> None:
    expected = np.asarray(jax.random.randint(jax.random.key(3), SHAPE, low, high, dtype))
    drawn = threefry.integers(3, SHAPE, low, high, dtype)
    assert drawn.dtype == expected.dtype
    np.testing.assert_array_equal(drawn, expected)


def test_integers_of_64_bits_are_refused() -> None:
    with pytest.raises(DTypeError, match="at most 32 bits"):
        threefry.integers(0, (2,), 0, 10, "int64")


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_small_floats_are_rounded_float32(dtype: str) -> None:
    numpy_dtype = getattr(ml_dtypes, dtype, dtype)
    for function in (threefry.uniform, threefry.normal, threefry.truncated_normal):
        drawn = function(0, (50,), dtype=dtype)
        np.testing.assert_array_equal(drawn, function(0, (50,)).astype(numpy_dtype))


def test_float64_has_its_full_precision() -> None:
    drawn = threefry.uniform(0, (1000,), dtype="float64")
    assert drawn.dtype == np.float64
    assert (drawn != drawn.astype(np.float32)).mean() > 0.99
    assert threefry.normal(0, (3,), "float64").dtype == np.float64


@pytest.mark.parametrize(("dtype", "relative"), [("float32", 1e-5), ("float64", 2e-15)])
def test_erfinv_equals_scipys(dtype: str, relative: float) -> None:
    edges = 1 - np.logspace(-5, -1, 50)
    x = np.concatenate([np.linspace(-0.99999, 0.99999, 1001), edges, -edges]).astype(dtype)
    result = threefry.erfinv(x)
    assert result.dtype == dtype
    np.testing.assert_allclose(result, special.erfinv(x.astype(np.float64)), rtol=relative)


@pytest.mark.oracle
def test_the_weights_of_keras_on_jax_come_from_key_seed_0() -> None:
    keras = pytest.importorskip("keras")
    expected = np.asarray(keras.initializers.RandomUniform(-0.5, 0.5, seed=7)((4, 5)))
    np.testing.assert_array_equal(threefry.uniform((7, 0), (4, 5), -0.5, 0.5), expected)

"""Random arrays: shapes, dtypes, seeds, and the distributions themselves by moments of large samples."""

from __future__ import annotations

import inspect
from typing import Any

import keras
import numpy as np
import pytest

from layerlab import ops, random
from layerlab.core.seed import set_random_seed
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import DTypeError, InvalidArgumentError, UnsupportedError
from layerlab.random import draws

SHAPE = (200, 100)
ERROR = 0.03  # about four standard errors of a mean over 20000 numbers of variance 1


def sample(name: str, *args: Any, **kwargs: Any) -> np.ndarray:
    return ops.convert_to_numpy(getattr(random, name)(*args, **kwargs)).astype("float64")


@pytest.mark.parametrize("name", draws.__all__)
def test_the_signature_is_that_of_keras(name: str) -> None:
    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (random, keras.random))
    assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "args", "mean", "variance"),
    [
        ("normal", (2.0, 3.0), 2, 9),
        ("uniform", (-1.0, 3.0), 1, 16 / 12),
        ("truncated_normal", (0.0, 1.0), 0, 0.7737),
        ("randint", (0, 10), 4.5, 99 / 12),
        ("gamma", (2.0,), 2, 2),
        ("beta", (2.0, 3.0), 0.4, 0.04),
        ("binomial", (10, 0.3), 3, 2.1),
    ],
)
def test_mean_and_variance(
    name: str, args: tuple[Any, ...], mean: float, variance: float, backend: str
) -> None:
    x = sample(name, SHAPE, *args, seed=1)
    assert x.shape == SHAPE
    assert abs(x.mean() - mean) < ERROR * variance**0.5
    assert abs(x.var() / variance - 1) < 3 * ERROR


def test_truncated_normal_ends_at_two_deviations(backend: str) -> None:
    assert np.abs(sample("truncated_normal", SHAPE, stddev=0.5, seed=0)).max() <= 1.0


def test_categorical_follows_the_logits(backend: str) -> None:
    x = sample("categorical", np.log([[0.1, 0.2, 0.7]]).astype("float32"), 20000, seed=3)
    assert x.shape == (1, 20000)
    np.testing.assert_allclose(np.bincount(x[0].astype(int)) / 20000, [0.1, 0.2, 0.7], atol=0.02)


def test_an_integer_seed_repeats_and_a_generator_moves_on(backend: str) -> None:
    np.testing.assert_array_equal(sample("normal", (3,), seed=5), sample("normal", (3,), seed=5))
    generator = random.SeedGenerator(5)
    assert not np.array_equal(sample("normal", (3,), seed=generator), sample("normal", (3,), seed=generator))
    set_random_seed(7)
    first = sample("uniform", (3,))
    set_random_seed(7)
    np.testing.assert_array_equal(first, sample("uniform", (3,)))


def test_dtypes_are_those_asked_for(backend: str) -> None:
    assert ops.dtype(random.normal((2,), dtype="bfloat16", seed=0)) == "bfloat16"
    assert ops.dtype(random.uniform((2,), seed=0)) == "float32"
    assert ops.dtype(random.randint((2,), 0, 5, dtype="uint8", seed=0)) == "uint8"
    with pytest.raises(DTypeError, match="use randint"):
        random.uniform((2,), dtype="int32")
    with pytest.raises(DTypeError, match="use uniform"):
        random.randint((2,), 0, 5, dtype="float32")


def test_dropout_scales_what_it_keeps(backend: str) -> None:
    x = sample("dropout", np.ones(SHAPE, "float32"), 0.25, seed=1)
    np.testing.assert_allclose(np.unique(x), [0, 1 / 0.75], rtol=1e-6)
    assert abs((x == 0).mean() - 0.25) < 0.02
    assert not sample("dropout", np.ones(3, "float32"), 1.0).any()
    assert ops.dtype(random.dropout(ops.ones((2,), dtype="float16"), 0.5)) == "float16"


def test_dropout_shares_the_mask_along_axes_of_the_noise_shape(backend: str) -> None:
    x = sample("dropout", np.ones((50, 4, 6), "float32"), 0.5, noise_shape=(None, 1, 6), seed=1)
    np.testing.assert_array_equal(x, np.repeat(x[:, :1], 4, axis=1))
    assert 0 < (x == 0).mean() < 1


def test_dropout_refuses_a_rate_that_is_none(backend: str) -> None:
    with pytest.raises(InvalidArgumentError, match="from 0 to 1"):
        random.dropout(np.ones(3, "float32"), 1.5)


@pytest.mark.parametrize("axis", [0, 1])
def test_shuffle_permutes_whole_slices(axis: int, backend: str) -> None:
    x = np.arange(40, dtype="float32").reshape(8, 5)
    shuffled = sample("shuffle", x, axis=axis, seed=2)
    assert not np.array_equal(shuffled, x)
    slices = np.moveaxis(shuffled, axis, 0)
    assert sorted(map(tuple, slices)) == sorted(map(tuple, np.moveaxis(x, axis, 0)))


def test_symbolic_tensors_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="inside of a Layer"):
        random.dropout(KerasTensor((None, 3)), 0.5)

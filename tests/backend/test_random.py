"""Random numbers inside a step: stateless, of the right distribution and dtype."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy import stats

N = 20_000

Draw = Callable[[ModuleType, Any], Any]
DRAWS: dict[str, Draw] = {
    "uniform": lambda m, key: m.random_uniform(key, (N,), "float32", -1.0, 3.0),
    "normal": lambda m, key: m.random_normal(key, (N,), "float32"),
    "truncated normal": lambda m, key: m.random_truncated_normal(key, (N,), "float32"),
    "integers": lambda m, key: m.random_integers(key, (N,), "int32", -2, 5),
    "categorical": lambda m, key: m.random_categorical(key, m.asarray([[0.0, 1.0, 2.0]]), N, "int32"),
    "permutation": lambda m, key: m.random_permutation(key, m.xp.arange(N), 0),
    "gamma": lambda m, key: m.random_gamma(key, (N,), m.asarray(2.5), "float32"),
}
DISTRIBUTIONS = {
    "uniform": stats.uniform(-1, 4),
    "normal": stats.norm(),
    "truncated normal": stats.truncnorm(-2, 2),
    "gamma": stats.gamma(2.5),
}


def draw(module: ModuleType, name: str, seed: int = 1, counter: int = 2) -> np.ndarray:
    return module.to_numpy(DRAWS[name](module, module.asarray([seed, counter], "uint32")))


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_draws_follow_their_distribution(module: ModuleType, name: str) -> None:
    assert stats.kstest(draw(module, name), DISTRIBUTIONS[name].cdf).pvalue > 1e-4


@pytest.mark.parametrize("name", DRAWS)
def test_the_same_key_gives_the_same_numbers_and_another_others(module: ModuleType, name: str) -> None:
    np.testing.assert_array_equal(draw(module, name), draw(module, name))
    assert (draw(module, name) != draw(module, name, counter=3)).mean() > 0.3
    assert (draw(module, name) != draw(module, name, seed=2)).mean() > 0.3


def test_integers_cover_their_half_open_range_evenly(module: ModuleType) -> None:
    values, counts = np.unique(draw(module, "integers"), return_counts=True)
    np.testing.assert_array_equal(values, np.arange(-2, 5))
    assert stats.chisquare(counts).pvalue > 1e-4


def test_categories_have_the_frequencies_of_the_softmax(module: ModuleType) -> None:
    drawn = draw(module, "categorical")
    assert drawn.shape == (1, N)
    expected = np.exp([0.0, 1.0, 2.0]) / np.exp([0.0, 1.0, 2.0]).sum() * N
    assert stats.chisquare(np.bincount(drawn[0], minlength=3), expected).pvalue > 1e-4


def test_a_permutation_moves_whole_rows_along_its_axis(module: ModuleType) -> None:
    x = np.arange(12, dtype=np.int32).reshape(3, 4)
    key = module.asarray([0, 7], "uint32")
    permuted = module.to_numpy(module.random_permutation(key, module.asarray(x), 1))
    np.testing.assert_array_equal(np.sort(permuted, axis=1), x)
    assert (permuted[1] - permuted[0] == 4).all()


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_the_dtype_is_the_one_asked_for(module: ModuleType, dtype: str) -> None:
    key = module.asarray([0, 0], "uint32")
    drawn = [
        module.random_uniform(key, (2, 3), dtype, 0.0, 1.0),
        module.random_normal(key, (2, 3), dtype),
        module.random_truncated_normal(key, (2, 3), dtype),
    ]
    assert [module.dtype_name(array) for array in drawn] == [dtype] * 3
    assert {tuple(array.shape) for array in drawn} == {(2, 3)}


def test_large_seeds_and_counters_are_told_apart(module: ModuleType) -> None:
    # torch's generator looks at 32 bits of its seed only.
    assert (draw(module, "uniform", seed=2**31 + 5) != draw(module, "uniform", seed=5)).any()
    assert (draw(module, "uniform", seed=5, counter=5) != draw(module, "uniform", seed=0, counter=0)).any()

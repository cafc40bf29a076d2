"""torch's own kernels for formulas of layers: the numbers and gradients of the formulas on JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from layerlab import ops
from layerlab.backend.active import backend, use
from tests.helpers import tolerance

QUERY, KEY, VALUE = np.random.default_rng(0).normal(size=(3, 2, 5, 4, 8)).astype("float32")
SEEN = np.random.default_rng(1).uniform(size=(2, 1, 5, 5)) < 0.7
SEEN[0, 0, 2] = False  # a place that may look nowhere, as one that is padded
WEIGHT = np.random.default_rng(2).normal(size=QUERY.shape).astype("float32")


def on(name: str, compute: Callable[..., Any], *arrays: np.ndarray) -> list[np.ndarray]:
    """The value, and the gradients of its weighted sum."""
    use(name)
    given = [backend().asarray(array) for array in arrays]

    def score(parts: list[Any]) -> Any:
        result = compute(*parts)
        return ops.sum(ops.multiply(ops.cast(result, "float32"), WEIGHT.reshape(result.shape))), result

    (_, value), gradients = backend().value_and_grad(score, has_aux=True)(given)
    return [np.asarray(backend().to_numpy(x), "float64") for x in (value, *gradients)]


def assert_same(compute: Callable[..., Any], *arrays: np.ndarray, dtype: str = "float32") -> None:
    try:
        for mine, expected in zip(on("torch", compute, *arrays), on("jax", compute, *arrays), strict=True):
            np.testing.assert_allclose(mine, expected, **tolerance(dtype, scale=2))
    finally:
        use("jax")


@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("mask", [None, SEEN, SEEN[0, 0], SEEN.astype("int32")])
def test_attention_is_the_formula_with_any_mask(mask: Any, is_causal: bool) -> None:
    assert_same(
        lambda q, k, v: ops.dot_product_attention(q, k, v, mask=mask, is_causal=is_causal),
        QUERY, KEY, VALUE,
    )  # fmt: skip


def test_attention_of_large_scores_is_the_formula() -> None:
    attend = lambda q, k, v: ops.dot_product_attention(q, k, v, mask=SEEN, scale=300.0)  # noqa: E731
    assert_same(attend, QUERY, np.round(KEY), VALUE, dtype="float16")  # a rounding of a score is 300 as large


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_attention_in_16_bits_is_near_the_formula(dtype: str) -> None:
    def attend(q: Any, k: Any, v: Any) -> Any:
        return ops.dot_product_attention(*(ops.cast(x, dtype) for x in (q, k, v)), mask=SEEN)

    assert_same(attend, QUERY, KEY, VALUE, dtype=dtype)


def test_attention_of_grouped_heads_and_other_depth_of_values_is_the_formula() -> None:
    def attend(q: Any, k: Any, v: Any) -> Any:
        return ops.concatenate([ops.dot_product_attention(q, k[:, :, :2], v[:, :, :2, :4])] * 2, axis=-1)

    assert_same(attend, QUERY, KEY, VALUE)


def test_the_gradient_of_a_gradient_through_attention_is_that_of_jax() -> None:
    def slope(q: Any, k: Any, v: Any) -> Any:
        inner = lambda x: ops.sum(ops.square(ops.dot_product_attention(x, k, v, mask=SEEN)))  # noqa: E731
        return backend().value_and_grad(inner)(q)[1]

    assert_same(slope, QUERY, KEY, VALUE)


@pytest.mark.parametrize("approximate", [False, True])
def test_gelu_is_the_formula_also_far_from_zero(approximate: bool) -> None:
    x = QUERY.copy()
    x.flat[:6] = [0.0, -0.0, 30.0, -30.0, 1e4, -1e4]
    assert_same(lambda x: ops.gelu(x, approximate=approximate), x)


@pytest.mark.parametrize("axis", [-1, (-2, -1), 1])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_layer_normalization_is_the_formula(axis: Any, offset: float) -> None:
    sizes = {-1: (8,), (-2, -1): (4, 8), 1: (5,)}[axis]
    gamma, beta = np.random.default_rng(3).normal(size=(2, *sizes)).astype("float32")
    normalize = lambda *parts: ops.layer_normalization(*parts, axis=axis, epsilon=1e-3)  # noqa: E731
    assert_same(normalize, np.round(QUERY, 2) + np.float32(offset), gamma, beta, dtype="float16")

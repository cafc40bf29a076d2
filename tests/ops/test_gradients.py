"""Gradients where formulas go wrong: at ties, at 0, at large magnitude. Equal on both back ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from layerlab import ops
from layerlab.backend.active import backend as active


def gradient(function: Callable[..., Any], *values: Any) -> list[np.ndarray]:
    """Gradients of the sum of a function of float32 arrays."""
    arrays = {str(i): active().asarray(np.asarray(value, "float32")) for i, value in enumerate(values)}
    total = active().value_and_grad(lambda a: ops.sum(function(*(a[key] for key in sorted(a)))))
    _, gradients = total(arrays)
    return [active().to_numpy(gradients[key]) for key in sorted(arrays)]


@pytest.mark.parametrize(
    ("function", "at", "slope"),
    [
        (ops.relu, [-1.0, 0.0, 2.0], [0, 0, 1]),
        (ops.relu6, [-1.0, 0.0, 2.0, 6.0, 9.0], [0, 0, 1, 0, 0]),
        (ops.abs, [-2.0, 0.0, 3.0], [-1, 0, 1]),
        (ops.sign, [-2.0, 0.0, 3.0], [0, 0, 0]),
        (ops.leaky_relu, [-1.0, 1.0], [0.2, 1]),
        (ops.elu, [-100.0, 0.0, 100.0], [0, 1, 1]),
        (ops.selu, [-1000.0, 1000.0], [0, 1.050701]),
        (ops.celu, [-1000.0, 1000.0], [0, 1]),
        (ops.softplus, [-200.0, 0.0, 200.0], [0, 0.5, 1]),
        (ops.log_sigmoid, [-200.0, 0.0, 200.0], [1, 0.5, 0]),
        (ops.sigmoid, [-200.0, 0.0, 200.0], [0, 0.25, 0]),
        (ops.silu, [-200.0, 0.0, 200.0], [0, 0.5, 1]),
        (ops.gelu, [-200.0, 0.0, 200.0], [0, 0.5, 1]),
        (ops.tanh, [-200.0, 0.0, 200.0], [0, 1, 0]),
        (ops.hard_sigmoid, [-3.0, 0.0, 3.0], [0, 1 / 6, 0]),
        (ops.sinc, [0.0], [0]),
        (ops.norm, [0.0, 0.0], [0, 0]),
        (ops.logsumexp, [1000.0, 1000.0], [0.5, 0.5]),
        (ops.max, [1.0, 1.0, 0.0], [0.5, 0.5, 0]),
        (ops.squareplus, [0.0], [0.5]),
        (lambda x: ops.clip(x, -1.0, 1.0), [-2.0, -1.0, 0.0, 1.0, 2.0], [0, 0.5, 1, 0.5, 0]),
        (lambda x: ops.where(x > 0, ops.sqrt(ops.where(x > 0, x, 1.0)), 0.0), [0.0, 4.0], [0, 0.25]),
        (lambda x: ops.divide_no_nan(1.0, x), [0.0, 2.0], [0, -0.25]),
        (lambda x: ops.binary_crossentropy(ops.ones_like(x), x, from_logits=True), [-500.0, 500.0], [-1, 0]),
    ],
)
def test_the_slope_is(
    function: Callable[[Any], Any], at: list[float], slope: list[float], backend: str
) -> None:
    np.testing.assert_allclose(gradient(function, at)[0], slope, atol=1e-6)


@pytest.mark.parametrize("name", ["maximum", "minimum", "fmax", "fmin"])
def test_a_tie_shares_the_gradient(name: str, backend: str) -> None:
    first, second = gradient(getattr(ops, name), [1.0, 2.0], [1.0, 5.0])
    np.testing.assert_allclose(first + second, [1, 1])
    if name in ("maximum", "minimum"):
        assert (first[0], second[0]) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (lambda x: ops.softmax(x) * x, lambda x: jax.nn.softmax(x) * x),
        (lambda x: ops.log_softmax(x) * x, lambda x: jax.nn.log_softmax(x) * x),
        (lambda x: ops.logsumexp(x, axis=1), lambda x: jax.nn.logsumexp(x, axis=1)),
        (lambda x: ops.var(x, axis=0), lambda x: jnp.var(x, axis=0)),
        (lambda x: ops.cumsum(x, axis=1) * x, lambda x: jnp.cumsum(x, axis=1) * x),
        (lambda x: ops.take(x, [0, 0, 2], axis=1) ** 2, lambda x: x[:, jnp.array([0, 0, 2])] ** 2),
        (lambda x: ops.flip(x, 1) * x, lambda x: jnp.flip(x, 1) * x),
        (lambda x: ops.get_item(x, (slice(None), slice(None, None, -2))) ** 2, lambda x: x[:, ::-2] ** 2),
        (lambda x: ops.quantile(x, 0.3, axis=1), lambda x: jnp.quantile(x, 0.3, axis=1)),
        (lambda x: ops.pad(x, 1, mode="reflect") ** 2, lambda x: jnp.pad(x, 1, mode="reflect") ** 2),
        (lambda x: ops.layer_normalization(x) ** 3, lambda x: jax.nn.standardize(x, epsilon=1e-7) ** 3),
        (lambda x: ops.scatter([[0], [2], [0]], x, (4, 4)) ** 2,
         lambda x: jnp.zeros((4, 4)).at[jnp.array([0, 2, 0])].add(x) ** 2),
        (lambda x: ops.segment_sum(x, [0, 1, 0], 2) ** 2,
         lambda x: jax.ops.segment_sum(x, jnp.array([0, 1, 0]), 2) ** 2),
    ],
)  # fmt: skip
def test_gradients_are_those_of_jax(
    ours: Callable[[Any], Any], theirs: Callable[[Any], Any], backend: str
) -> None:
    x = np.random.default_rng(1).normal(size=(3, 4)).astype("float32")
    expected = jax.grad(lambda value: theirs(value).sum())(x)
    np.testing.assert_allclose(gradient(ours, x)[0], expected, rtol=1e-4, atol=1e-5)


def test_large_logits_have_finite_losses_and_gradients(backend: str) -> None:
    logits = [[1000.0, -1000.0, 0.0]]
    (slope,) = gradient(lambda x: ops.sparse_categorical_crossentropy([1], x, from_logits=True), logits)
    np.testing.assert_allclose(slope, [[1, -1, 0]], atol=1e-6)


def test_stop_gradient_makes_a_constant(backend: str) -> None:
    assert gradient(lambda x: x * ops.stop_gradient(x), [3.0])[0] == 3


def test_a_custom_gradient_replaces_the_true_one(backend: str) -> None:
    @ops.custom_gradient
    def straight_through(x: Any) -> Any:
        return ops.round(x), lambda upstream: upstream * 2

    assert gradient(straight_through, [1.6])[0] == 2


def test_fori_loop_and_scan_let_the_gradient_through(backend: str) -> None:
    assert gradient(lambda x: ops.fori_loop(0, 3, lambda i, value: value * x, x), [2.0])[0] == pytest.approx(
        32
    )
    (slope,) = gradient(lambda x: ops.scan(lambda c, v: (c * v, c), ops.ones(()), x)[0], [2.0, 3.0])
    np.testing.assert_allclose(slope, [3, 2])

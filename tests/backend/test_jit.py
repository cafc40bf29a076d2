"""The strict gate: what runs under jax.jit runs anywhere."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest

import layerlab.backend.jax as module
from layerlab import tree
from tests.backend.cases import CASES, inputs
from tests.helpers import tolerance

PRIMITIVES: dict[str, Callable[[Any, Any], Any]] = {
    "asarray of tracers": lambda x, key: module.asarray([x[0], x[1], 1.0 * x[2]]),
    "cast": lambda x, key: module.cast(x, "bfloat16"),
    "cond": lambda x, key: module.cond(x[0, 0] > 0, lambda x: x, lambda x: -x, x),
    "conv": lambda x, key: module.conv(x[None, :, :], x[:2, :, None] * x[0], (1,), ((0, 1),), (1,), 1),
    "conv_transpose": lambda x, key: module.conv_transpose(x[None], x[:2, None, :], (2,), ((0, -1),), (1,)),
    "digamma": lambda x, key: module.digamma(x + 10),
    "einsum": lambda x, key: module.einsum("ij,kj->ik", x, x),
    "erf": lambda x, key: module.erf(x),
    "erfinv": lambda x, key: module.erfinv(x / 10),
    "lgamma": lambda x, key: module.lgamma(x + 10),
    "log_softmax": lambda x, key: module.log_softmax(x, -1),
    "max_pool": lambda x, key: module.max_pool(x[None, ..., None], (2, 2), (1, 2), ((0, 1), (0, 0))),
    "max_pool of tiles": lambda x, key: module.max_pool(x[None, ..., None], (1, 2), (1, 2), ((0, 0), (0, 0))),
    "random_categorical": lambda x, key: module.random_categorical(key, x, 5, "int32"),
    "random_gamma": lambda x, key: module.random_gamma(key, (3,), x[:, 0] ** 2 + 1, "float32"),
    "random_integers": lambda x, key: module.random_integers(key, (3,), "int32", 0, 9),
    "random_normal": lambda x, key: module.random_normal(key, (3,), "float32"),
    "random_permutation": lambda x, key: module.random_permutation(key, x, 0),
    "random_truncated_normal": lambda x, key: module.random_truncated_normal(key, (3,), "float32"),
    "random_uniform": lambda x, key: module.random_uniform(key, (3,), "float32", 0.0, 1.0),
    "relu": lambda x, key: module.relu(x),
    "scan": lambda x, key: module.scan(lambda c, r: (c + r, c * r), x[0], x, None, True),
    "segment_max": lambda x, key: module.segment_max(x, module.asarray([0, 0, 1]), 2),
    "segment_sum": lambda x, key: module.segment_sum(x, module.asarray([0, 0, 1]), 2),
    "set_at": lambda x, key: module.set_at(x, (slice(None), module.asarray([0, 0])), 1.0, "add"),
    "set_at by a mask": lambda x, key: module.set_at(x, x > 0, 0.0, "set"),
    "sigmoid": lambda x, key: module.sigmoid(x),
    "softmax": lambda x, key: module.softmax(x, 0),
    "sum_pool": lambda x, key: module.sum_pool(x[None, ..., None], (2, 2), (1, 2), ((0, 1), (0, 0))),
    "top_k": lambda x, key: module.top_k(x, 2),
    "value_and_grad": lambda x, key: module.value_and_grad(lambda v: module.xp.sum(v**2))(x),
    "vmap": lambda x, key: module.vmap(lambda row: row * 2)(x),
    "while_loop": lambda x, key: module.while_loop(lambda s: s.sum() < 1e4, lambda s: s * s + 1, x),
}


def check_same(compiled: Any, eager: Any) -> None:
    for got, want in zip(tree.flatten(compiled), tree.flatten(eager), strict=True):
        assert got.dtype == want.dtype
        np.testing.assert_allclose(
            np.asarray(got, np.float64), np.asarray(want, np.float64), **tolerance(want.dtype.name)
        )


@pytest.mark.parametrize("name", CASES)
def test_a_function_of_the_namespace_compiles(name: str) -> None:
    function = lambda *arrays: CASES[name](module.xp, *arrays)  # noqa: E731
    arrays = [module.asarray(array) for array in inputs()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check_same(jax.jit(function)(*arrays), function(*arrays))


@pytest.mark.parametrize("name", PRIMITIVES)
def test_a_primitive_compiles(name: str) -> None:
    args = module.asarray(inputs()[0]), module.asarray([3, 4], "uint32")
    check_same(jax.jit(PRIMITIVES[name])(*args), PRIMITIVES[name](*args))


def test_64_bits_are_the_users_to_switch_on() -> None:
    # In a process of its own: the switch cannot be turned back.
    code = """if True:
        import warnings
        import jax, jax.numpy as jnp, numpy as np
        import layerlab.backend.jax as module
        assert module.asarray(np.ones(2)).dtype == "float32" and jnp.ones(2).dtype == "float32"
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            assert module.asarray([1 / 3], "float64").dtype == "float32"
            assert module.cast(module.asarray([1, 2]), "float64").dtype == "float32"
        assert ["jax_enable_x64" in str(w.message) for w in said] == [True]
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # data of 64 bits that nobody asked for are no news
            from layerlab import Input, Sequential, layers
            model = Sequential([Input((2,)), layers.Dense(2)])
            model.compile("sgd", "mse")
            model.fit(np.zeros((2, 2), "int64"), np.zeros((2, 2), "int64"), verbose=0)
        assert not jax.config.jax_enable_x64 and jnp.ones(2).dtype == "float32"
        jax.config.update("jax_enable_x64", True)
        wide = module.asarray([1 / 3], "float64")
        assert wide.dtype == "float64" and float(wide[0]) == 1 / 3
        xp, x, i = module.xp, module.asarray([1.0, 2.0]), module.asarray([1, 2])
        names = [module.dtype_name(a) for a in (
            x, i, xp.argmax(x), xp.sum(i), xp.arange(3), xp.zeros(2), xp.full((2,), 1), xp.mean(i),
            module.top_k(x, 1)[1], x * 2.0, jax.jit(lambda x: x * 2 + 1)(x),
            module.asarray(3), module.asarray(2.5),
        )]
        expected = ["float32", "int32", "int32", "int32", "int32", "float32", "int32", "float32",
                    "int32", "float32", "float32", "int32", "float32"]
        assert names == expected, names
        value, gradient = module.value_and_grad(lambda v: (v * v).sum())(wide)
        assert gradient.dtype == "float64"
        key = module.asarray([0, 1], "uint32")
        assert module.random_uniform(key, (2,), "float64", 0.0, 1.0).dtype == "float64"
        assert module.random_uniform(key, (2,), "float32", 0.0, 1.0).dtype == "float32"
        assert xp.zeros(2, dtype="float64").dtype == "float64"
    """
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr

"""Axes, counts and sizes may be NumPy's integers, as np.argmax or a loop over np.arange give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special

from layerlab import constraints, losses, ops
from layerlab.errors import InvalidArgumentError

X = np.random.default_rng(3).normal(size=(2, 3, 4)).astype("float32")
ONE, TWO = np.int64(1), np.int64(2)
CASES: dict[str, tuple[Callable[[], Any], Any]] = {
    "sum": (lambda: ops.sum(X, axis=ONE), X.sum(1)),
    "max over two axes": (lambda: ops.max(X, axis=(ONE, 2)), X.max((1, 2))),
    "average": (lambda: ops.average(X, axis=ONE), X.mean(1)),
    "weighted average": (
        lambda: ops.average(X, axis=ONE, weights=np.array([1.0, 2.0, 1.0], "float32")),
        np.average(X, axis=1, weights=[1, 2, 1]),
    ),
    "softmax": (lambda: ops.softmax(X, axis=ONE), scipy.special.softmax(X, 1)),
    "log_softmax": (lambda: ops.log_softmax(X, axis=ONE), scipy.special.log_softmax(X, 1)),
    "tensordot": (lambda: ops.tensordot(X, X[0].T, axes=ONE), np.tensordot(X, X[0].T, 1)),
    "histogram": (lambda: ops.histogram(np.array([1.0, 2.0, 5.0]), bins=TWO)[0], [2, 1]),
    "normalize": (lambda: ops.normalize([[3.0, 4.0]], order=TWO), [[0.6, 0.8]]),
    "expand_dims": (lambda: ops.expand_dims(X, (ONE, 0)), X[None, None]),
    "squeeze": (lambda: ops.squeeze(X[:, :1], ONE), X[:, 0]),
    "get_item": (lambda: ops.get_item(X, (slice(None), ONE)), X[:, 1]),
    "tile": (lambda: ops.tile([1, 2], TWO), [1, 2, 1, 2]),
    "MaxNorm": (lambda: constraints.MaxNorm(1.0, axis=np.int64(0))([[3.0], [4.0]]), [[0.6], [0.8]]),
    "CosineSimilarity": (lambda: losses.CosineSimilarity(axis=np.int64(-1))(X, X), -1.0),
}


@pytest.mark.parametrize("name", CASES)
def test_an_integer_of_numpy_means_what_one_of_python_does(name: str, backend: str) -> None:
    call, expected = CASES[name]
    np.testing.assert_allclose(ops.convert_to_numpy(call()), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda bad: ops.histogram(X, bins=bad),
        lambda bad: ops.normalize(X, order=bad),
    ],
)
@pytest.mark.parametrize("bad", [True, 2.5, 0])
def test_booleans_and_fractions_are_no_counts(call: Callable[[Any], Any], bad: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        call(bad)

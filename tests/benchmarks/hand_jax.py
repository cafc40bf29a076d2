"""Loops over JAX written by hand, as fast as we know how: an epoch is one program over data on the device.

Convolutions are written as one product over copies of the windows and pooling as a reshape, because XLA's
own are many times slower inside of a loop on a CPU. Weights are a dict by the paths that they have in Keras.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tests.benchmarks.cases import BATCH, Case
from tests.benchmarks.hand_jax_models import MODELS

__all__ = ["HandWritten"]

_RATE, _BETA_1, _BETA_2, _EPSILON = 1e-3, 0.9, 0.999, 1e-7
State = tuple[Any, Any, Any, Any, Any, Any]  # weights, statistics, both means of Adam, steps, random key


class HandWritten:
    """One of the cases; `fit` trains on the first steps of its data, `predict` gives the logits of any.

    Args:
        weights: by path, those that are trained and those that are not.
    """

    def __init__(self, name: str, case: Case, weights: Mapping[str, np.ndarray]) -> None:
        self._model = functools.partial(MODELS[name], dropout=case.dropout)
        self._data = tuple(map(jnp.asarray, case.data()))
        self._random = np.random.default_rng(0)
        arrays = {path: jnp.asarray(value) for path, value in weights.items()}
        statistics = {path: arrays.pop(path) for path in list(arrays) if "/moving_" in path}
        first, second = (jax.tree.map(jnp.zeros_like, arrays) for _ in range(2))
        self._state: State = (arrays, statistics, first, second, jnp.zeros((), "int32"), jax.random.key(0))
        self._epoch = jax.jit(self._run_epoch, donate_argnums=0)
        self._forward = jax.jit(self._run_forward)

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""
        return sum(value.size for value in self._state[0].values())

    def fit(self, steps: int, *, shuffle: bool) -> tuple[float, float]:
        """One epoch; the mean loss and accuracy."""
        order = np.arange(len(self._data[0]), dtype="int32")
        if shuffle:
            self._random.shuffle(order)
        self._state, loss, hits = self._epoch(self._state, self._data, order.reshape(-1, BATCH), steps)
        return float(loss) / steps, float(hits) / (steps * BATCH)

    def predict(self, x: np.ndarray) -> np.ndarray:
        weights, statistics, *_ = self._state
        return np.asarray(self._forward(weights, statistics, x))

    # -- compiled -----------------------------------------------------------------------------

    def _run_epoch(self, state: State, data: Any, order: Any, steps: Any) -> tuple[State, Any, Any]:
        def turn(index: Any, carry: Any) -> Any:
            state, loss, hits = carry
            rows = lax.dynamic_index_in_dim(order, index, keepdims=False)
            x, y = (array.at[rows].get(mode="promise_in_bounds") for array in data)
            state, batch_loss, batch_hits = self._step(state, x, y)
            return state, loss + batch_loss, hits + batch_hits

        zero = jnp.zeros((), "float32")
        return lax.fori_loop(0, steps, turn, (state, zero, zero))

    def _step(self, state: State, x: Any, y: Any) -> tuple[State, Any, Any]:
        weights, statistics, first, second, count, key = state
        key, now = jax.random.split(key)

        def loss_of(weights: Any) -> Any:
            logits, changed = self._model(weights | statistics, x, now)
            likelihood = jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1)
            return -likelihood.mean(), (changed, (logits.argmax(-1) == y).sum().astype("float32"))

        (loss, (changed, hits)), gradients = jax.value_and_grad(loss_of, has_aux=True)(weights)
        count = count + 1
        alpha = _RATE * jnp.sqrt(1 - _BETA_2**count) / (1 - _BETA_1**count)
        first = _map(lambda m, g: m + (g - m) * (1 - _BETA_1), first, gradients)
        second = _map(lambda v, g: v + (g * g - v) * (1 - _BETA_2), second, gradients)
        weights = _map(lambda w, m, v: w - alpha * m / (jnp.sqrt(v) + _EPSILON), weights, first, second)
        return (weights, statistics | changed, first, second, count, key), loss, hits

    def _run_forward(self, weights: Any, statistics: Any, x: Any) -> Any:
        batches = x.reshape(-1, BATCH, *x.shape[1:])
        logits = lax.map(lambda batch: self._model(weights | statistics, batch, None)[0], batches)
        return logits.reshape(len(x), -1)


def _map(formula: Callable[..., Any], *trees: Any) -> Any:
    return jax.tree.map(formula, *trees)

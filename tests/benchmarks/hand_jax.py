"""Loops over JAX written by hand, as fast as we know how, in two forms, of which the faster counts.

`fused` is one program for an epoch, over data on the device: best where a step is short. `stepwise` calls a
program a batch: best where a step is long and has convolutions, because XLA's are many times slower inside
of a loop on a CPU. Weights are a dict by the paths that they have in Keras.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tests.benchmarks.cases import BATCH, Case
from tests.benchmarks.hand_jax_models import MODELS, conv_alone, conv_in_loop

__all__ = ["FORMS"]

_RATE, _BETA_1, _BETA_2, _EPSILON = 1e-3, 0.9, 0.999, 1e-7
# Weights, statistics, both means of Adam, steps, random key; sums of losses and of right answers.
State = tuple[Any, Any, Any, Any, Any, Any, Any]


class _HandWritten:
    """One of the cases; `fit` trains on the first steps of its data, `predict` gives the logits of any.

    Args:
        weights: by path, those that are trained and those that are not.
    """

    conv: Callable[..., Any]

    def __init__(self, name: str, case: Case, weights: Mapping[str, np.ndarray]) -> None:
        self._model = functools.partial(MODELS[name], dropout=case.dropout, conv=self.conv)
        self._random = np.random.default_rng(0)
        arrays = {path: jnp.asarray(value) for path, value in weights.items()}
        statistics = {path: arrays.pop(path) for path in list(arrays) if "/moving_" in path}
        first, second = (jax.tree.map(jnp.zeros_like, arrays) for _ in range(2))
        count, key, told = jnp.zeros((), "int32"), jax.random.key(0), jnp.zeros(2)
        self._state: State = (arrays, statistics, first, second, count, key, told)

    @property
    def parameters(self) -> int:
        """How many numbers are trained."""
        return sum(value.size for value in self._state[0].values())

    def _order(self, steps: int, *, shuffle: bool) -> np.ndarray:
        """The samples of each batch: (steps, batch)."""
        order = np.arange(steps * BATCH, dtype="int32")
        if shuffle:
            self._random.shuffle(order)
        return order.reshape(-1, BATCH)

    def _mean(self, steps: int) -> tuple[float, float]:
        """Loss and accuracy of so many steps, and begin to count again."""
        *others, told = self._state
        self._state = (*others, jnp.zeros(2))
        loss, hits = np.asarray(told).tolist()
        return loss / steps, hits / (steps * BATCH)

    def _step(self, state: State, x: Any, y: Any) -> State:
        weights, statistics, first, second, count, key, told = state
        key, now = jax.random.split(key)

        def loss_of(weights: Any) -> Any:
            logits, changed = self._model(weights | statistics, x, now)
            return _cross_entropy(logits, y), (changed, _hits(logits, y))

        (loss, (changed, hits)), gradients = jax.value_and_grad(loss_of, has_aux=True)(weights)
        count = count + 1
        alpha = _RATE * jnp.sqrt(1 - _BETA_2**count) / (1 - _BETA_1**count)
        first = _map(lambda m, g: m + (g - m) * (1 - _BETA_1), first, gradients)
        second = _map(lambda v, g: v + (g * g - v) * (1 - _BETA_2), second, gradients)
        weights = _map(lambda w, m, v: w - alpha * m / (jnp.sqrt(v) + _EPSILON), weights, first, second)
        told = told + jnp.stack([loss, hits])
        return weights, statistics | changed, first, second, count, key, told

    def _logits(self, weights: Any, statistics: Any, x: Any) -> Any:
        return self._model(weights | statistics, x, None)[0]


class Fused(_HandWritten):
    """An epoch, and all of predict, as one program."""

    conv = staticmethod(conv_in_loop)

    def __init__(self, name: str, case: Case, weights: Mapping[str, np.ndarray]) -> None:
        super().__init__(name, case, weights)
        self._data = tuple(map(jnp.asarray, case.data()))
        self._epoch = jax.jit(self._run_epoch, donate_argnums=0)
        self._forward = jax.jit(self._run_forward)

    def fit(self, steps: int, *, shuffle: bool) -> tuple[float, float]:
        """One epoch; the mean loss and accuracy."""
        order = np.zeros((len(self._data[0]) // BATCH, BATCH), "int32")
        order[:steps] = self._order(steps, shuffle=shuffle)
        self._state = self._epoch(self._state, self._data, order, steps)
        return self._mean(steps)

    def predict(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self._forward(*self._state[:2], x))

    def _run_epoch(self, state: State, data: Any, order: Any, steps: Any) -> State:
        def turn(index: Any, state: State) -> State:
            rows = lax.dynamic_index_in_dim(order, index, keepdims=False)
            return self._step(state, *(array.at[rows].get(mode="promise_in_bounds") for array in data))

        return lax.fori_loop(0, steps, turn, state)

    def _run_forward(self, weights: Any, statistics: Any, x: Any) -> Any:
        batches = x.reshape(-1, BATCH, *x.shape[1:])
        return lax.map(lambda batch: self._logits(weights, statistics, batch), batches).reshape(len(x), -1)


class Stepwise(_HandWritten):
    """A call of a program a batch; nothing is waited for before the end."""

    conv = staticmethod(conv_alone)

    def __init__(self, name: str, case: Case, weights: Mapping[str, np.ndarray]) -> None:
        super().__init__(name, case, weights)
        self._data = case.data()
        self._one = jax.jit(self._step, donate_argnums=0)
        self._check = jax.jit(self._test, donate_argnums=0)
        self._forward = jax.jit(self._logits)

    def fit(self, steps: int, *, shuffle: bool) -> tuple[float, float]:
        """One epoch; the mean loss and accuracy."""
        rows_of_batches = self._order(steps, shuffle=shuffle)
        return self.fit_on(tuple(array[rows] for array in self._data) for rows in rows_of_batches)

    def predict(self, x: np.ndarray) -> np.ndarray:
        return self.predict_on((x[start : start + BATCH],) for start in range(0, len(x), BATCH))

    def fit_on(self, batches: Iterable[Any]) -> tuple[float, float]:
        """A step on each batch `(x, y)`; the mean loss and accuracy."""
        steps = 0
        for batch in batches:
            self._state = self._one(self._state, *map(np.asarray, batch))
            steps += 1
        return self._mean(steps)

    def evaluate_on(self, batches: Iterable[Any]) -> tuple[float, float]:
        """The mean loss and accuracy."""
        steps, told = 0, jnp.zeros(2)
        for batch in batches:
            told = self._check(told, *self._state[:2], *map(np.asarray, batch))
            steps += 1
        loss, hits = np.asarray(told).tolist()
        return loss / steps, hits / (steps * BATCH)

    def predict_on(self, batches: Iterable[Any]) -> np.ndarray:
        """The logits of batches `(x, ...)`."""
        logits = [self._forward(*self._state[:2], np.asarray(batch[0])) for batch in batches]
        return np.concatenate(jax.device_get(logits))

    def _test(self, told: Any, weights: Any, statistics: Any, x: Any, y: Any) -> Any:
        logits = self._logits(weights, statistics, x)
        return told + jnp.stack([_cross_entropy(logits, y), _hits(logits, y)])


def _cross_entropy(logits: Any, y: Any) -> Any:
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1).mean()


def _hits(logits: Any, y: Any) -> Any:
    return (logits.argmax(-1) == y).sum().astype("float32")


def _map(formula: Callable[..., Any], *trees: Any) -> Any:
    return jax.tree.map(formula, *trees)


FORMS = {"fused": Fused, "stepwise": Stepwise}

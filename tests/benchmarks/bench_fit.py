"""Time of a training step of an MLP: layerlab, Keras on JAX and hand-written JAX loops, in one run.

Prints microseconds a step (median of rounds, in alternating order) and ratios. Needs a quiet machine.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
import jax.numpy as jnp
import keras
import numpy as np

import layerlab

SAMPLES, BATCH, ROUNDS = 32_000, 32, 5


def main() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(SAMPLES, 784)).astype("float32")
    y = random.integers(0, 10, SAMPLES).astype("int32")
    contestants = {
        "layerlab": epoch_of(layerlab, x, y),
        "keras": epoch_of(keras, x, y),
        "hand-written, step by step": hand_written(x, y),
        "hand-written, fused": hand_written_fused(x, y),
    }
    for run in contestants.values():
        run()  # compiles
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for round_number in range(ROUNDS):
        names = list(contestants)
        for name in names if round_number % 2 else reversed(names):
            start = time.perf_counter()
            contestants[name]()
            seconds[name].append(time.perf_counter() - start)
    report({name: statistics.median(values) / (SAMPLES / BATCH) * 1e6 for name, values in seconds.items()})


def report(per_step: dict[str, float]) -> None:
    print(f"{'MLP 784-128-10, batch 32, JAX':32} us/step  times layerlab")
    for name, value in per_step.items():
        print(f"{name:32} {value:7.0f}  {value / per_step['layerlab']:.2f}")


def epoch_of(library, x: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    """One epoch of fit; layerlab and Keras take the same lines."""
    model = library.Sequential(
        [
            library.Input((784,)),
            library.layers.Dense(128, activation="relu"),
            library.layers.Dropout(0.2),
            library.layers.Dense(10),
        ]
    )
    loss = library.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss)
    return lambda: model.fit(x, y, batch_size=BATCH, verbose=0)


def hand_written_step() -> tuple[Any, Any]:
    """(state, step) of the same model and Adam, written for JAX by hand; `step(state, x, y)`."""
    random = np.random.default_rng(1)
    weights = [
        jnp.asarray(random.normal(size=(784, 128)).astype("float32") * 0.05),
        jnp.zeros(128),
        jnp.asarray(random.normal(size=(128, 10)).astype("float32") * 0.1),
        jnp.zeros(10),
    ]
    zeros = [jnp.zeros_like(w) for w in weights]
    state = (weights, zeros, [z + 0 for z in zeros], jnp.zeros((), "int32"), jax.random.key(0))

    def loss_of(weights, x, y, key):
        hidden = jax.nn.relu(x @ weights[0] + weights[1])
        hidden = jnp.where(jax.random.bernoulli(key, 0.8, hidden.shape), hidden / 0.8, 0.0)
        logits = jax.nn.log_softmax(hidden @ weights[2] + weights[3])
        return -jnp.take_along_axis(logits, y[:, None], axis=1).mean()

    def step(state, x, y):
        weights, first, second, count, key = state
        key, now = jax.random.split(key)
        loss, gradients = jax.value_and_grad(loss_of)(weights, x, y, now)
        count = count + 1
        rate = 1e-3 * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        first = [m + (g - m) * 0.1 for m, g in zip(first, gradients, strict=True)]
        second = [v + (g * g - v) * 0.001 for v, g in zip(second, gradients, strict=True)]
        moments = zip(weights, first, second, strict=True)
        weights = [w - rate * m / (jnp.sqrt(v) + 1e-7) for w, m, v in moments]
        return (weights, first, second, count, key), loss

    return state, step


def hand_written(x: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    """One call of a compiled step a batch."""
    random = np.random.default_rng(2)
    state, step = hand_written_step()
    compiled = jax.jit(step, donate_argnums=0)

    def epoch() -> object:
        nonlocal state
        order = random.permutation(SAMPLES)
        for start in range(0, SAMPLES, BATCH):
            index = order[start : start + BATCH]
            state, loss = compiled(state, x[index], y[index])
        return float(loss)

    return epoch


def hand_written_fused(x: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    """An epoch as one program, with the data set on the device."""
    random = np.random.default_rng(2)
    state, step = hand_written_step()
    data = jnp.asarray(x), jnp.asarray(y)

    def program(state, data, order):
        def body(index, carry):
            state, _ = carry
            rows = order[index]
            return step(state, data[0][rows], data[1][rows])

        return jax.lax.fori_loop(0, order.shape[0], body, (state, jnp.zeros(())))

    compiled = jax.jit(program, donate_argnums=0)

    def epoch() -> object:
        nonlocal state
        order = random.permutation(SAMPLES).reshape(-1, BATCH).astype("int32")
        state, loss = compiled(state, data, order)
        return float(loss)

    return epoch


if __name__ == "__main__":
    main()

"""The same ten steps by Keras and by layerlab, for the tests of optimizers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import keras
import numpy as np

from layerlab.core.variable import Variable
from layerlab.optimizers import Optimizer

__all__ = ["SHAPES", "keras_steps", "make_gradients", "make_variables", "our_steps", "starts"]

SHAPES = {"layer/kernel": (3, 4), "layer/bias": (4,), "conv/kernel": (2, 2, 3), "scale": ()}


def starts() -> list[np.ndarray]:
    """First values of the variables."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype("float32") for shape in SHAPES.values()]


def make_gradients(steps: int = 10) -> list[list[np.ndarray]]:
    """A gradient for each variable in each step, some of them large."""
    rng = np.random.default_rng(1)
    return [
        [(rng.normal(size=shape) * 10 ** rng.uniform(-2, 1)).astype("float32") for shape in SHAPES.values()]
        for _ in range(steps)
    ]


def make_variables() -> list[Variable]:
    """Variables of layerlab with those first values."""
    variables = [
        Variable(start, name=path.split("/")[-1]) for path, start in zip(SHAPES, starts(), strict=True)
    ]
    for path, variable in zip(SHAPES, variables, strict=True):
        variable.path = path  # as if layers had made them
    return variables


def keras_steps(optimizer: Any, gradients: Sequence[Sequence[Any]]) -> dict[str, list[np.ndarray]]:
    """Values of the model's and of the optimizer's variables after the steps, by Keras on JAX."""
    variables = [
        keras.Variable(start, name=path.split("/")[-1]) for path, start in zip(SHAPES, starts(), strict=True)
    ]
    optimizer.build(variables)
    model, slots = [v.value for v in variables], [v.value for v in optimizer.variables]
    step = jax.jit(optimizer.stateless_apply)  # its eager steps compile again and again
    for gradient in gradients:
        model, slots = step(slots, gradient, model)
    return {
        "model": [np.asarray(value) for value in model],
        "optimizer": [np.asarray(value) for value in slots],
    }


def our_steps(optimizer: Optimizer, gradients: Sequence[Sequence[Any]]) -> dict[str, list[np.ndarray]]:
    """The same by layerlab, on the active back end."""
    variables = make_variables()
    for step in gradients:
        optimizer.apply(step, variables)
    return {
        "model": [variable.numpy() for variable in variables],
        "optimizer": [variable.numpy() for variable in optimizer.variables],
    }

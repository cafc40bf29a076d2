"""Each optimizer makes the steps of Keras', its slots included, on each back end."""

from __future__ import annotations

import functools
import json
from typing import Any

import keras
import numpy as np
import pytest

from layerlab import optimizers
from layerlab.backend.active import backend as active
from layerlab.core.state import StateScope
from layerlab.core.variable import Variable
from tests.helpers import tolerance
from tests.optimizers.steps import keras_steps, make_gradients, make_variables, our_steps, starts

FORMULAS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.8, "nesterov": True}),
    ("RMSprop", {}),
    ("RMSprop", {"rho": 0.8, "momentum": 0.5, "epsilon": 1e-3, "centered": True}),
    ("Adam", {}),
    ("Adam", {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-4, "amsgrad": True}),
    ("AdamW", {}),
    ("Adadelta", {"learning_rate": 1.0, "rho": 0.9}),
    ("Adagrad", {"initial_accumulator_value": 0.3}),
    ("Adamax", {}),
    ("Nadam", {"beta_1": 0.85}),
    ("Ftrl", {}),
    (
        "Ftrl",
        {
            "learning_rate_power": -0.7,
            "l1_regularization_strength": 0.1,
            "l2_regularization_strength": 0.2,
            "l2_shrinkage_regularization_strength": 0.3,
            "beta": 0.4,
        },
    ),
    ("Lion", {"beta_1": 0.8}),
    ("Adafactor", {}),
    ("Adafactor", {"relative_step": False, "clip_threshold": 0.5, "beta_2_decay": -0.6}),
    ("Lamb", {}),
    ("Muon", {"learning_rate": 0.01}),
    ("Muon", {"nesterov": False, "exclude_layers": ["bias"], "rms_rate": None, "ns_steps": 3}),
]
COMMON: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"clipnorm": 0.7}),
    ("SGD", {"clipvalue": 0.2}),
    ("Adam", {"global_clipnorm": 1.5}),
    ("SGD", {"weight_decay": 0.1, "momentum": 0.5}),
    ("Muon", {"weight_decay": 0.1, "adam_weight_decay": None}),
    ("Adam", {"use_ema": True, "ema_momentum": 0.8}),
    ("SGD", {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3}),
    ("SGD", {"loss_scale_factor": 8.0}),
    ("Adam", {"gradient_accumulation_steps": 3}),
    ("Nadam", {"gradient_accumulation_steps": 2, "clipnorm": 1.0, "weight_decay": 0.01}),
    (
        "SGD",
        {"gradient_accumulation_steps": 2, "use_ema": True, "ema_overwrite_frequency": 2, "momentum": 0.9},
    ),
]


def settings_of(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"learning_rate": 0.05, **arguments}


@functools.cache
def expected(name: str, arguments: str) -> dict[str, list[np.ndarray]]:
    return keras_steps(
        getattr(keras.optimizers, name)(**settings_of(json.loads(arguments))), make_gradients()
    )


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "arguments"), FORMULAS + COMMON)
def test_ten_steps_give_the_variables_of_keras(backend: str, name: str, arguments: dict[str, Any]) -> None:
    theirs = expected(name, json.dumps(arguments))
    ours = our_steps(getattr(optimizers, name)(**settings_of(arguments)), make_gradients())
    assert len(ours["optimizer"]) == len(theirs["optimizer"])
    for kind in ("model", "optimizer"):
        for value, wanted in zip(ours[kind], theirs[kind], strict=True):
            np.testing.assert_allclose(value, wanted, **tolerance())


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "arguments"), [*FORMULAS[::3], *COMMON])
def test_compiled_steps_give_the_variables_of_keras(name: str, arguments: dict[str, Any]) -> None:
    jax = pytest.importorskip("jax")
    theirs = expected(name, json.dumps(arguments))
    variables = make_variables()
    optimizer = getattr(optimizers, name)(**settings_of(arguments))
    optimizer.build(variables)
    everything = [*variables, *optimizer.variables]

    @jax.jit
    def step(values: list[Any], gradients: list[Any]) -> list[Any]:
        with StateScope(zip(everything, values, strict=True)) as scope:
            optimizer.apply(gradients, variables)
            return [scope.read(variable) for variable in everything]

    values = [variable.value for variable in everything]
    for gradients in make_gradients():
        values = step(values, gradients)
    assert step._cache_size() == 1  # nothing in the state changes its type
    for value, wanted in zip(values, [*theirs["model"], *theirs["optimizer"]], strict=True):
        np.testing.assert_allclose(np.asarray(value), wanted, **tolerance())
    for variable, start in zip(variables, starts(), strict=True):
        np.testing.assert_array_equal(variable.numpy(), start)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Nadam", "Lamb"])
def test_sixteen_bit_variables_keep_their_dtype(backend: str, name: str) -> None:
    variables = [Variable(start, dtype="bfloat16") for start in starts()[:2]]
    optimizer = getattr(optimizers, name)(0.1, gradient_accumulation_steps=2, weight_decay=0.1, use_ema=True)
    for gradients in make_gradients(4):
        optimizer.apply(gradients[:2], variables)
    for variable in [*variables, *optimizer.variables[2:]]:
        assert active().dtype_name(variable.value) == "bfloat16"
    assert all(np.isfinite(variable.numpy().astype("float32")).all() for variable in variables)


@pytest.mark.oracle
@pytest.mark.parametrize("scale", [2.0**15, 4.0])
def test_loss_scale_optimizer_leaves_out_steps_that_overflow(backend: str, scale: float) -> None:
    gradients = [[g * scale for g in step] for step in make_gradients(6)]
    gradients[2][1] = np.full((4,), np.inf, "float32")
    inner = optimizers.Adam(0.05)
    optimizer = optimizers.LossScaleOptimizer(inner, initial_scale=scale, dynamic_growth_steps=3)
    ours = our_steps(optimizer, gradients)["model"]
    # By hand: step 2 is left out and halves the scale; steps 3, 4 and 5 are finite and double it again.
    factors = [scale, scale, None, scale / 2, scale / 2, scale / 2]
    unscaled = [[g / f for g in step] for step, f in zip(gradients, factors, strict=True) if f is not None]
    for value, wanted in zip(ours, keras_steps(keras.optimizers.Adam(0.05), unscaled)["model"], strict=True):
        np.testing.assert_allclose(value, wanted, **tolerance())
    assert float(optimizer.dynamic_scale) == scale
    assert int(optimizer.step_counter) == 0
    assert int(inner.iterations) == 5
    assert float(active().to_numpy(optimizer.scale_loss(active().asarray(2.0)))) == 2 * scale

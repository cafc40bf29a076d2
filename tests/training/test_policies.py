"""Training with each dtype policy."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import layerlab as keras
from tests.training.models import classes


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_policies_train_with_float32_weights(backend: str, policy: str) -> None:
    x, y = classes(30)
    keras.config.set_dtype_policy(policy)
    try:
        inputs = keras.Input((4,))
        hidden = keras.layers.Dense(8, activation="relu")(inputs)
        model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax", dtype="float32")(hidden))
        model.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
        losses = model.fit(x, y, batch_size=10, epochs=10, verbose=0).history["loss"]
    finally:
        keras.config.set_dtype_policy("float32")

    assert np.isfinite(losses).all()
    assert losses[-1] < 0.9 * losses[0]
    assert {weight.dtype.name for weight in model.get_weights()} == {"float32"}
    assert hidden.dtype == policy.removeprefix("mixed_")
    is_scaled = type(model.optimizer).__name__ == "LossScaleOptimizer"
    assert is_scaled == (policy == "mixed_float16")


def test_a_loss_scale_that_is_too_large_is_halved_and_its_step_left_out(backend: str) -> None:
    keras.config.set_dtype_policy("mixed_float16")
    try:
        inputs = keras.Input((2,))
        model = keras.Model(inputs, keras.layers.Dense(1, kernel_initializer="ones")(inputs))
        inner = keras.optimizers.SGD(0.1)
        model.compile(keras.optimizers.LossScaleOptimizer(inner, initial_scale=2.0**24), "mse")
        before = model.get_weights()
        model.train_on_batch(np.ones((4, 2)), np.zeros((4, 1)))
    finally:
        keras.config.set_dtype_policy("float32")

    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert float(model.optimizer.dynamic_scale) == 2.0**23


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jax", "torch"])
def test_float64_trains_in_float64(name: str) -> None:
    # In a process of its own: JAX's 64-bit types, which are the user's to switch on, stay so.
    script = """
        import jax
        import numpy as np
        import layerlab as keras
        jax.config.update("jax_enable_x64", True)
        keras.config.set_floatx("float64")
        x = np.linspace(-1, 1, 12).reshape(6, 2)
        y = x.sum(axis=1, keepdims=True)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="zeros")])
        model.compile(keras.optimizers.SGD(0.1), "mse")
        model.fit(x, y, batch_size=6, epochs=3, verbose=0)
        kernel, bias = model.get_weights()
        w, b = np.zeros((2, 1)), np.zeros(1)
        for _ in range(3):
            error = x @ w + b - y
            w, b = w - 0.1 * 2 * x.T @ error / 6, b - 0.1 * 2 * error.mean()
        assert kernel.dtype == bias.dtype == model.predict(x, verbose=0).dtype == np.float64
        np.testing.assert_allclose(kernel, w, rtol=1e-12)
        np.testing.assert_allclose(bias, b, atol=1e-12)
    """
    environment = {"LAYERLAB_BACKEND": name, "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]

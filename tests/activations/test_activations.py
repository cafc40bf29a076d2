"""Activations: their numbers and gradients, symbolic use, names."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np
import pytest

from layerlab import activations
from layerlab.backend.active import backend as active
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import InvalidArgumentError, UnknownNameError
from tests.helpers import tolerance

CASES: list[tuple[str, dict[str, Any]]] = [
    *(
        (name, {})
        for name in activations.__all__  # type: ignore[attr-defined]
        if name not in ("get", "serialize", "deserialize", "threshold")
    ),
    ("relu", {"negative_slope": 0.3}),
    ("relu", {"max_value": 1.5}),
    ("relu", {"max_value": 6.0}),
    ("relu", {"threshold": 0.7}),
    ("relu", {"negative_slope": 0.2, "max_value": 1.0, "threshold": 0.5}),
    ("leaky_relu", {"negative_slope": 0.01}),
    ("softmax", {"axis": 0}),
    ("log_softmax", {"axis": 0}),
    ("elu", {"alpha": 0.5}),
    ("celu", {"alpha": 2.0}),
    ("gelu", {"approximate": True}),
    ("glu", {"axis": 0}),
    ("soft_shrink", {"threshold": 1.0}),
    ("hard_shrink", {"threshold": 1.0}),
    ("squareplus", {"b": 2}),
    ("threshold", {"threshold": 0.5, "default_value": -3.0}),
]
X = np.random.default_rng(3).normal(size=(4, 6), scale=2).astype("float32")


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_values_and_gradients_equal_those_of_keras(
    backend: str, name: str, arguments: dict[str, Any]
) -> None:
    theirs, ours = getattr(keras.activations, name), getattr(activations, name)
    x = active().asarray(X)
    np.testing.assert_allclose(
        active().to_numpy(ours(x, **arguments)),
        np.asarray(theirs(keras.ops.array(X), **arguments)),
        **tolerance(),
    )
    weights = np.cos(np.arange(X.size // (2 if name == "glu" else 1))).astype("float32")
    expected = jax.grad(lambda x: (theirs(x, **arguments).reshape(-1) * weights).sum())(X)
    w = active().asarray(weights)
    _, gradients = active().value_and_grad(lambda tree: (ours(tree["x"], **arguments).reshape(-1) * w).sum())(
        {"x": x}
    )
    np.testing.assert_allclose(active().to_numpy(gradients["x"]), expected, **tolerance())


@pytest.mark.slow
def test_sparsemax_sums_to_one_along_any_axis(backend: str) -> None:  # that of Keras 3.15 only along the last
    columns = active().to_numpy(activations.sparsemax(active().asarray(X), axis=0))
    rows = active().to_numpy(activations.sparsemax(active().asarray(X.T)))
    np.testing.assert_allclose(columns, rows.T, **tolerance())
    np.testing.assert_allclose(columns.sum(axis=0), np.ones(6), **tolerance())


def test_relu_and_its_gradient_are_zero_at_zero(backend: str) -> None:
    zero = active().asarray(np.zeros(1, "float32"))
    for arguments in ({}, {"max_value": 6.0}):
        value, gradients = active().value_and_grad(
            lambda tree, kw=arguments: activations.relu(tree["x"], **kw).sum()  # type: ignore[attr-defined]
        )({"x": zero})
        assert float(value) == 0
        assert float(active().to_numpy(gradients["x"])[0]) == 0


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_dtype_stays(backend: str, dtype: str) -> None:
    x = active().asarray(X, dtype)
    for name, arguments in CASES:
        assert active().dtype_name(getattr(activations, name)(x, **arguments)) == dtype, name


@pytest.mark.slow
def test_symbolic_tensors_give_symbolic_tensors(backend: str) -> None:
    for name, arguments in CASES:
        if "axis" in arguments:
            continue
        result = getattr(activations, name)(KerasTensor((None, 6), "float32"), **arguments)
        assert isinstance(result, KerasTensor), name
        assert result.shape == ((None, 3) if name == "glu" else (None, 6)), name


@pytest.mark.oracle
def test_every_public_name_of_keras_is_here() -> None:
    assert {name for name in dir(keras.activations) if not name.startswith("_")} <= set(activations.__all__)  # type: ignore[attr-defined]


def test_names_go_to_functions_and_back() -> None:
    for name, _ in CASES:
        function = activations.get(name)
        assert function is getattr(activations, name)
        assert activations.get(activations.serialize(function)) is function
    assert activations.serialize(activations.swish) == "silu"
    assert activations.get(None) is activations.linear
    assert activations.get(abs) is abs


def test_the_form_of_files_is_understood() -> None:
    saved = {"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "function"}
    assert activations.deserialize(saved) is activations.relu
    own = {"module": "builtins", "class_name": "function", "config": "mine", "registered_name": "mine"}
    assert activations.deserialize(own, custom_objects={"mine": abs}) is abs


def test_wrong_names_are_named() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown activation 'rleu'. Did you mean 'relu'"):
        activations.get("rleu")
    with pytest.raises(InvalidArgumentError):
        activations.get(3)

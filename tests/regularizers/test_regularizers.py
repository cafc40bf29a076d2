"""Penalties: their numbers, gradients, configs and names."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from layerlab import regularizers
from layerlab.backend.active import backend as active
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, ShapeError, UnknownNameError
from tests.helpers import tolerance

CASES: list[tuple[str, dict[str, Any]]] = [
    ("L1", {"l1": 0.3}),
    ("L2", {"l2": 0.2}),
    ("L1L2", {"l1": 0.1, "l2": 0.4}),
    ("L1L2", {}),
    ("OrthogonalRegularizer", {"factor": 0.5}),
    ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_penalties_equal_those_of_keras(backend: str, name: str, arguments: dict[str, Any]) -> None:
    x = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")
    expected = float(getattr(keras.regularizers, name)(**arguments)(keras.ops.array(x)))
    regularizer = getattr(regularizers, name)(**arguments)
    for given in (active().asarray(x), Variable(x)):
        penalty = regularizer(given)
        assert active().dtype_name(penalty) == "float32"
        np.testing.assert_allclose(active().to_numpy(penalty), expected, **tolerance())


@pytest.mark.slow
def test_gradients_are_finite_at_zero(backend: str) -> None:
    zero = active().asarray(np.zeros((3, 3), "float32"))
    for name, arguments in CASES:
        regularizer = getattr(regularizers, name)(**arguments)
        _, gradient = active().value_and_grad(lambda tree, call=regularizer: call(tree["x"]))({"x": zero})
        assert np.isfinite(active().to_numpy(gradient["x"])).all(), name


@pytest.mark.oracle
def test_configs_equal_those_of_keras_and_go_back() -> None:
    for name, arguments in CASES:
        ours = getattr(regularizers, name)(**arguments)
        theirs = keras.regularizers.serialize(getattr(keras.regularizers, name)(**arguments))
        for key, value in theirs["config"].items():  # Keras has rounded some to float32
            if isinstance(value, float):
                theirs["config"][key] = pytest.approx(value, rel=1e-6)
        assert regularizers.serialize(ours) == theirs
        assert regularizers.deserialize(regularizers.serialize(ours)).get_config() == ours.get_config()


@pytest.mark.oracle
def test_every_public_name_of_keras_is_here() -> None:
    assert {name for name in dir(keras.regularizers) if not name.startswith("_")} <= set(regularizers.__all__)  # type: ignore[attr-defined]


def test_get_understands_names_configs_classes_and_callables() -> None:
    assert regularizers.get(None) is None
    for name, cls in (("l2", "L2"), ("L1", "L1"), ("l1_l2", "L1L2"), ("l1l2", "L1L2")):
        assert type(regularizers.get(name)).__name__ == cls
    assert type(regularizers.get("orthogonal_regularizer")).__name__ == "OrthogonalRegularizer"
    assert regularizers.get({"class_name": "L2", "config": {"l2": 0.5}}).l2 == 0.5
    assert isinstance(regularizers.get(regularizers.L1), regularizers.L1)
    assert regularizers.get(abs) is abs


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'l1_l2'"):
        regularizers.get("l1_l3")
    for value in (-1, float("nan"), float("inf"), "much"):
        with pytest.raises(InvalidArgumentError, match="`l2`"):
            regularizers.L2(value)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="columns"):
        regularizers.OrthogonalRegularizer(mode="diagonals")
    with pytest.raises(ShapeError, match=r"\(2, 2, 2\)"):
        regularizers.OrthogonalRegularizer()(np.ones((2, 2, 2)))

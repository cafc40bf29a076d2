"""Constraints: their numbers, configs and names."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from layerlab import constraints
from layerlab.backend.active import backend as active
from layerlab.core.variable import Variable
from layerlab.errors import UnknownNameError
from tests.helpers import tolerance

CASES: list[tuple[str, dict[str, Any]]] = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 1.5, "axis": [0, 1]}),
    ("NonNeg", {}),
    ("UnitNorm", {"axis": 1}),
    ("MinMaxNorm", {"min_value": 1.0, "max_value": 1.2, "rate": 0.5, "axis": 1}),
]


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_weights_equal_those_of_keras(backend: str, name: str, arguments: dict[str, Any]) -> None:
    w = np.random.default_rng(2).normal(size=(4, 3)).astype("float32")
    w[:, 1] = 0
    expected = np.asarray(getattr(keras.constraints, name)(**arguments)(keras.ops.array(w)))
    constraint = getattr(constraints, name)(**arguments)
    for given in (active().asarray(w), Variable(w)):
        np.testing.assert_allclose(active().to_numpy(constraint(given)), expected, **tolerance())


@pytest.mark.oracle
def test_configs_equal_those_of_keras_and_go_back() -> None:
    for name, arguments in CASES:
        ours = getattr(constraints, name)(**arguments)
        assert constraints.serialize(ours) == keras.constraints.serialize(
            getattr(keras.constraints, name)(**arguments)
        )
        assert constraints.deserialize(constraints.serialize(ours)).get_config() == ours.get_config()


@pytest.mark.oracle
def test_every_public_name_of_keras_is_here() -> None:
    assert {name for name in dir(keras.constraints) if not name.startswith("_")} <= set(constraints.__all__)  # type: ignore[attr-defined]


def test_get_understands_names_configs_and_callables() -> None:
    assert constraints.get(None) is None
    for name, cls in (("max_norm", "MaxNorm"), ("NonNeg", "NonNeg"), ("unit_norm", "UnitNorm")):
        assert type(constraints.get(name)).__name__ == cls
    assert constraints.get({"class_name": "UnitNorm", "config": {"axis": 1}}).axis == 1
    assert constraints.get(abs) is abs
    with pytest.raises(UnknownNameError, match="Did you mean 'non_neg'"):
        constraints.get("nonneg_")

"""Learning rate schedules: numbers of Keras at each step, configs, errors."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from layerlab.backend.active import backend as active
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError
from layerlab.optimizers import schedules
from tests.helpers import tolerance

CASES: list[tuple[str, dict[str, Any]]] = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9}),
    (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9, "staircase": True},
    ),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True},
    ),
    ("PiecewiseConstantDecay", {"boundaries": [5, 9], "values": [1.0, 0.5, 0.1]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "power": 2.0}),
    (
        "PolynomialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 6, "end_learning_rate": 0.01, "cycle": True},
    ),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 12, "alpha": 0.1}),
    (
        "CosineDecay",
        {
            "initial_learning_rate": 0.0,
            "decay_steps": 12,
            "alpha": 0.1,
            "warmup_target": 0.2,
            "warmup_steps": 5,
        },
    ),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 12, "warmup_target": 0.2}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5}),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 5, "t_mul": 1.0, "m_mul": 0.8, "alpha": 0.2},
    ),
]
STEPS = (0, 1, 4, 5, 6, 7, 10, 12, 15, 16, 23)  # boundaries and restarts among them


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_rates_equal_those_of_keras(backend: str, name: str, arguments: dict[str, Any]) -> None:
    theirs = getattr(keras.optimizers.schedules, name)(**arguments)
    ours = getattr(schedules, name)(**arguments)
    expected = [float(theirs(step)) for step in STEPS]
    rates = [ours(step) for step in STEPS]
    assert {active().dtype_name(rate) for rate in rates} == {"float32"}
    np.testing.assert_allclose([float(rate) for rate in rates], expected, **tolerance())


def test_steps_may_be_arrays_and_variables(backend: str) -> None:
    for name, arguments in CASES:
        schedule = getattr(schedules, name)(**arguments)
        wanted = float(schedule(8))
        step = active().asarray(8, "int32")
        for rate in (schedule(step), schedule(Variable(8, dtype="int32"))):
            np.testing.assert_allclose(float(rate), wanted, **tolerance())


def test_steps_may_be_without_value_yet() -> None:
    jax = pytest.importorskip("jax")
    for name, arguments in CASES:
        schedule = getattr(schedules, name)(**arguments)
        np.testing.assert_allclose(float(jax.jit(schedule)(8)), float(schedule(8)), **tolerance())


@pytest.mark.oracle
def test_configs_equal_those_of_keras_and_go_back() -> None:
    for name, arguments in CASES:
        ours = getattr(schedules, name)(**arguments)
        theirs = getattr(keras.optimizers.schedules, name)(**arguments)
        assert schedules.serialize(ours) == keras.optimizers.schedules.serialize(theirs)
        assert schedules.deserialize(schedules.serialize(ours)).get_config() == ours.get_config()


@pytest.mark.oracle
def test_every_public_name_of_keras_is_here() -> None:
    assert {name for name in dir(keras.optimizers.schedules) if name[0] != "_"} <= set(schedules.__all__)  # type: ignore[attr-defined]


def test_wrong_arguments_are_named() -> None:
    for make in (
        lambda: schedules.ExponentialDecay(0.1, 0, 0.9),
        lambda: schedules.InverseTimeDecay(0.1, -1, 0.9),
        lambda: schedules.PolynomialDecay(0.1, 0),
        lambda: schedules.CosineDecay(0.1, 0),
        lambda: schedules.CosineDecayRestarts(0.1, 0),
    ):
        with pytest.raises(InvalidArgumentError, match="decay_steps"):
            make()
    with pytest.raises(InvalidArgumentError, match="2 boundaries"):
        schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2])


def test_the_base_class_says_what_to_override() -> None:
    with pytest.raises(NotImplementedError, match="__call__"):
        schedules.LearningRateSchedule()(1)

"""`layerlab.config`: what is set is what is read, and wrong values change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from layerlab import config, ops
from layerlab.errors import InvalidArgumentError
from layerlab.settings import settings


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    before = dict(vars(settings))
    yield
    vars(settings).update(before)
    config.set_dtype_policy(None)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("backend", "torch"),
        ("backend", "numpy"),
        ("floatx", "float64"),
        ("epsilon", 0.5),
        ("image_data_format", "channels_first"),
    ],
)
def test_what_is_set_is_read(setting: str, value: Any) -> None:
    getattr(config, f"set_{setting}")(value)
    assert getattr(config, setting)() == value


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("backend", "tensorflow"),
        ("backend", None),
        ("floatx", "int32"),
        ("floatx", "mixed_float16"),
        ("floatx", None),
        ("epsilon", 0),
        ("epsilon", -1.0),
        ("epsilon", True),
        ("epsilon", "1e-7"),
        ("epsilon", float("nan")),
        ("epsilon", float("inf")),
        ("image_data_format", "channels_middle"),
        ("image_data_format", []),
    ],
)
def test_a_wrong_value_is_refused_and_changes_nothing(setting: str, value: Any) -> None:
    before = getattr(config, setting)()
    with pytest.raises(InvalidArgumentError):
        getattr(config, f"set_{setting}")(value)
    assert getattr(config, setting)() == before


def test_epsilon_may_be_a_numpy_number() -> None:
    config.set_epsilon(np.float32(0.25))
    assert config.epsilon() == 0.25


def test_floatx_may_be_a_dtype() -> None:
    config.set_floatx(np.float16)
    assert config.floatx() == "float16"


def test_floatx_is_the_dtype_of_what_is_created() -> None:
    config.set_floatx("float16")
    assert np.asarray(ops.ones(2)).dtype == "float16"
    assert config.dtype_policy().name == "float16"


def test_the_policy_follows_floatx_until_it_is_set() -> None:
    config.set_dtype_policy("mixed_float16")
    config.set_floatx("float64")
    assert config.dtype_policy().name == "mixed_float16"
    config.set_dtype_policy(None)
    assert config.dtype_policy().name == "float64"

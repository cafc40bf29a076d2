"""Any value as JSON that a browser can parse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from layerlab_jupyter.json_safe import json_safe


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (np.array(0.25), 0.25),
        (np.array(7, "uint8"), 7),
        (np.bool_(True), True),
        (np.array(np.nan), "nan"),
        (np.float32(-np.inf), "-inf"),
        ({"a": (np.int8(1), [np.array(2)])}, {"a": [1, [2]]}),
    ],
)
def test_numbers_of_numpy_are_numbers(value: Any, expected: Any) -> None:
    safe = json_safe(value)
    assert safe == expected and type(safe) is type(expected)


@dataclass(frozen=True)
class Point:
    """A record with another one in it."""

    x: float
    inner: Any = None


def test_a_dataclass_is_an_object_of_its_fields() -> None:
    value = Point(float("nan"), [Point(np.float32(0.5)), {"a": Point(1)}])
    assert json_safe(value) == {
        "x": "nan",
        "inner": [{"x": 0.5, "inner": None}, {"a": {"x": 1, "inner": None}}],
    }

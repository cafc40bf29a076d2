"""Any value as JSON that a browser can parse."""

from __future__ import annotations

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

"""What is an integer or a number among arguments."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from layerlab.numeric import as_ints, is_integer, is_number


@pytest.mark.parametrize("value", [0, -3, 2**70, np.int8(1), np.uint64(2**63)])
def test_integers_of_python_and_numpy(value: Any) -> None:
    assert is_integer(value) and is_number(value)


@pytest.mark.parametrize("value", [1.5, 2.0, float("nan"), np.float16(1), Fraction(1, 3)])
def test_numbers_that_are_no_integers(value: Any) -> None:
    assert is_number(value) and not is_integer(value)


@pytest.mark.parametrize("value", [True, np.True_, None, "1", 1j, [1], np.array([1])])
def test_what_is_neither(value: Any) -> None:
    assert not is_integer(value) and not is_number(value)


def test_one_or_several_integers() -> None:
    found = as_ints(np.int64(3)), as_ints([np.int32(1), 2]), as_ints(())
    assert found == ((3,), (1, 2), ())
    assert all(type(one) is int for ints in found for one in ints)

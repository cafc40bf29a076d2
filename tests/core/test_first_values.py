"""First values of weights that a file is about to overwrite: drawn only if it does not."""

from __future__ import annotations

import numpy as np
import pytest

from layerlab import initializers
from layerlab.core.first_values import first_values_postponed
from layerlab.core.variable import Variable


def test_a_random_value_waits_and_comes_as_it_would_have_come(backend: str) -> None:
    expected = Variable(initializers.GlorotUniform(seed=3), shape=(4, 5)).numpy()
    with first_values_postponed():
        variable = Variable(initializers.GlorotUniform(seed=3), shape=(4, 5))
        assert not variable.numpy().any()
    np.testing.assert_array_equal(variable.numpy(), expected)


def test_what_was_assigned_meanwhile_stays(backend: str) -> None:
    with first_values_postponed():
        variable = Variable(initializers.RandomNormal(seed=3), shape=(2,))
        variable.assign([1.0, 2.0])
    np.testing.assert_array_equal(variable.numpy(), [1, 2])


def test_only_random_values_wait(backend: str) -> None:
    with first_values_postponed():
        np.testing.assert_array_equal(Variable("ones", shape=(2,)).numpy(), [1, 1])
        np.testing.assert_array_equal(Variable([3.0, 4.0]).numpy(), [3, 4])


def test_nothing_is_drawn_after_an_error() -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("drawn")

    initializer = initializers.RandomNormal()
    initializer._normal = forbidden
    with pytest.raises(KeyError), first_values_postponed():
        Variable(initializer, shape=(2,))
        raise KeyError


def test_variables_made_later_do_not_wait(backend: str) -> None:
    with first_values_postponed():
        pass
    assert Variable(initializers.RandomNormal(seed=1), shape=(3,)).numpy().all()

"""Variable: values, assignment, arithmetic, and what other libraries see of it."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import torch

from layerlab import Variable, config, initializers, ops
from layerlab.core.context import autocast, name_scope
from layerlab.errors import InvalidArgumentError, ShapeError, UnknownNameError


def values(array: Any) -> list[Any]:
    return ops.convert_to_numpy(array).tolist()


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, "int32"),
        (1.0, "float32"),
        (True, "bool"),
        ([1, 2], "int32"),
        ([1.0, 2.0], "float32"),
        (np.float64(1), "float32"),
        (np.ones(2, "int64"), "int32"),
        (np.ones(2, "float16"), "float16"),
        (np.ones(2, "uint8"), "uint8"),
    ],
)
def test_dtype_is_that_of_the_value_in_32_bits(backend: str, value: Any, dtype: str) -> None:
    assert Variable(value).dtype == dtype


def test_a_dtype_that_is_given_rules(backend: str) -> None:
    assert Variable(1, dtype="float32").dtype == "float32"
    assert Variable([1.7], dtype="int32").numpy().tolist() == [1]
    assert Variable(initializers.Ones(), shape=(2,), dtype="bfloat16").dtype == "bfloat16"


def test_an_initializer_is_a_callable_a_name_or_an_array(backend: str) -> None:
    assert Variable(lambda shape, dtype: np.full(shape, 3.0), shape=(2,)).numpy().tolist() == [3.0, 3.0]
    assert Variable("ones", shape=(2,)).numpy().tolist() == [1.0, 1.0]
    assert Variable(initializers.Constant(2.0), shape=()).numpy() == 2.0
    assert Variable(0.5, shape=(3,)).numpy().tolist() == [0.5, 0.5, 0.5]


def test_wrong_beginnings_are_refused(backend: str) -> None:
    with pytest.raises(InvalidArgumentError, match=r"(?s)no shape.*shape="):
        Variable(initializers.Ones())
    with pytest.raises(UnknownNameError, match="Did you mean 'glorot_uniform'"):
        Variable("glorot_unifrom", shape=(2,))
    with pytest.raises(ShapeError, match=r"(?s)'v'.*Expected: \(3,\).*Got: \(2,\)"):
        Variable([1.0, 2.0], shape=(3,), name="v")
    with pytest.raises(InvalidArgumentError, match="cannot be named 'a/b'"):
        Variable(1.0, name="a/b")


def test_assign_replaces_adds_and_subtracts(backend: str) -> None:
    v = Variable([1.0, 2.0])
    assert v.assign([3, 4]).numpy().tolist() == [3.0, 4.0]
    assert v.assign_add([1, 1]).numpy().tolist() == [4.0, 5.0]
    assert v.assign_sub(Variable([4.0, 4.0])).numpy().tolist() == [0.0, 1.0]
    assert v.assign_add(2).numpy().tolist() == [2.0, 3.0]
    assert v.dtype == "float32"


def test_assigning_another_shape_is_refused_and_changes_nothing(backend: str) -> None:
    v = Variable([1.0, 2.0], name="v")
    with pytest.raises(ShapeError, match=r"(?s)'v'.*Expected: \(2,\).*Got: \(\)"):
        v.assign(1.0)
    assert v.numpy().tolist() == [1.0, 2.0]


def test_an_assigned_array_is_not_shared(backend: str) -> None:
    source = np.ones(2, "float32")
    v, w = Variable(source), Variable([0.0, 0.0])
    w.assign(v)
    source[:] = 5
    v.assign_add([1.0, 1.0])
    assert v.numpy().tolist() == [2.0, 2.0]
    assert w.numpy().tolist() == [1.0, 1.0]


def test_arithmetic_is_that_of_arrays(backend: str) -> None:
    v = Variable([[1.0, 2.0], [3.0, 4.0]])
    assert values(v + 1) == [[2.0, 3.0], [4.0, 5.0]]
    assert values(1 - v) == [[0.0, -1.0], [-2.0, -3.0]]
    assert values(6 / v)[1] == [2.0, 1.5]
    assert values(v * v - v**2) == [[0.0, 0.0], [0.0, 0.0]]
    assert values(v @ np.ones((2, 1), "float32")) == [[3.0], [7.0]]
    assert values(np.ones((1, 2), "float32") @ v) == [[4.0, 6.0]]
    assert values(-v)[0] == [-1.0, -2.0]
    assert values(v // 2) == [[0.0, 1.0], [1.0, 2.0]]
    assert values(v % 2) == [[1.0, 0.0], [1.0, 0.0]]
    assert values(v > 2) == [[False, False], [True, True]]
    assert values(v == v) == [[True, True], [True, True]]
    assert values(v[1]) == [3.0, 4.0]
    assert values(abs(-v)) == v.numpy().tolist()


@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")  # as torch.Tensor itself
def test_it_is_an_array_for_numpy_and_for_its_own_library(backend: str) -> None:
    v = Variable([1.0, 2.0])
    assert np.sum(v) == 3.0
    assert np.asarray(v, "float64").dtype == "float64"
    library: Any = {"jax": jnp, "torch": torch}[backend]
    assert float(library.sum(library.stack([v, v]))) == 6.0
    assert len(v) == 2 and [float(item) for item in v] == [1.0, 2.0]


def test_scalars_are_python_numbers(backend: str) -> None:
    assert (float(Variable(2.5)), int(Variable(2)), bool(Variable(False))) == (2.5, 2, False)
    with pytest.raises(TypeError, match="is a scalar"):
        len(Variable(1.0))


def test_it_is_a_dictionary_key_and_found_in_lists_by_identity(backend: str) -> None:
    v, w = Variable([1.0, 2.0]), Variable([1.0, 2.0])
    assert {v: 1, w: 2}[w] == 2
    assert [v, w].index(v) == 0


def test_it_says_what_it_is(backend: str) -> None:
    with name_scope("outer"):
        v = Variable(np.zeros((2, 3)), name="v")
    assert (v.shape, v.ndim, v.size, v.name, v.path) == ((2, 3), 2, 6, "v", "outer/v")
    assert repr(v) == "<Variable path=outer/v, shape=(2, 3), dtype=float32>"


def test_autocast_reads_floats_in_the_given_dtype_and_nothing_else(backend: str) -> None:
    kept = Variable([1.0], autocast=False)
    cast, integer = Variable([1.0]), Variable([1])
    with autocast("float16"):
        dtypes = [str(v.value.dtype).removeprefix("torch.") for v in (cast, kept, integer)]
        cast.assign_add([1 / 2048])  # lost in float16
    assert dtypes == ["float16", "float32", "int32"]
    assert cast.numpy()[0] == 1 + 1 / 2048
    assert cast.dtype == "float32"


def test_trainable_is_what_the_back_end_differentiates(backend: str) -> None:
    v = Variable([1.0])
    v.trainable = False
    assert not v.trainable
    if backend == "torch":
        assert not v.value.requires_grad  # type: ignore[attr-defined]
        v.trainable = True
        assert v.value.requires_grad and v.value.is_leaf  # type: ignore[attr-defined]


def test_a_variable_made_on_one_back_end_keeps_its_numbers_as_an_array_for_numpy() -> None:
    v = Variable([1.0, 2.0])
    config.set_backend("torch")
    try:
        assert np.asarray(v.own_value).tolist() == [1.0, 2.0]
    finally:
        config.set_backend("jax")

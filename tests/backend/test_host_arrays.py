"""NumPy arrays of every layout become arrays of a back end, with the values they have."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import ops
from layerlab.backend import active
from tests.data.layouts import LAYOUTS


@pytest.fixture(params=["jax", "torch", "numpy"])
def each(request: pytest.FixtureRequest) -> Any:
    keras.config.set_backend(request.param)
    yield request.param
    keras.config.set_backend("jax")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_read(each: str, layout: str) -> None:
    x = LAYOUTS[layout]()
    numbers = np.asarray(x).astype("float64").tolist()
    for array in (
        active.backend().asarray(x),
        active.backend().asarray(x, "float32"),
        ops.convert_to_tensor(x),
        ops.maximum(x, x),
        ops.where(np.asarray(x) >= 0, x, -1),
        keras.Variable(np.asarray(x)).value,
        keras.initializers.Constant(np.asarray(x))((6, 4)),
    ):
        assert ops.convert_to_numpy(array).astype("float64").tolist() == numbers


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_assigned(each: str, layout: str) -> None:
    x = np.asarray(LAYOUTS[layout]())
    numbers = x.astype("float64").tolist()
    layer = keras.layers.Dense(4, use_bias=False)
    layer.build((None, 6))

    layer.set_weights([x])
    assert layer.get_weights()[0].tolist() == numbers
    layer.kernel.assign(np.zeros((6, 4)))
    layer.kernel.assign(x)
    assert layer.kernel.numpy().tolist() == numbers
    updated = ops.scatter_update(np.zeros((6, 4), "float32"), np.arange(6)[::-1, None], x[::-1])
    assert ops.convert_to_numpy(updated).tolist() == numbers


def test_single_numbers_keep_their_shape_and_narrow_as_others_do(each: str) -> None:
    for number, dtype in (
        (np.array(3, ">f8"), "float32"),
        (np.longdouble(3), "float32"),
        (np.array(3, ">i8"), "int32"),
    ):
        array = ops.convert_to_tensor(number)
        assert array.shape == () and float(array) == 3.0
        assert active.backend().dtype_name(array) == dtype
    assert active.backend().dtype_name(ops.convert_to_tensor(np.array([3], np.clongdouble))) == "complex64"


def test_integers_that_do_not_fit_are_refused_in_either_byte_order(backend: str) -> None:
    for order in "<>":
        with pytest.raises(ValueError, match="do not fit into int32"):
            active.backend().asarray(np.array([2**40], f"{order}i8"))

"""Result dtypes over the kinds of input, and Python numbers that take the dtype of the array beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import keras
import numpy as np
import pytest

import layerlab
from layerlab import dtypes, ops
from layerlab.backend.active import backend as active
from layerlab.backend.active import use
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import DTypeError
from tests.ops.cases import words

DTYPES = ("bool", "uint8", "int8", "int32", "float16", "bfloat16", "float32")
UNARY = words("""
    absolute arctan argmax argsort all any ceil cos count_nonzero cumsum cumprod exp exp2 expm1
    floor isfinite isinf isnan log1p logical_not logsumexp max mean median min nan_to_num nanmax
    nanmean nansum negative norm normalize ones_like prod rad2deg reciprocal round sign sin
    sort sqrt square std sum tanh tile trunc var zeros_like
""")
ACTIVATIONS = words("""
    celu elu erf gelu hard_sigmoid hard_silu layer_normalization leaky_relu log_sigmoid log_softmax
    relu relu6 rms_normalization rsqrt selu sigmoid silu softmax softplus softsign sparse_plus squareplus
""")
BINARY = words("""
    add arctan2 divide divide_no_nan equal floor_divide fmax greater logaddexp logical_and matmul
    maximum minimum mod multiply outer power subtract tensordot
""")
# Keras answers "unsupported" or an accident of NumPy's for booleans; ours are the integers' rules.
NO_BOOL = words("""
    negative sign trunc nan_to_num reciprocal cumsum cumprod argmax sort argsort floor_divide mod
    power subtract median norm round matmul
""")
# float32 in Keras' graphs, although its values have 16 bits.
WIDE_IN_KERAS_GRAPHS = {"logsumexp", "normalize", "reciprocal"}


@pytest.fixture(params=["jax", "torch", "numpy"])
def any_backend(request: pytest.FixtureRequest) -> Iterator[str]:
    use(request.param)
    yield request.param
    use("jax")


def array(dtype: str) -> Any:
    return active().cast(active().asarray(np.array([[1, 2], [1, 1]]), "float32"), dtype)


def dtypes_on(name: str) -> list[str]:
    """Without bfloat16 on NumPy, which multiplies that with 2.5 in float32; nothing trains there."""
    return [dtype for dtype in DTYPES if not (name == "numpy" and dtype == "bfloat16")]


def options(name: str) -> dict[str, Any]:
    return {"tile": {"repeats": 2}, "tensordot": {"axes": 1}}.get(name, {})


@pytest.mark.parametrize("name", UNARY)
def test_result_dtypes_are_those_of_keras(name: str, any_backend: str) -> None:
    for dtype in dtypes_on(any_backend):
        if (dtype == "bool" and name in NO_BOOL) or (dtype.endswith("16") and name in WIDE_IN_KERAS_GRAPHS):
            continue
        theirs = getattr(keras.ops, name)(keras.KerasTensor((2, 2), dtype), **options(name)).dtype
        # Abstract on jax, where values would have to be compiled.
        x = KerasTensor((2, 2), dtype) if any_backend == "jax" else array(dtype)
        ours = ops.dtype(getattr(ops, name)(x, **options(name)))
        assert ours == theirs, f"{name}({dtype}) is {ours}, in Keras {theirs}"


@pytest.mark.parametrize("name", BINARY)
def test_two_dtypes_meet_where_those_of_keras_do(name: str, any_backend: str) -> None:
    for first in dtypes_on(any_backend):
        for second in dtypes_on(any_backend):
            if "bool" in (first, second) and name in NO_BOOL:
                continue
            pair = keras.KerasTensor((2, 2), first), keras.KerasTensor((2, 2), second)
            theirs = getattr(keras.ops, name)(*pair, **options(name)).dtype
            x, y = (KerasTensor((2, 2), d) if any_backend == "jax" else array(d) for d in (first, second))
            ours = ops.dtype(getattr(ops, name)(x, y, **options(name)))
            assert ours == theirs, f"{name}({first}, {second}) is {ours}, in Keras {theirs}"


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32"])
def test_python_numbers_take_the_dtype_of_the_array(dtype: str, any_backend: str) -> None:
    x = array(dtype)
    for number in (2, 2.5):
        results = [ops.add(x, number), ops.multiply(number, x), ops.power(x, number), ops.maximum(x, number)]
        results += [
            ops.where(x > 0, x, number),
            ops.clip(x, 0, number),
            ops.divide(number, x),
            ops.subtract(x, number),
        ]
        assert {ops.dtype(result) for result in results} == {dtype}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_and_normalizations_keep_the_precision(name: str, any_backend: str) -> None:
    for dtype in [one for one in dtypes_on(any_backend) if "float" in one]:
        assert ops.dtype(getattr(ops, name)(array(dtype))) == dtype


def test_numpy_float64_scalars_and_arrays_do_not_widen_the_result(backend: str) -> None:
    x = array("float32")
    assert ops.dtype(ops.multiply(x, np.float64(2))) == "float32"
    assert ops.dtype(ops.multiply(x, np.ones((2, 2)))) == "float32"
    assert ops.dtype(ops.add(np.arange(2), 1)) == "int32"


@pytest.mark.parametrize(
    ("wide", "narrow"), [("int64", "int32"), ("uint64", "uint32"), ("float64", "float32")]
)
def test_asking_for_64_bits_leaves_the_switch_of_jax_alone(backend: str, wide: str, narrow: str) -> None:
    expected = narrow if backend == "jax" else wide
    asked = {
        "cast": lambda: ops.cast(ops.convert_to_tensor([1, 2]), wide),
        "convert": lambda: ops.convert_to_tensor(np.array([1, 2], wide), wide),
        "zeros": lambda: ops.zeros((2,), dtype=wide),
        "arange": lambda: ops.arange(3, dtype=wide),
        "one_hot": lambda: ops.one_hot([0, 1], 2, dtype=wide),
        "variable": lambda: layerlab.Variable([1, 2], dtype=wide),
        "symbolic": lambda: ops.cast(layerlab.Input((2,)), wide),
    }
    found = {name: dtypes.standardize_dtype(make().dtype) for name, make in asked.items()}
    assert found == dict.fromkeys(asked, expected)
    assert not jax.config.jax_enable_x64
    assert jax.numpy.ones(2).dtype == "float32"


def test_integers_that_32_bits_cannot_hold_are_refused_on_jax(backend: str) -> None:
    if backend == "jax":
        with pytest.raises(DTypeError, match="do not fit into int32"):
            active().asarray([2**40], "int64")
    else:
        assert int(active().asarray([2**40], "int64")[0]) == 2**40
    with pytest.raises(DTypeError, match="do not fit into int32"):
        ops.convert_to_tensor([2**40])

"""First values of weights: numbers of Keras on JAX, on every back end; configs; names."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np
import pytest

from layerlab import initializers, layers
from layerlab.backend.active import backend as active
from layerlab.core.seed import SeedGenerator, set_random_seed
from layerlab.errors import DTypeError, InvalidArgumentError, ShapeError, UnknownNameError
from tests.helpers import tolerance

RANDOM: list[tuple[str, dict[str, Any]]] = [
    ("RandomNormal", {"mean": 1.0, "stddev": 0.3}),
    ("TruncatedNormal", {"mean": -1.0, "stddev": 2.0}),
    ("RandomUniform", {"minval": -2.0, "maxval": 3.0}),
    ("VarianceScaling", {"scale": 0.5, "mode": "fan_out", "distribution": "untruncated_normal"}),
    ("VarianceScaling", {"mode": "fan_avg", "distribution": "normal"}),
    ("VarianceScaling", {"distribution": "uniform", "input_axes": [0], "output_axes": [-1]}),
    ("GlorotUniform", {}),
    ("GlorotNormal", {}),
    ("HeUniform", {}),
    ("HeNormal", {}),
    ("LecunUniform", {}),
    ("LecunNormal", {}),
    ("Orthogonal", {"gain": 2.0}),
]


def numpy_of(x: Any) -> np.ndarray:
    return active().to_numpy(x)


@pytest.mark.oracle
@pytest.mark.parametrize("shape", [(7, 5), (3, 9), (3, 3, 4, 8)])
@pytest.mark.parametrize(("name", "arguments"), RANDOM)
def test_the_same_seed_gives_the_numbers_of_keras(
    backend: str, name: str, arguments: dict[str, Any], shape: tuple[int, ...]
) -> None:
    expected = np.asarray(getattr(keras.initializers, name)(**arguments, seed=1234567)(shape))
    value = getattr(initializers, name)(**arguments, seed=1234567)(shape)
    assert active().dtype_name(value) == "float32"
    np.testing.assert_allclose(numpy_of(value), expected, rtol=2e-6, atol=1e-6)


@pytest.mark.oracle
def test_set_random_seed_gives_the_numbers_of_keras_without_explicit_seeds(backend: str) -> None:
    keras.utils.set_random_seed(11)
    expected = [np.asarray(keras.initializers.GlorotUniform()((4, 3))) for _ in range(3)]
    set_random_seed(11)
    values = [numpy_of(initializers.GlorotUniform()((4, 3))) for _ in range(3)]
    np.testing.assert_allclose(values, expected, **tolerance())


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("name", "arguments", "shape"),
    [
        ("Zeros", {}, (2, 3)),
        ("Ones", {}, (4,)),
        ("Constant", {"value": 2.5}, (2, 2)),
        ("Identity", {"gain": 3.0}, (2, 4)),
        ("STFT", {}, (16, 1, 9)),
        ("STFT", {"side": "imag", "window": "hamming", "scaling": "spectrum", "periodic": True}, (16, 1, 9)),
        ("STFT", {"window": None, "scaling": None}, (8, 1, 5)),
    ],
)
def test_constants_equal_those_of_keras(
    backend: str, name: str, arguments: dict[str, Any], shape: tuple[int, ...]
) -> None:
    expected = np.asarray(getattr(keras.initializers, name)(**arguments)(shape))
    value = getattr(initializers, name)(**arguments)(shape)
    np.testing.assert_allclose(numpy_of(value), expected, **tolerance(scale=10))  # Keras' angles are float32


def test_constant_takes_an_array_that_broadcasts(backend: str) -> None:
    value = initializers.Constant(np.array([1.0, 2.0]))((3, 2), dtype="float16")
    assert active().dtype_name(value) == "float16"
    np.testing.assert_array_equal(numpy_of(value), [[1, 2], [1, 2], [1, 2]])


def test_an_integer_seed_repeats_and_a_seed_generator_goes_on(backend: str) -> None:
    fixed = initializers.RandomNormal(seed=5)
    np.testing.assert_array_equal(numpy_of(fixed((8,))), numpy_of(fixed((8,))))
    stream = initializers.RandomNormal(seed=SeedGenerator(5))
    first, second = numpy_of(stream((8,))), numpy_of(stream((8,)))
    np.testing.assert_array_equal(first, numpy_of(fixed((8,))))  # counter 0
    assert np.abs(first - second).max() > 1e-3


def test_orthogonal_columns_are_orthonormal(backend: str) -> None:
    q = numpy_of(initializers.Orthogonal(seed=1)((3, 4, 5)))
    np.testing.assert_allclose(q.reshape(12, 5).T @ q.reshape(12, 5), np.eye(5), **tolerance())


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_values_have_the_dtype_that_was_asked_for(backend: str, dtype: str) -> None:
    jax.config.update("jax_enable_x64", dtype == "float64")
    assert active().dtype_name(initializers.HeNormal(seed=1)((3, 3), dtype=dtype)) == dtype


@pytest.mark.oracle
def test_configs_equal_those_of_keras() -> None:
    for name, arguments in [
        *RANDOM,
        ("Constant", {"value": 2}),
        ("STFT", {}),
        ("Zeros", {}),
    ]:
        ours = getattr(initializers, name)(**arguments)
        theirs = getattr(keras.initializers, name)(**arguments)
        assert ours.get_config() == theirs.get_config()
        assert initializers.serialize(ours) == keras.initializers.serialize(theirs)


def test_a_config_gives_an_initializer_with_the_same_numbers(backend: str) -> None:
    for name, arguments in RANDOM:
        first = getattr(initializers, name)(**arguments, seed=3)
        again = initializers.deserialize(initializers.serialize(first))
        assert type(again) is type(first)
        np.testing.assert_array_equal(numpy_of(first((4, 4))), numpy_of(again((4, 4))))


def test_the_gain_of_identity_is_in_its_config() -> None:  # Keras 3.15 forgets it
    assert initializers.Identity(gain=2.0).get_config() == {"gain": 2.0}


@pytest.mark.oracle
def test_every_public_name_of_keras_is_here() -> None:
    assert {name for name in dir(keras.initializers) if not name.startswith("_")} <= set(initializers.__all__)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("zeros", "Zeros"), ("zero", "Zeros"), ("ones", "Ones"), ("normal", "RandomNormal"),
        ("uniform", "RandomUniform"),
        ("glorot_uniform", "GlorotUniform"), ("GlorotUniform", "GlorotUniform"), ("he_normal", "HeNormal"),
        ("OrthogonalInitializer", "Orthogonal"), ("IdentityInitializer", "Identity"), ("stft", "STFT"),
    ],
)  # fmt: skip
def test_get_understands_the_names_of_keras(name: str, expected: str) -> None:
    assert type(initializers.get(name)).__name__ == expected


def test_get_takes_none_classes_callables_configs_and_arrays(backend: str) -> None:
    assert initializers.get(None) is None
    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)

    def mine(shape: Any, dtype: Any = None) -> Any:
        return np.zeros(shape, dtype)

    assert initializers.get(mine) is mine
    assert initializers.get({"class_name": "Constant", "config": {"value": 2.0}}).value == 2.0
    start = initializers.get(np.array([1.0, 2.0], dtype="float32"))
    np.testing.assert_array_equal(numpy_of(start((2,))), [1, 2])
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        start((3,))


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrom")
    with pytest.raises(InvalidArgumentError, match="fan_avg"):
        initializers.VarianceScaling(mode="fan_average")
    with pytest.raises(InvalidArgumentError, match="more than 0"):
        initializers.VarianceScaling(scale=0)
    with pytest.raises(InvalidArgumentError, match="SeedGenerator"):
        initializers.GlorotUniform(seed="today")
    with pytest.raises(InvalidArgumentError, match="get_window"):
        initializers.STFT(window="no such window")
    with pytest.raises(ShapeError, match="two axes"):
        initializers.Identity()((2, 2, 2))
    with pytest.raises(ShapeError, match="two axes"):
        initializers.Orthogonal()((2,))
    with pytest.raises(DTypeError, match="int32"):
        initializers.RandomNormal(seed=1)((2,), dtype="int32")


@pytest.mark.parametrize(
    "name", ["GlorotUniform", "HeNormal", "RandomUniform", "TruncatedNormal", "Orthogonal"]
)
def test_layers_that_share_an_unseeded_initializer_do_not_begin_equal(backend: str, name: str) -> None:
    shared = getattr(initializers, name)()
    first, second = layers.Dense(4, kernel_initializer=shared), layers.Dense(4, kernel_initializer=shared)
    for layer in (first, second):
        layer.build((None, 4))
    assert not np.allclose(first.kernel.numpy(), second.kernel.numpy())


def test_a_shared_unseeded_initializer_follows_the_random_seed(backend: str) -> None:
    drawn = []
    for _ in range(2):
        set_random_seed(3)
        shared = initializers.GlorotUniform()
        drawn.append([np.asarray(shared((2, 3))) for _ in range(2)])
    np.testing.assert_array_equal(drawn[0], drawn[1])

"""CategoryEncoding, Discretization, and what `adapt` refuses."""

from __future__ import annotations

from typing import Any

import keras as oracle
import numpy as np
import pandas
import pytest

import layerlab as keras
from layerlab.errors import DataError, EmptyDataError, InvalidArgumentError, NotAdaptedError
from layerlab.layers import CategoryEncoding, Discretization, Normalization

NUMBERS = np.random.RandomState(0).randn(1000, 3).astype("float32")


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("one_hot", [[[1, 0, 0, 0], [0, 1, 0, 0]], [[0, 0, 0, 1], [0, 0, 0, 1]]]),
        ("multi_hot", [[1, 1, 0, 0], [0, 0, 0, 1]]),
        ("count", [[1, 1, 0, 0], [0, 0, 0, 2]]),
    ],
)
def test_integers_become_vectors_in_a_model_and_outside(mode: str, expected: Any) -> None:
    layer = CategoryEncoding(4, output_mode=mode)
    inputs = keras.Input((2,), dtype="int32")
    model = keras.Model(inputs, layer(inputs))
    assert np.asarray(layer([[0, 1], [3, 3]])).tolist() == expected
    assert model.predict(np.array([[0, 1], [3, 3]]), verbose=0).tolist() == expected


def test_counts_are_weighted_and_single_integers_encoded() -> None:
    layer = CategoryEncoding(4, output_mode="count")
    found = layer([[0, 1], [3, 3]], count_weights=[[0.1, 0.2], [0.3, 0.4]])
    np.testing.assert_allclose(np.asarray(found), [[0.1, 0.2, 0, 0], [0, 0, 0, 0.7]], atol=1e-6)
    assert np.asarray(CategoryEncoding(4, "one_hot")(2)).tolist() == [[0, 0, 1, 0]]
    assert CategoryEncoding(4, "one_hot")(np.array([[1], [2]])).shape == (2, 4)


def test_encodings_refuse_what_is_outside_of_their_range() -> None:
    for values in ([4], [-1], np.array([[0, 9]])):
        with pytest.raises(DataError, match="0 to 3"):
            CategoryEncoding(4)(values)
    with pytest.raises(InvalidArgumentError, match="num_tokens"):
        CategoryEncoding()
    with pytest.raises(InvalidArgumentError, match="count_weights"):
        CategoryEncoding(4)([1], count_weights=[0.5])


@pytest.mark.oracle
@pytest.mark.parametrize("mode", ["int", "one_hot", "multi_hot", "count"])
@pytest.mark.usefixtures("backend")
def test_numbers_fall_in_the_bins_of_keras(mode: str) -> None:
    arguments: dict[str, Any] = {"bin_boundaries": [0.0, 1.0, 2.5], "output_mode": mode}
    x = np.array([[-1.5, 1.0, 3.4], [0.0, 2.5, 0.999]], "float32")
    ours, theirs = Discretization(**arguments)(x), oracle.layers.Discretization(**arguments)(x)
    assert np.asarray(ours).tolist() == np.asarray(theirs).tolist()
    inputs = keras.Input((3,))
    layer = Discretization(**arguments)
    assert keras.Model(inputs, layer(inputs)).predict(x, verbose=0).tolist() == np.asarray(theirs).tolist()


@pytest.mark.parametrize(
    ("bins", "epsilon", "whole", "in_parts"),
    [  # recorded from Keras 3.15 on TensorFlow
        (2, 0.1, [-0.033], [0.01748]),
        (4, 0.01, [-0.70492, -0.033, 0.61646], [-0.69532, -0.02986, 0.61552]),
        (4, 0.1, [-0.69824, -0.033, 0.63651], [-0.66862, 0.01748, 0.69416]),
    ],
)
def test_learned_boundaries_are_those_of_keras(bins: int, epsilon: float, whole: Any, in_parts: Any) -> None:
    layer = Discretization(num_bins=bins, epsilon=epsilon)
    layer.adapt(NUMBERS)
    np.testing.assert_allclose(layer.bin_boundaries, whole, atol=1e-5)
    layer.adapt(iter([NUMBERS[:100], (NUMBERS[100:350], None), NUMBERS[350:]]))
    np.testing.assert_allclose(layer.bin_boundaries, in_parts, atol=1e-5)
    again = Discretization.from_config(layer.get_config())
    assert (again.num_bins, again.bin_boundaries) == (bins, layer.bin_boundaries)


def test_bins_fail_as_a_whole() -> None:
    layer = Discretization(num_bins=2)
    with pytest.raises(NotAdaptedError, match="adapt"):
        layer([1.0])
    layer.adapt([1.0, 2.0, 7.0, 9.0])
    learned = layer.bin_boundaries
    for data in ([1.0, np.nan], iter([[1.0], [np.inf]]), np.array(["a"])):
        with pytest.raises(DataError, match="finite"):
            layer.adapt(data)
    with pytest.raises(EmptyDataError):
        layer.adapt([])
    assert layer.bin_boundaries == learned
    for arguments in ({}, {"bin_boundaries": [1.0], "num_bins": 2}, {"bin_boundaries": [2.0, 1.0]}):
        with pytest.raises(InvalidArgumentError):
            Discretization(**arguments)
    with pytest.raises(InvalidArgumentError, match="given"):
        Discretization(bin_boundaries=[1.0]).adapt([1.0])


def test_normalization_learns_from_a_table_and_refuses_nan() -> None:
    layer = Normalization()
    layer.adapt(pandas.DataFrame({"a": [1.0, 3.0], "b": [10, 30]}))
    assert np.asarray(layer(np.array([[5.0, 20.0]]))).tolist() == [[3.0, 0.0]]
    with pytest.raises(DataError, match="NaN"):
        layer.adapt(np.array([[1.0, np.nan]]))
    assert np.asarray(layer.mean).tolist() == [[2.0, 20.0]]

"""State trees: keys, values, partial and wrong trees."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from layerlab.errors import ShapeError
from tests.oracle import agree

X, Y = np.ones((4, 2), "float32"), np.ones((4, 3), "float32")


def trained(k: Any = keras) -> Any:
    stack = [k.Input((2,)), k.layers.Dense(3, name="unit"), k.layers.BatchNormalization(name="norm")]
    model = k.Sequential(stack, name="net")
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(X, Y, verbose=0)
    return model


def shapes(tree: Any) -> Any:
    return (
        {key: shapes(value) for key, value in tree.items()} if isinstance(tree, dict) else tuple(tree.shape)
    )


@pytest.mark.oracle
def test_keys_and_shapes_are_those_of_keras() -> None:
    tree = agree(lambda k: shapes(trained(k).get_state_tree()))
    assert set(tree["non_trainable_variables"]["net"]["norm"]) == {"moving_mean", "moving_variance"}


def test_leaves_are_arrays_of_the_back_end_or_of_numpy(backend: str) -> None:
    model = trained()
    kernel = model.get_state_tree()["trainable_variables"]["net"]["unit"]["kernel"]
    assert not isinstance(kernel, np.ndarray)
    assert ops.convert_to_numpy(kernel).tolist() == model.get_weights()[0].tolist()
    tree = model.get_state_tree("numpy_array")
    assert isinstance(tree["optimizer_variables"]["adam"]["iteration"], np.ndarray)
    with pytest.raises(ValueError, match="numpy_array"):
        model.get_state_tree("list")


def test_random_seeds_are_not_part_of_the_tree() -> None:
    model = keras.Sequential([keras.Input((2,)), layers.Dropout(0.5)])
    assert model.get_state_tree()["non_trainable_variables"] == {}


def test_a_tree_brings_the_whole_state_back(backend: str) -> None:
    model = trained()
    saved = model.get_state_tree("numpy_array")
    first = model.fit(X, Y, epochs=2, shuffle=False, verbose=0).history["loss"]
    model.set_state_tree(saved)
    assert model.fit(X, Y, epochs=2, shuffle=False, verbose=0).history["loss"] == first


def test_a_tree_of_arrays_of_the_back_end_is_not_shared_with_the_model(backend: str) -> None:
    model = trained()
    saved = model.get_state_tree()
    expected = ops.convert_to_numpy(saved["trainable_variables"]["net"]["unit"]["kernel"]).tolist()
    model.set_state_tree(saved)
    model.fit(X, Y, verbose=0)
    model.set_state_tree(saved)
    assert model.get_weights()[0].tolist() == expected


def test_a_part_of_a_tree_is_enough(backend: str) -> None:
    model = trained()
    kernel = model.get_weights()[0]
    model.set_state_tree(
        {
            "trainable_variables": {"net": {"unit": {"bias": [1, 2, 3]}}},
            "optimizer_variables": {"adam": {"iteration": 7, "learning_rate": 0.5}},
            "metrics_variables": {},
        }
    )
    assert model.get_weights()[1].tolist() == [1.0, 2.0, 3.0]
    assert np.array_equal(model.get_weights()[0], kernel)
    assert int(model.optimizer.iterations) == 7 and float(model.optimizer.learning_rate) == 0.5


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({"trainable_variables": {"net": {"unit": {"kernl": X}}}}, "net/unit/kernl"),
        ({"trainable_variables": {"net": {"unit": 3}}}, "net/unit"),
        ({"trainable_variables": {"net": {"unit": {"kernel": {"deep": 3}}}}}, "net/unit/kernel/deep"),
        ({"trainable_variables": {"net": {"unit": {"bias": [1, 2]}}}}, "net/unit/bias"),
        ({"trainable_variables": {"net": {"unit": {"bias": "abc"}}}}, "net/unit/bias"),
        ({"trainable_variables": {"net": {"unit": {"bias": None}}}}, "net/unit/bias"),
        ({"optimizer_variables": {"sgd": {"iteration": 3}}}, "sgd/iteration"),
        ({"weights": {}}, "weights"),
        ({"trainable_variables": 3}, "trainable_variables"),
        (3, "nested dicts"),
    ],
)
def test_a_wrong_tree_is_an_error_with_the_path_and_nothing_changes(tree: Any, message: str) -> None:
    model = trained()
    before = shapes(model.get_state_tree()), [w.tolist() for w in model.get_weights()]
    full: Any = tree
    if isinstance(tree, dict):  # entries before the wrong one are not assigned either
        full = {"metrics_variables": {"loss": {"total": 99.0}}, **tree}
    with pytest.raises(ValueError, match=message):
        model.set_state_tree(full)
    assert before == (shapes(model.get_state_tree()), [w.tolist() for w in model.get_weights()])
    assert float(model.get_state_tree("numpy_array")["metrics_variables"]["loss"]["total"]) != 99.0


def test_a_wrong_shape_is_a_shape_error() -> None:
    with pytest.raises(ShapeError, match=r"\(3,\)"):
        trained().set_state_tree({"trainable_variables": {"net": {"unit": {"bias": [[1, 2, 3]]}}}})


def test_two_variables_of_one_path_are_refused() -> None:
    inputs = keras.Input((2,))
    model = keras.Model(inputs, layers.Dense(2, name="d")(layers.Dense(2, name="d")(inputs)))
    with pytest.raises(ValueError, match="d/kernel"):
        model.get_state_tree()

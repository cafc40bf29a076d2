"""Sequential: built at once or on first data, changed, subclassed, refused; as Keras does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers
from layerlab.errors import InvalidArgumentError, NotBuiltError
from tests.oracle import agree

X = np.ones((2, 4), "float32")


def look(model: Any) -> Any:
    return [v.path for v in model.weights], [layer.name for layer in model.layers], model.built


def with_input(k: Any) -> Any:
    return look(k.Sequential([k.Input((4,)), k.layers.Dense(3), k.layers.Dense(2)]))


def with_input_layer(k: Any) -> Any:
    return look(k.Sequential([k.layers.InputLayer(shape=(4,)), k.layers.Dense(3)], name="mine"))


def with_input_shape(k: Any) -> Any:
    first, second = k.layers.Dense(2, input_shape=(4,)), k.layers.Dense(2, input_dim=4)
    return look(k.Sequential([first, k.layers.Dense(1)])), look(k.Sequential([second]))


def deferred(k: Any) -> Any:
    model = k.Sequential([k.layers.Dense(3), k.layers.Dense(2)])
    before = look(model)
    model(X)
    return before, look(model), model.output_shape


def built_by_hand(k: Any) -> Any:
    model = k.Sequential([k.layers.Dense(3), k.layers.Dense(2)])
    model.build((None, 4))
    return look(model), model.input_shape, model.count_params()


def adding_and_popping(k: Any) -> Any:
    model = k.Sequential()
    seen = []
    for layer in (k.Input((4,)), k.layers.Dense(2), k.layers.Dense(3)):
        model.add(layer)
        seen.append(look(model))
    model.pop()
    seen.append(look(model))
    model.pop()
    model.add(k.layers.Dense(5))
    return seen, look(model), model.output_shape


def adding_after_first_data(k: Any) -> Any:
    model = k.Sequential([k.layers.Dense(2)])
    model(X)
    model.add(k.layers.Dense(3))
    between = look(model)
    return between, np.shape(model(X)), look(model)


def nested(k: Any) -> Any:
    inner = k.Sequential([k.layers.Dense(3), k.Sequential([k.layers.Dense(3)])])
    return look(k.Sequential([k.Input((4,)), inner]))


def subclassed(k: Any) -> Any:
    class Mine(k.Sequential):
        def __init__(self, units):
            super().__init__(name="mine")
            self.add(k.layers.Dense(units))
            self.add(k.layers.Dense(1))
            self.note = 1

        def call(self, inputs, training=None):
            return super().call(inputs) * 0

    model = Mine(3)
    return float(model(X)[0, 0]), look(model)


def with_other_attributes(k: Any) -> Any:
    model = k.Sequential([k.layers.Dense(2)])
    model.helper = k.layers.Dense(3)
    model(X)
    return look(model)


def of_several_tensors(k: Any) -> Any:
    class Split(k.layers.Layer):
        def call(self, x):
            return [x, x * 2]

    model = k.Sequential([Split(), k.layers.Add()])
    return np.asarray(model(X)).tolist()


SCENARIOS = [
    with_input,
    with_input_layer,
    with_input_shape,
    deferred,
    built_by_hand,
    adding_and_popping,
    adding_after_first_data,
    nested,
    subclassed,
    with_other_attributes,
    of_several_tensors,
]


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_a_stack_is_that_of_keras(scenario: Any) -> None:
    agree(scenario)


def test_before_it_is_built_it_has_no_weights_and_no_summary(backend: str) -> None:
    model = keras.Sequential([layers.Dense(2)], name="s")
    assert model.weights == [] and not model.built
    for use in (model.summary, model.count_params):
        with pytest.raises(NotBuiltError, match=r"(?i)call it on data"):
            use()
    with pytest.raises(NotBuiltError, match="does not know its input shape"):
        model.build()


@pytest.mark.parametrize(
    ("stack", "words"),
    [
        (lambda: [layers.Dense(2, name="a"), layers.Dense(2, name="a")], "already has a layer named 'a'"),
        (lambda: [layers.Dense], "not the class Dense"),
        (lambda: [np.tanh], "wrap a function as Lambda"),
        (lambda: [layers.Dense(2), keras.Input((4,))], "put Input first"),
    ],
)
def test_what_cannot_be_stacked_is_refused_with_advice(stack: Any, words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=words):
        keras.Sequential(stack())


def test_nothing_can_be_popped_from_an_empty_stack() -> None:
    with pytest.raises(InvalidArgumentError, match="no layers to pop"):
        keras.Sequential(name="s").pop()


def test_a_deferred_stack_takes_other_batch_and_time_sizes_later(backend: str) -> None:
    model = keras.Sequential([layers.Dense(2)])
    assert model(np.ones((2, 7, 4), "float32")).shape == (2, 7, 2)
    assert model(np.ones((3, 9, 4), "float32")).shape == (3, 9, 2)

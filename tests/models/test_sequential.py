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


# -- a model as first layer --------------------------------------------------------------------------


def base(k: Any) -> Any:
    inputs = k.Input((8, 6, 3))
    return k.Model(inputs, k.layers.Conv2D(4, 3, name="conv")(inputs), name="base")


@pytest.mark.oracle
def test_a_stack_over_a_model_knows_its_shapes_as_in_keras() -> None:
    def scenario(k: Any) -> Any:
        model = k.Sequential(
            [base(k), k.layers.GlobalAveragePooling2D(name="pool"), k.layers.Dense(5, name="d")]
        )
        entries = [entry["class_name"] for entry in model.get_config()["layers"]]
        lines: list[str] = []
        model.summary(print_fn=lines.append)
        return [
            model.built,
            [layer.name for layer in model.layers],
            model.input_shape,
            model.output_shape,
            model.count_params(),
            [(v.path, tuple(v.shape)) for v in model.weights],
            (model.inputs[0].shape, model.outputs[0].shape),
            entries,
            any("(None, 5)" in line for line in lines),
        ]

    assert agree(scenario)[3] == (None, 5)


def test_a_stack_over_any_model_that_has_an_input_is_built_at_once(backend: str) -> None:
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    nested = keras.Sequential([keras.Sequential([inner, layers.Dense(2)]), layers.Dense(1)])
    assert (nested.built, nested.input_shape, nested.output_shape) == (True, (None, 4), (None, 1))
    assert nested.count_params() == 4 * 3 + 3 + 3 * 2 + 2 + 2 + 1

    words = keras.Input(batch_shape=(2, 7), dtype="int32")
    embedded = keras.Sequential([keras.Model(words, layers.Embedding(9, 2)(words)), layers.Flatten()])
    assert (embedded.input_shape, embedded.input.dtype) == ((2, 7), "int32")

    added = keras.Sequential()
    added.add(base(keras))
    added.add(layers.Flatten())
    assert (added.output_shape, added.predict(np.ones((2, 8, 6, 3)), verbose=0).shape) == (
        (None, 96),
        (2, 96),
    )
    copy = keras.Sequential.from_config(added.get_config())
    assert copy.built and copy.output_shape == (None, 96)


def test_a_stack_over_what_does_not_know_its_input_waits_for_data(backend: str) -> None:
    assert not keras.Sequential([keras.Sequential([layers.Dense(3)]), layers.Dense(1)]).built
    first, second = keras.Input((3,)), keras.Input((3,))
    two = keras.Model([first, second], layers.Add()([first, second]))
    stack = keras.Sequential([two, layers.Dense(1)])
    assert not stack.built
    assert tuple(stack([np.ones((2, 3)), np.ones((2, 3))]).shape) == (2, 1)

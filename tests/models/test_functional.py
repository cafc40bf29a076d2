"""Functional models: structure of inputs and outputs, sharing, sub-models, names, checks of what is fed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from layerlab.errors import DataError, InvalidArgumentError, ShapeError
from tests.oracle import agree

X = np.arange(8, dtype="float32").reshape(2, 4)


def values(array: Any) -> Any:
    return ops.convert_to_numpy(array).tolist()


# -- structure ---------------------------------------------------------------------------------------


@pytest.mark.oracle
def test_structures_of_inputs_and_outputs_are_those_of_keras() -> None:
    def scenario(k: Any) -> Any:
        a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
        nested = {"s": a + b, "t": [a * 2, (b,)]}
        named = k.Model({"a": a, "b": b}, nested)
        seen = []
        for fed in ({"a": X, "b": 2 * X}, {"b": 2 * X, "a": X}, [X, 2 * X]):
            result = named(fed)
            flat = [result["s"], result["t"][0], result["t"][1][0]]
            seen.append((type(result["t"]), type(result["t"][1]), [float(item[1, 1]) for item in flat]))
        listed = k.Model([a, b], a - b)
        for fed in ([X, 2 * X], (X, 2 * X), {"a": X, "b": 2 * X}, {"b": 2 * X, "a": X}):
            seen.append(float(listed(fed)[1, 1]))
        pair = k.Model((a, b), (a * 2, b))((X, X))
        return seen, named.output_names, [t.name for t in named.inputs], type(pair)

    assert agree(scenario)[1] == ["add", "multiply", "b"]


@pytest.mark.oracle
def test_a_single_input_or_output_in_a_list_is_that_of_keras() -> None:
    def scenario(k: Any) -> Any:
        inputs = k.Input((4,))
        model = k.Model([inputs], [inputs * 2])
        symbolic = model(k.Input((4,)))
        return (
            np.shape(model(X)),
            np.shape(model([X])),
            type(symbolic),
            model.input_shape,
            model.output_shape,
            type(model.input),
            type(model.output),
            np.shape(model.predict(X, verbose=0)),
        )

    assert agree(scenario)[0] == (2, 4)


def test_the_same_tensor_may_be_listed_twice_and_gets_two_names(backend: str) -> None:
    inputs = keras.Input((4,))
    output = layers.Dense(2, name="out")(inputs)
    model = keras.Model(inputs, [output, output])
    first, second = model(X)
    assert values(first) == values(second)
    assert model.output_names == ["out", "out_1"]
    assert model.output_shape == [(None, 2), (None, 2)]


@pytest.mark.oracle
def test_nested_and_shared_models_are_those_of_keras() -> None:
    def scenario(k: Any) -> Any:
        inner_inputs = k.Input((4,))
        shared = k.layers.Dense(4, kernel_initializer="ones")
        inner = k.Model(inner_inputs, shared(shared(inner_inputs)), name="inner")
        inputs = k.Input((4,))
        first = inner(inputs)
        model = k.Model(inputs, [first, inner(inputs + 1), shared(first)])
        return (
            [v.path for v in model.weights],
            [layer.name for layer in model.layers],
            [op.name for op in model.operations],
            [float(item[0, 0]) for item in model(X)],
            model.count_params(),
        )

    agree(scenario)


@pytest.mark.oracle
def test_layers_are_those_of_the_graph_and_weights_those_of_attributes_too() -> None:
    def scenario(k: Any) -> Any:
        class Mine(k.Model):
            def __init__(self, inputs, outputs, **kwargs):
                super().__init__(inputs, outputs, **kwargs)
                self.extra = k.layers.Dense(2, name="extra")
                self.extra.build((None, 2))

        inputs = k.Input((4,), name="i")
        model = Mine(inputs, k.layers.Dense(3)(inputs), name="mine")
        return [v.path for v in model.weights], [layer.name for layer in model.layers], model.name

    assert agree(scenario)[1] == ["i", "dense"]


# -- sub-models over one graph -----------------------------------------------------------------------


def graph() -> Any:
    inputs = keras.Input((4,))
    a = layers.Dense(3, name="a")(inputs)
    b = layers.Dense(3, name="b", activation="relu")(a)
    c = layers.Dense(2, name="c")(b)
    return inputs, a, b, c


def test_models_between_any_tensors_share_their_layers(backend: str) -> None:
    inputs, a, b, c = graph()
    whole, head, middle = keras.Model(inputs, c), keras.Model(a, c), keras.Model([a], [b])
    start = keras.Model(inputs, a)
    np.testing.assert_allclose(values(head(start(X))), values(whole(X)), rtol=1e-5)
    assert [layer.name for layer in head.layers[1:]] == ["b", "c"]
    assert [layer.name for layer in middle.layers[1:]] == ["b"]
    assert head.get_layer("b") is whole.get_layer("b")
    assert head.input_shape == (None, 3)
    assert [layer.name for layer in whole.layers[1:]] == ["a", "b", "c"]


def test_training_a_sub_model_changes_the_models_that_share_it(backend: str) -> None:
    inputs, a, _, c = graph()
    whole, head = keras.Model(inputs, c), keras.Model(a, c)
    before = [v.numpy().copy() for v in whole.weights]
    head.compile("sgd", "mse")
    head.fit(np.ones((8, 3)), np.ones((8, 2)), epochs=1, verbose=0)
    changed = [not np.array_equal(x, v.numpy()) for x, v in zip(before, whole.weights, strict=True)]
    assert changed[:2] == [False, False] and any(changed[2:])


def test_a_subclass_may_be_given_intermediate_tensors_too(backend: str) -> None:
    class Mine(keras.Model):
        def described(self):
            return len(self.layers)

    _, a, _, c = graph()
    model = Mine(a, c)
    assert isinstance(model, Mine) and model.described() == 3
    assert np.shape(values(model(np.ones((1, 3), "float32")))) == (1, 2)


def test_the_outputs_of_all_layers_make_a_feature_extractor(backend: str) -> None:
    base = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="f"), layers.Dense(2, name="g")])
    extractor = keras.Model(base.inputs, [layer.output for layer in base.layers])
    features = extractor(X)
    assert [np.shape(values(item)) for item in features] == [(2, 3), (2, 2)]
    assert values(features[1]) == values(base(X))


def test_a_function_built_in_the_constructor_of_a_subclass(backend: str) -> None:
    class Mine(keras.Model):
        def __init__(self):
            inputs = keras.Input((4,))
            super().__init__(inputs=inputs, outputs=layers.Dense(3, name="q")(inputs), name="mine")

    model = Mine()
    assert [v.path for v in model.weights] == ["q/kernel", "q/bias"]
    assert model.name == "mine" and np.shape(values(model(X))) == (2, 3)


# -- what is fed -------------------------------------------------------------------------------------


@pytest.mark.oracle
def test_shapes_that_are_fed_are_accepted_and_refused_as_in_keras() -> None:
    def scenario(k: Any) -> Any:
        inputs = k.Input((4,))
        functional = k.Model(inputs, inputs * 2)
        sequential = k.Sequential([k.Input((4,)), k.layers.Activation("relu")])
        deferred = k.Sequential([k.layers.Activation("relu")])
        deferred(X)
        seen = []
        for model in (functional, sequential, deferred):
            for shape in ((7, 4), (2, 5), (2, 4, 1), (2, 4, 2), (4,)):
                try:
                    seen.append(np.shape(model(np.ones(shape, "float32"))))
                except ValueError:
                    seen.append("refused")
        return seen

    assert agree(scenario)[:2] == [(7, 4), "refused"]


@pytest.mark.oracle
def test_what_is_fed_is_cast_to_the_dtype_of_the_input_as_in_keras() -> None:
    def scenario(k: Any) -> Any:
        floats, integers = k.Input((4,)), k.Input((4,), dtype="int32")
        models = [
            k.Model(floats, floats * 1),
            k.Model(integers, integers * 1),
            k.Sequential([k.Input((4,)), k.layers.Activation("linear")]),
            k.Sequential([k.layers.Activation("linear")]),
        ]
        return [
            [str(model(X.astype(name)).dtype) for name in ("int32", "uint8", "float64")] for model in models
        ]

    assert agree(scenario)[0] == ["float32"] * 3


@pytest.mark.oracle
def test_a_mixed_policy_does_not_touch_what_is_fed() -> None:
    def scenario(k: Any) -> Any:
        k.config.set_dtype_policy("mixed_float16")
        try:
            fine = np.full((1, 1), 1.0001, "float32")
            inputs = k.Input((1,))
            kept = k.layers.Activation("linear", dtype="float32")
            models = [k.Model(inputs, kept(inputs)), k.Sequential([k.Input((1,)), kept])]
            dense = k.layers.Dense(1)(inputs)
            return [float(model(fine)[0, 0]) > 1 for model in models], inputs.dtype, dense.dtype
        finally:
            k.config.set_dtype_policy("float32")

    assert agree(scenario) == ([True, True], "float32", "float16")


def test_a_wrong_shape_is_named_with_the_model_and_what_it_expects(backend: str) -> None:
    inputs = keras.Input((4,))
    model = keras.Model(inputs, inputs * 2, name="doubling")
    with pytest.raises(ShapeError) as caught:
        model(np.ones((2, 5)))
    for word in ('Functional "doubling"', "(2, 5)", "(None, 4)"):
        assert word in str(caught.value)
    with pytest.raises((ShapeError, DataError), match="got 2 inputs"):
        model([X, X])


def test_what_is_no_tensor_or_no_graph_is_refused() -> None:
    inputs = keras.Input((4,))
    with pytest.raises(InvalidArgumentError, match="the layer 'd' itself"):
        keras.Model(inputs, layers.Dense(2, name="d"))
    with pytest.raises(InvalidArgumentError, match="1 positional"):
        keras.Model(inputs)


# -- finding layers ----------------------------------------------------------------------------------


def test_get_layer_takes_an_index_before_a_name() -> None:
    inputs, *_, c = graph()
    model = keras.Model(inputs, c, name="m")
    assert model.get_layer("b").name == "b"
    assert model.get_layer(index=1).name == "a"
    assert model.get_layer("b", 1).name == "a"
    assert model.get_layer(index=-1).name == "c"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"name": "bb"}, "Did you mean 'b'"), ({"index": 9}, "an index below 4"), ({}, "name= or index=")],
)
def test_get_layer_refuses_what_is_not_there(arguments: Any, words: str) -> None:
    inputs, *_, c = graph()
    with pytest.raises(ValueError, match=words):
        keras.Model(inputs, c).get_layer(**arguments)


def test_layers_cannot_be_assigned() -> None:
    inputs = keras.Input((4,))
    with pytest.raises(AttributeError, match="pick another"):
        keras.Model(inputs, inputs * 1).layers = []
    with pytest.raises(AttributeError, match="pick another"):
        keras.Sequential().layers = []

"""Graphs: order of operations against Keras, running them, sharing, disconnection, depth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import layerlab as keras
from layerlab import Function, KerasTensor, layers, ops
from layerlab.errors import DataError, GraphError, InvalidArgumentError, ShapeError
from tests.oracle import agree

X = np.arange(8, dtype="float32").reshape(2, 4)


def values(array: Any) -> Any:
    return ops.convert_to_numpy(array).tolist()


# -- order, as in Keras ---------------------------------------------------------------------------------


@st.composite
def recipes(draw: st.DrawFn) -> dict[str, Any]:
    """A random directed graph: each step takes earlier tensors by index; some layers are shared."""
    inputs = draw(st.integers(1, 3))
    steps = []
    for count in range(inputs, inputs + draw(st.integers(1, 7))):
        arguments = draw(st.lists(st.integers(0, count - 1), min_size=1, max_size=3))
        kind = draw(st.sampled_from(["dense", "shared", "op"])) if len(arguments) == 1 else "add"
        steps.append((kind, arguments))
    total = inputs + len(steps)
    outputs = draw(st.lists(st.integers(0, total - 1), min_size=1, max_size=3))
    return {"inputs": inputs, "steps": steps, "outputs": outputs}


def build(k: Any, recipe: dict[str, Any]) -> Any:
    """The model of a recipe, over layers that compute the same in both libraries."""
    inputs = [k.Input((4,), name=f"input{index}") for index in range(recipe["inputs"])]
    tensors = list(inputs)
    shared = k.layers.Activation("relu", name="shared")
    for index, (kind, arguments) in enumerate(recipe["steps"]):
        given_tensors = [tensors[argument] for argument in arguments]
        if kind == "dense":
            layer = k.layers.Dense(
                4, kernel_initializer="ones", bias_initializer="ones", name=f"dense{index}"
            )
            tensors.append(layer(given_tensors[0]))
        elif kind == "shared":
            tensors.append(shared(given_tensors[0]))
        elif kind == "op":
            tensors.append(given_tensors[0] * 0.5)
        else:
            # An Add of one tensor given twice and of a list is one layer with several parents.
            tensors.append(k.layers.Add(name=f"add{index}")([*given_tensors, given_tensors[0]]))
    return k.Model(inputs, [tensors[index] for index in recipe["outputs"]])


@pytest.mark.oracle
@settings(max_examples=25, deadline=None)
@given(recipes())
def test_order_of_layers_operations_and_weights_and_values_are_those_of_keras(recipe: dict[str, Any]) -> None:
    def scenario(k: Any) -> Any:
        model = build(k, recipe)
        data = [X + index for index in range(recipe["inputs"])]
        outputs = model(data if len(data) > 1 else data[0])
        outputs = outputs if isinstance(outputs, list) else [outputs]
        return (
            [layer.name for layer in model.layers],
            [operation.name for operation in model.operations],
            [variable.path for variable in model.weights],
            [np.round(np.asarray(output), 3).tolist() for output in outputs],
        )

    agree(scenario)


@pytest.mark.oracle
def test_an_input_that_no_output_needs_is_a_layer_all_the_same() -> None:
    def scenario(k: Any) -> Any:
        used, unused = k.Input((4,), name="used"), k.Input((2,), name="unused")
        model = k.Model([used, unused], used * 2)
        return [layer.name for layer in model.layers], [op.name for op in model.operations]

    assert agree(scenario)[0] == ["used", "unused"]


# -- running --------------------------------------------------------------------------------------------


def test_a_function_runs_its_graph_on_values(backend: str) -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    function = Function({"a": a, "b": b}, {"sum": a + b, "parts": [a * 2, (b,)]})
    result = function({"b": np.ones((2, 4), "float32"), "a": X})
    assert values(result["sum"]) == (X + 1).tolist()
    assert values(result["parts"][0]) == (2 * X).tolist()
    assert isinstance(result["parts"][1], tuple)


def test_an_operation_with_constants_and_keyword_tensors_is_replayed(backend: str) -> None:
    class Mix(layers.Layer):
        def call(self, x, other=None, scale=1.0, also=()):
            return x * scale + other + sum(also)

    inputs = keras.Input((4,))
    mixed = Mix()(inputs, other=inputs * 3, scale=5.0, also=[inputs, inputs + np.ones(4, "float32")])
    function = Function(inputs, ops.matmul(mixed, np.eye(4, dtype="float32")))
    np.testing.assert_allclose(values(function(X)), 10 * X + 1)


def test_an_operation_may_return_none_among_its_outputs(backend: str) -> None:
    class WithNone(layers.Layer):
        def call(self, x):
            return x + 1, None, [x * 2]

    inputs = keras.Input((4,))
    first, nothing, (second,) = WithNone()(inputs)
    assert nothing is None
    result = Function(inputs, [first, second])(X)
    assert [values(item) for item in result] == [(X + 1).tolist(), (X * 2).tolist()]


def test_an_input_may_be_an_output_and_an_output_may_come_twice(backend: str) -> None:
    inputs = keras.Input((4,))
    doubled = inputs * 2
    result = Function(inputs, [inputs, doubled, doubled])(X)
    assert [values(item) for item in result] == [X.tolist(), (2 * X).tolist(), (2 * X).tolist()]


def test_a_function_between_intermediate_tensors_needs_nothing_before_them(backend: str) -> None:
    inputs = keras.Input((4,))
    middle = inputs + 1
    end = middle * 10
    function = Function(middle, end)
    assert [
        operation.class_name for operation in function.operations if hasattr(operation, "class_name")
    ] == [
        "Add",
        "Multiply",
    ]
    assert values(function(X)) == (X * 10).tolist()


def test_a_function_is_itself_an_operation(backend: str) -> None:
    inputs = keras.Input((4,))
    inner = Function(inputs, inputs + 1)
    outer_inputs = keras.Input((4,))
    outer = Function(outer_inputs, inner(inner(outer_inputs)))
    assert values(outer(X)) == (X + 2).tolist()


@pytest.mark.slow
def test_a_chain_of_five_thousand_layers_is_a_legal_model(backend: str) -> None:
    class Next(layers.Layer):
        def call(self, x):
            return x + 1.0

        def compute_output_shape(self, input_shape):
            return input_shape

    tensor = inputs = keras.Input((2,))
    for index in range(5000):
        tensor = Next(name=f"n{index}")(tensor)
    model = keras.Model(inputs, tensor)
    assert [layer.name for layer in model.layers[1:]] == [f"n{index}" for index in range(5000)]
    assert values(model(np.zeros((1, 2), "float32"))) == [[5000.0, 5000.0]]


# -- what is refused ------------------------------------------------------------------------------------


def test_a_disconnected_graph_is_named_with_the_tensor_and_the_inputs() -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    end = layers.Add(name="sum")([a, layers.Dense(4, name="lost")(b)])
    with pytest.raises(GraphError) as caught:
        Function(a, end)
    for word in ("disconnected", "'b'", "one of the inputs: a", "Fix:"):
        assert word in str(caught.value)
    with pytest.raises(GraphError, match="disconnected"):
        Function(a, KerasTensor((None, 4), name="from_nowhere"))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda x: Function(x, layers.Dense(2, name="d")),
            ["outputs", "the layer 'd' itself", "call the layer"],
        ),
        (lambda x: Function(X, x), ["inputs", "ndarray", "start from Input"]),
        (lambda x: Function([], x), ["inputs", "at least one"]),
        (lambda x: Function(x, []), ["outputs", "at least one"]),
        (lambda x: Function(x, None), ["outputs", "NoneType"]),
    ],
)
def test_ends_that_are_no_tensors_are_refused_with_advice(make: Any, words: list[str]) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make(keras.Input((4,)))
    for word in words:
        assert word in str(caught.value)


def test_plain_numbers_for_one_input_are_to_be_made_an_array() -> None:
    x = KerasTensor((2,), name="x")
    doubled = Function(x, x * 2)
    assert values(doubled(np.array([1.0, 2.0]))) == [2.0, 4.0]
    with pytest.raises(DataError, match=r"(?s)got 2 inputs.*1: x.*Fix: .*np\.array"):
        doubled([1.0, 2.0])


def test_wrong_numbers_and_names_of_inputs_are_refused() -> None:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    listed, named = Function([a, b], a + b), Function({"a": a, "b": b}, a + b)
    with pytest.raises(DataError, match=r"(?s)got 1 inputs.*2: a, b"):
        listed(X)
    for function in (listed, named):
        with pytest.raises(DataError, match="no value for"):
            function({"a": X, "c": X})


def test_an_input_of_another_rank_is_refused_unless_a_last_axis_of_one_is_all() -> None:
    inputs = keras.Input((4,), name="x")
    function = Function(inputs, inputs * 2)
    assert function(X[..., None]).shape == (2, 4)
    column = keras.Input((1,))
    assert Function(column, column * 2)(X[:, 0]).shape == (2, 1)
    for shape in ((4,), (2, 4, 3)):
        with pytest.raises(ShapeError, match=r"(?s)for 'x'.*\(None, 4\)"):
            function(np.ones(shape, "float32"))

"""No message of NumPy, JAX, PyTorch or Python reaches the reader alone: ours says where, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from layerlab.errors import InvalidArgumentError, LayerlabError, ShapeError, ValueNeededError

X = np.zeros((8, 4), "float32")


def words_missing(error: BaseException, words: list[str]) -> list[str]:
    return [word for word in words if word not in str(error)]


# -- what is no tensor -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (lambda: layers.Dense(2, name="first"), ['the Dense "first" itself', "call that on a tensor first"]),
        (lambda: keras.Sequential([layers.Dense(2)], name="base"), ['the Sequential "base" itself']),
        (lambda: layers.Flatten, ["the class Flatten", "Flatten(...)(x)"]),
        (lambda: [keras.Input((4,)), layers.Dense(2, name="second")], ['the Dense "second" itself']),
        (lambda: {"x": keras.Input((4,)), "mode": "fast"}, ["text"]),
        (lambda: "text", ["text", "integers first"]),
        (lambda: [1.0, 2.0], ["plain numbers", "np.array([...])"]),
        (lambda: 3, ["plain numbers"]),
        (object, ["a object"]),
    ],
)
def test_what_is_no_tensor_is_refused_by_name(value: Callable[[], Any], words: list[str]) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        layers.Dense(3, name="head")(value())
    assert words_missing(caught.value, ['Dense "head" got', "Expected: a tensor", *words]) == []


def test_a_layer_among_the_later_tensors_of_a_call_is_refused() -> None:
    query = keras.Input((5, 4))
    with pytest.raises(InvalidArgumentError, match='"value" itself'):
        layers.MultiHeadAttention(2, 3)(query, layers.Dense(4, name="value"))


def test_what_a_function_without_return_gives_is_refused() -> None:
    dense = layers.Dense(3, name="head")
    with pytest.raises(InvalidArgumentError, match=r'(?s)Dense "head" got None.*may lack its `return`'):
        dense(None)
    dense(X)
    with pytest.raises(InvalidArgumentError, match=r'(?s)Dense "head" got None.*may lack its `return`'):
        dense(None)


def test_a_structure_that_a_layer_does_not_take_is_shown_by_its_shapes() -> None:
    with pytest.raises(ShapeError, match=r"""Dense "head" cannot be called on \{'zebra': \(8, 4\) float32"""):
        layers.Dense(3, name="head")({"zebra": X})


def test_an_op_on_a_layer_says_that_layers_are_called_first(backend: str) -> None:
    with pytest.raises(keras.errors.DTypeError, match=r"(?s)from Dense.*must be called on a tensor first"):
        ops.relu(layers.Dense(3))


@pytest.mark.parametrize(
    ("layer", "shape", "expected"),
    [
        (lambda: layers.LSTM(4), (None, 4), "3 axes, got 2"),
        (lambda: layers.Bidirectional(layers.GRU(4)), (None, 4), "3 axes, got 2"),
        (lambda: layers.Conv2D(2, 3), (None, 7), "4 axes, got 2"),
        (lambda: layers.SeparableConv1D(2, 3), (None, 7, 2, 1), "3 axes, got 4"),
        (lambda: layers.MaxPooling3D(2), (None, 6, 6, 2), "5 axes, got 4"),
        (lambda: layers.Dense(2), (None,), "at least 2 axes, got 1"),
    ],
)
def test_the_rank_is_checked_before_weights_are_made(
    layer: Callable[[], Any], shape: tuple[int | None, ...], expected: str
) -> None:
    values = np.zeros([2 if size is None else size for size in shape], "float32")
    for inputs in (keras.Input(batch_shape=shape), values):
        made = layer()
        with pytest.raises(ShapeError, match=expected):
            made(inputs)
        assert made.weights == []


# -- a function that returns nothing ------------------------------------------------------------------


class Forgetful(layers.Layer):
    def call(self, inputs: Any) -> Any:
        inputs * 2


class ForgetfulModel(keras.Model):
    def __init__(self) -> None:
        super().__init__(name="forgetful")
        self.dense = layers.Dense(2)

    def call(self, inputs: Any) -> Any:
        self.dense(inputs)


def test_a_call_without_return_is_named(backend: str) -> None:
    for make in (
        lambda: Forgetful(name="lost")(keras.Input((4,))),
        lambda: keras.Sequential([keras.Input((4,)), Forgetful(name="lost"), layers.Dense(1)]),
        lambda: layers.Lambda(lambda x: None, name="lost")(keras.Input((4,))),
    ):
        with pytest.raises(
            InvalidArgumentError, match=r'(?s)lost" gave None.*end its `call` with a `return`'
        ):
            make()
    model = ForgetfulModel()
    model.compile("sgd", "mse")
    for use in (lambda: model.fit(X, X[:, :2], verbose=0), lambda: model.predict(X, verbose=0)):
        with pytest.raises(InvalidArgumentError, match='ForgetfulModel "forgetful" gave None'):
            use()


def test_a_layer_called_for_its_effect_may_return_nothing(backend: str) -> None:
    class Counting(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.effect, self.dense = Forgetful(), layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            self.effect(inputs)
            return self.dense(inputs)

    assert Counting().predict(X, verbose=0).shape == (8, 2)


def no_value(y_true: Any, y_pred: Any) -> Any:
    ops.mean(y_pred - y_true)


@pytest.mark.parametrize("where", ["loss", "metrics"])
def test_a_loss_or_metric_function_without_return_is_named(backend: str, where: str) -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    model.compile(
        "sgd", **({"loss": no_value} if where == "loss" else {"loss": "mse", "metrics": [no_value]})
    )
    with pytest.raises(InvalidArgumentError, match=r"(?s)function 'no_value' gave None.*with a `return`"):
        model.fit(X, X[:, :2], verbose=0)


# -- Python that needs values where there are none ------------------------------------------------------


def branch(x: Any) -> Any:
    return x if ops.sum(x) > 0 else -x


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (branch, ["uses the value of a tensor in Python (if", "ops.where", "run_eagerly=True"]),
        (lambda x: x * float(ops.max(x)), ["float()", "ops.cond"]),
        (lambda x: ops.convert_to_tensor(np.tanh(x)), ["a function of NumPy", "layerlab.ops"]),
        (lambda x: x[x > 0], ["picks elements by a condition", "ops.where"]),
    ],
)
def test_python_on_values_that_are_not_there_is_explained(
    backend: str, function: Callable[[Any], Any], words: list[str]
) -> None:
    class Custom(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return function(inputs)

    with pytest.raises(ValueNeededError) as caught:
        Custom(name="mine")(keras.Input((4,)))
    assert words_missing(caught.value, ['Custom "mine"', *words]) == []
    assert isinstance(caught.value, TypeError)  # as those of JAX are
    assert caught.value.__cause__ is not None


def test_python_on_values_in_a_compiled_step_is_explained() -> None:
    def loss(y_true: Any, y_pred: Any) -> Any:
        return branch(ops.mean(y_pred))

    class OwnStep(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

        def test_step(self, data: Any) -> Any:
            return {"loss": branch(ops.mean(self(data[0])))}

    model = OwnStep()
    model.compile("sgd", loss, metrics=[loss])
    with pytest.raises(ValueNeededError, match="Loss 'loss' uses the value of a tensor in Python"):
        model.fit(X, X[:, :2], verbose=0)
    with pytest.raises(ValueNeededError, match=r"OwnStep.test_step uses the value of a tensor in Python"):
        model.evaluate(X, X[:, :2], verbose=0)
    model.compile("sgd", "mse", metrics=[loss])
    with pytest.raises(ValueNeededError, match="Metric 'loss' uses the value of a tensor in Python"):
        model.fit(X, X[:, :2], verbose=0)


def test_an_assignment_to_elements_on_jax_names_the_op() -> None:
    class Writer(layers.Layer):
        def call(self, inputs: Any) -> Any:
            inputs[0] = 0
            return inputs

    with pytest.raises(ValueNeededError, match=r"(?s)assigns to elements.*ops.slice_update"):
        Writer()(X)


# -- shapes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "where"),
    [
        (lambda: ops.matmul(X, X), "ops.matmul cannot be called on (8, 4) float32, (8, 4) float32."),
        (
            lambda: ops.add(X, np.zeros((3, 4), "int32")),
            "ops.add cannot be called on (8, 4) float32, (3, 4) ",
        ),
        (lambda: ops.stack([np.zeros(2), np.zeros(3)]), "ops.stack cannot be called on [(2,) float32, (3,)"),
        (lambda: ops.reshape(X, (5, 5)), "ops.reshape cannot be called on (8, 4) float32, (5, 5)."),
        (lambda: ops.sum(X, axis=4), "ops.sum cannot be called on (8, 4) float32."),
        (lambda: ops.einsum("ij,jk->ik", X, X), "ops.einsum cannot be called on (8, 4) float32, (8, 4)"),
    ],
)
def test_an_op_says_on_what_it_cannot_be_called(backend: str, call: Callable[[], Any], where: str) -> None:
    with pytest.raises(ShapeError) as caught:
        call()
    assert str(caught.value).startswith(where)
    assert "\n  Got: " in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_a_matrix_that_has_no_inverse_is_told() -> None:
    singular = np.zeros((2, 2), "float32")
    for back_end in ("torch", "numpy"):  # JAX gives infinities, as its users know
        keras.config.set_backend(back_end)
        try:
            for call in (ops.inv, ops.cholesky):
                with pytest.raises(InvalidArgumentError, match=r"(?s)on \(2, 2\).*multiple of the identity"):
                    call(singular)
        finally:
            keras.config.set_backend("jax")


def test_an_index_that_does_not_exist_points_to_the_sizes() -> None:
    keras.config.set_backend("numpy")
    try:
        with pytest.raises(ShapeError, match=r"(?s)ops.take cannot be called on \(3,\).*compare the indices"):
            ops.take(np.zeros(3, "float32"), [7])
    finally:
        keras.config.set_backend("jax")


def test_the_error_of_a_function_that_an_op_runs_stays_the_readers_own(backend: str) -> None:
    def step(carry: Any, x: Any) -> Any:
        raise ValueError("mine")

    with pytest.raises(ValueError, match=r"^mine") as caught:
        ops.scan(step, np.zeros(2, "float32"), np.zeros((3, 2), "float32"))
    assert not isinstance(caught.value, LayerlabError)


def widths() -> Iterator[np.ndarray]:
    yield np.zeros((2, 5, 4), "float32")
    yield np.zeros((3, 6, 4), "float32")


@pytest.mark.parametrize("as_dict", [False, True])
@pytest.mark.parametrize("steps", [1, 2])
def test_predict_says_that_the_outputs_of_batches_do_not_fit(backend: str, as_dict: bool, steps: int) -> None:
    inputs = keras.Input((None, 4))
    outputs = layers.Dense(3)(inputs)
    model = keras.Model(inputs, {"wide": outputs, "deep": outputs * 2} if as_dict else outputs)
    model.compile(steps_per_execution=steps)

    with pytest.raises(ShapeError, match=r"(?s)cannot join.*\(None, 5, 3\).*\(3, 6, 3\).*pad the data"):
        model.predict(widths(), verbose=0)
    assert [model.predict_on_batch(batch) is not None for batch in widths()] == [True, True]

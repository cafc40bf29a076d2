"""Mistakes that train without an error get a word: advice when fit begins, an error for the data."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab.errors import DataError
from layerlab.training.advice import advice_on

X = np.linspace(-1, 1, 24).reshape(8, 3).astype("float32")
Y = np.array([0, 1, 1, 0, 1, 0, 1, 0])


def fit_warnings(model: Any, y: Any, loss: Any, x: Any = X) -> list[str]:
    model.compile("sgd", loss)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model.fit(x, y, verbose=0)
    return [str(warning.message) for warning in said]


def advised(outputs: Any, inputs: Any, loss: Any, y: Any) -> list[str]:
    model = keras.Model(inputs, outputs)
    model.compile("sgd", loss)
    model._prepare_for((X, y))
    return [advice.code for advice in advice_on(model._model_graph, model._compile_loss)]


def test_a_last_layer_without_activation_is_named_under_a_loss_of_probabilities(backend: str) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="scores")])
    said = fit_warnings(model, Y, "sparse_categorical_crossentropy")
    assert len(said) == 1
    assert "'scores' has no activation" in said[0] and "expects probabilities" in said[0]
    assert "activation='softmax'" in said[0] and "from_logits=True" in said[0]


def test_it_comes_as_a_diagnostic_with_the_path_of_the_layer() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, name="score")])
    model.compile("sgd", "binary_crossentropy")
    model._prepare_for((X, Y))
    (advice,) = advice_on(model._model_graph, model._compile_loss)
    assert (advice.code, advice.path) == ("logits-as-probabilities", model.layers[0].path)
    assert advice.fix.startswith("activation='sigmoid' in 'score'")


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("binary_crossentropy", True),
        ("categorical_crossentropy", True),
        ("kl_divergence", True),
        (keras.losses.BinaryFocalCrossentropy(), True),
        (keras.losses.CategoricalCrossentropy(from_logits=True), False),
        (keras.losses.BinaryCrossentropy(from_logits=True), False),
        ("mse", False),
        ("poisson", False),
        (lambda y_true, y_pred: keras.ops.mean(y_pred), False),
    ],
)
def test_only_losses_of_probabilities_ask_for_an_activation(loss: Any, expected: bool) -> None:
    inputs = keras.Input((3,))
    hidden = keras.layers.Dropout(0.5)(keras.layers.Dense(2)(inputs))
    assert bool(advised(keras.layers.Reshape((2,))(hidden), inputs, loss, np.eye(2)[Y])) == expected


def test_an_activation_of_any_form_is_enough() -> None:
    inputs = keras.Input((3,))
    scores = keras.layers.Dense(2)(inputs)
    for outputs in (
        keras.layers.Dense(2, activation="softmax")(inputs),
        keras.layers.Activation("softmax")(scores),
        keras.layers.Softmax()(scores),
        keras.ops.softmax(scores),
        scores / 2,
    ):
        assert advised(outputs, inputs, "categorical_crossentropy", np.eye(2)[Y]) == []


def test_the_last_layer_of_an_inner_model_counts() -> None:
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="inside")])
    inputs = keras.Input((3,))
    assert advised(inner(inputs), inputs, "categorical_crossentropy", np.eye(2)[Y]) == [
        "logits-as-probabilities"
    ]


def test_a_softmax_over_one_unit_gets_a_warning(backend: str) -> None:
    with pytest.warns(UserWarning, match="softmax over one unit is always 1.*sigmoid"):
        keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, activation="softmax")])
    with pytest.warns(UserWarning, match="softmax over one unit"):
        keras.layers.Softmax()(np.ones((2, 1), "float32"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        keras.layers.Dense(2, activation="softmax")(np.ones((2, 1), "float32"))
        query = np.ones((2, 1, 4), "float32")  # one key: its weight is 1, and rightly so
        keras.layers.MultiHeadAttention(1, 2)(query, query)


@pytest.mark.parametrize(("shape", "axis"), [((None,), -1), ((4, None), -1), ((None, 3), 1)])
def test_a_softmax_over_an_unknown_number_of_units_is_not_one_over_one(
    backend: str, shape: tuple[int | None, ...], axis: int
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        keras.layers.Softmax(axis=axis)(keras.Input(shape))


def test_the_warning_comes_once_and_shows_no_made_up_size(backend: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        keras.layers.Dense(1, activation="softmax")(keras.Input((3,)))
    assert [str(warning.message).partition(". ")[0] for warning in caught] == [
        "A softmax over one unit is always 1: shape (None, 1), axis -1"
    ]


class Tokens(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.embed = keras.layers.Embedding(5, 2)
        self.out = keras.layers.Dense(1)

    def call(self, words: Any) -> Any:
        return self.out(keras.ops.mean(self.embed(words), axis=1))


def sequential() -> Any:
    return keras.Sequential(
        [keras.Input((4,)), keras.layers.Embedding(5, 2), keras.layers.Flatten(), keras.layers.Dense(1)]
    )


GOOD = np.arange(12).reshape(3, 4) % 5
BAD = np.array([[0, 1, 2, 3], [4, 0, 5, 1], [0, 0, 0, 0]])


@pytest.mark.parametrize("make", [sequential, Tokens])
def test_an_index_outside_its_table_is_named_before_anything_runs(backend: str, make: Any) -> None:
    model = make()
    model.compile("sgd", "mse")
    model.fit(GOOD, np.zeros((3, 1)), verbose=0)
    before = model.get_weights()
    words = r"(?s)Index 5 at row 1.*has 5 vectors.*0 to 4.*Got: 0 to 5.*Embedding\(6, 2\)"
    for run in (
        lambda: model.fit(BAD, np.zeros((3, 1)), verbose=0),
        lambda: model.evaluate(BAD, np.zeros((3, 1)), verbose=0),
        lambda: model.predict(BAD, verbose=0),
        lambda: model.predict((batch for batch in (GOOD, BAD)), verbose=0),
        lambda: model.train_on_batch(BAD, np.zeros((3, 1))),
        lambda: model.fit(GOOD, np.zeros((3, 1)), validation_data=(BAD, np.zeros((3, 1))), verbose=0),
    ):
        with pytest.raises(DataError, match=words):
            run()
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.predict(GOOD, verbose=0).shape == (3, 1)


def test_a_negative_index_and_indices_that_a_model_makes_itself(backend: str) -> None:
    with pytest.raises(DataError, match=r"(?s)Index -1 at row 0.*number them from 0"):
        sequential().predict(np.full((1, 4), -1), verbose=0)
    inputs = keras.Input((4,), dtype="int32")
    model = keras.Model(inputs, keras.layers.Embedding(5, 2)(inputs % 5))
    assert model.predict(BAD + 7, verbose=0).shape == (3, 4, 2)


def test_looking_for_indices_changes_no_model(backend: str) -> None:
    model = Tokens()
    model.predict(GOOD, verbose=0)
    assert [type(layer).__name__ for layer in model.layers] == ["Embedding", "Dense"]
    assert [weight.path.split("/")[-1] for weight in model.weights] == ["embeddings", "kernel", "bias"]

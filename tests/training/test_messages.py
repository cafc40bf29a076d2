"""Bad input gets an error that says where, expected, got and how to fix it, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse

import layerlab as keras
from tests.training.models import classes, compiled_classifier, images, same_state, state_of

X, Y = classes(12)
ONE_HOT = np.eye(3)[Y]
IMAGES, KINDS = images(12)

# what is wrong: (call of a compiled and trained classifier, the words a person needs)
CALLS: dict[str, tuple[Callable[[Any], Any], list[str]]] = {
    "another number of features": (
        lambda m: m.fit(X[:, :3], Y, verbose=0),
        ["input 'input_layer'", "(None, 4)", "(12, 3)", "Input((3,))"],
    ),
    "a single sample": (lambda m: m.predict(X[0], verbose=0), ["(None, 4)", "(4,)", "x[None]"]),
    "x and y of different length": (lambda m: m.fit(X, Y[:5], verbose=0), ["x has 12", "y has 5"]),
    "weights of different length": (
        lambda m: m.fit(X, Y, sample_weight=np.ones(3), verbose=0),
        ["x has 12", "sample_weight has 3"],
    ),
    "a label too large": (
        lambda m: m.fit(X, np.where(np.arange(12) == 5, 7, Y), verbose=0),
        ["Label 7 at row 5", "3 units", "0..2", "number the classes from 0"],
    ),
    "labels in a list": (lambda m: m.fit(X, [*Y.tolist()[:-1], 3], verbose=0), ["Label 3 at row 11", "0..2"]),
    "a negative label": (lambda m: m.evaluate(X, Y - 5, verbose=0), ["Label -", "at row 0", "0..2"]),
    "a label that is no number": (
        lambda m: m.fit(X, np.where(np.arange(12) == 4, np.nan, Y), verbose=0),
        ["Label nan at row 4"],
    ),
    "fractions as labels": (lambda m: m.fit(X, X[:, 0], verbose=0), ["at row 0", "class numbers 0..2"]),
    "labels for validation": (
        lambda m: m.fit(X, Y, validation_data=(X, np.full(12, 4)), verbose=0),
        ["Label 4 at row 0", "3 units"],
    ),
    "labels of a batch": (lambda m: m.train_on_batch(X, np.full(12, 3)), ["Label 3 at row 0", "3 units"]),
    "labels of a generator": (
        lambda m: m.fit(iter([(X, Y + 9)]), verbose=0),
        ["Label", "at row 0", "3 units"],
    ),
    "one-hot labels": (
        lambda m: m.fit(X, ONE_HOT, verbose=0),
        ["look one-hot", "(12, 3)", "categorical_crossentropy", "argmax"],
    ),
    "text labels": (
        lambda m: m.fit(X, ["cat", "dog"] * 6, verbose=0),
        ["y is text ('cat'", "np.unique(values, return_inverse=True)"],
    ),
    "text as x": (lambda m: m.fit(np.array(["a", "b"]), [0, 1], verbose=0), ["x is text ('a', 'b')"]),
    "dates": (lambda m: m.fit(X, np.full(12, "2020-01-01", "datetime64[D]"), verbose=0), ["y is dates"]),
    "a sparse matrix": (
        lambda m: m.fit(scipy.sparse.csr_matrix(X), Y, verbose=0),
        ["csr_matrix", "x.toarray()"],
    ),
    "rows of different length": (
        lambda m: m.fit([[1, 2], [3]], [0, 1], verbose=0),
        ["x is a list of rows", "pad"],
    ),
    "a list of samples": (lambda m: m.fit(list(X), Y, verbose=0), ["x[0] has 4", "np.array(x)"]),
    "too many inputs": (lambda m: m.fit([X, X], Y, verbose=0), ["got 2 inputs", "1: input_layer"]),
    "nothing": (lambda m: m.fit(verbose=0), ["no data", "pass x"]),
    "no samples": (lambda m: m.fit(X[:0], Y[:0], verbose=0), ["empty", "at least one sample"]),
    "no batches": (lambda m: m.fit(iter([]), verbose=0), ["yield no batch"]),
    "no y": (lambda m: m.fit(X, verbose=0), ["no targets", "pass y"]),
    "y beside a generator": (
        lambda m: m.fit(iter([(X, Y)]), Y, verbose=0),
        ["y cannot be given", "yield (x, y)"],
    ),
    "a batch of four": (
        lambda m: m.fit(iter([(X, Y, Y, Y)]), verbose=0),
        ["(x, y, sample_weight)", "tuple of 4"],
    ),
    "a split of a generator": (
        lambda m: m.fit(iter([(X, Y)]), validation_split=0.5, verbose=0),
        ["validation_split needs arrays", "validation_data"],
    ),
    "half an epoch": (lambda m: m.fit(X, Y, epochs=1.5, verbose=0), ["epochs", "integer", "1.5"]),
    "no batch size": (lambda m: m.fit(X, Y, batch_size=0, verbose=0), ["batch_size", "positive"]),
    "a split of everything": (
        lambda m: m.fit(X, Y, validation_split=2, verbose=0),
        ["validation_split", "0 and 1"],
    ),
    "an unknown verbosity": (lambda m: m.fit(X, Y, verbose=3), ["verbose", "'auto', 0, 1 or 2"]),
    "an unknown loss": (
        lambda m: m.compile("adam", "sparse_categorical_crossentrop"),
        ["Unknown loss", "Did you mean 'sparse_categorical_crossentropy'?"],
    ),
    "an unknown optimizer": (
        lambda m: m.compile("adm", "mse"),
        ["Unknown optimizer", "Did you mean 'adam'?"],
    ),
    "an unknown metric": (
        lambda m: m.compile("adam", "mse", metrics=["accurcy"]),
        ["Unknown metric", "Did you mean 'accuracy'?"],
    ),
    "a metric without a list": (lambda m: m.compile(loss="mse", metrics="mae"), ["metrics", "['mae']"]),
    "an argument misspelled": (
        lambda m: m.compile("adam", "mse", metric=["mae"]),
        ["metric", "Did you mean 'metrics'?"],
    ),
}


@pytest.fixture(scope="module")
def trained() -> dict[str, Any]:
    """By back end a classifier that has trained, so that there is something to lose."""
    return {}


@pytest.mark.parametrize("name", CALLS)
def test_bad_input_is_explained_and_the_model_stays(backend: str, name: str, trained: dict[str, Any]) -> None:
    if backend not in trained:
        model = compiled_classifier(optimizer=keras.optimizers.Adam(0.01))
        model.fit(X, Y, verbose=0)
        trained[backend] = model
    model = trained[backend]
    call, words = CALLS[name]
    before, optimizer = state_of(model), model.optimizer

    with pytest.raises(ValueError) as caught:
        call(model)

    message = str(caught.value)
    for word in words:
        assert word in message
    assert len(message) < 600
    assert isinstance(caught.value, keras.errors.LayerlabError)
    assert model.optimizer is optimizer
    assert same_state(before, state_of(model))


def test_the_messages_are_the_same_on_both_back_ends() -> None:
    messages: dict[str, dict[str, str]] = {}
    for back_end in ("jax", "torch"):
        keras.config.set_backend(back_end)
        keras.utils.clear_session()
        model = compiled_classifier()
        for name, (call, _) in CALLS.items():
            with pytest.raises(ValueError) as caught:
                call(model)
            messages.setdefault(name, {})[back_end] = str(caught.value)
    keras.config.set_backend("jax")
    keras.utils.clear_session()
    for by_back_end in messages.values():
        assert by_back_end["jax"] == by_back_end["torch"]


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_a_model_must_be_compiled(method: str) -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    for kind in (RuntimeError, ValueError):
        with pytest.raises(kind, match=rf"must be compiled before {method}(.|\n)*model.compile\(optimizer="):
            getattr(model, method)(X, Y)


def test_images_without_channels_get_advice(backend: str) -> None:
    model = keras.Sequential([keras.Input((6, 6, 3)), keras.layers.Flatten(), keras.layers.Dense(3)])
    model.compile(loss="mse")

    with pytest.raises(ValueError, match=r"\(12, 6, 6\)(.|\n)*the last axis of 3 is missing"):
        model.fit(IMAGES[..., 0], KINDS, verbose=0)


def test_class_numbers_for_a_one_hot_loss_get_advice(backend: str) -> None:
    model = compiled_classifier(loss="categorical_crossentropy", metrics=None)
    model.fit(X, ONE_HOT, verbose=0)
    before = state_of(model)

    with pytest.raises(ValueError, match=r"\(12, 3\)(.|\n)*\(12,\)(.|\n)*sparse_categorical_crossentropy"):
        model.fit(X, Y, verbose=0)

    assert same_state(before, state_of(model))


def test_a_missing_flatten_gets_advice(backend: str) -> None:
    inputs = keras.Input((6, 6, 1))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(inputs))
    model.compile(loss="sparse_categorical_crossentropy")

    with pytest.raises(ValueError, match=r"\(12, 6, 6, 3\)(.|\n)*\(12,\)"):
        model.fit(IMAGES, KINDS, verbose=0)


def test_sequences_of_zeros_and_ones_are_not_taken_for_one_hot(backend: str) -> None:
    inputs = keras.Input((3, 2))
    model = keras.Model(inputs, keras.layers.Dense(3, activation="softmax")(inputs))
    model.compile(loss="sparse_categorical_crossentropy")

    model.evaluate(np.zeros((4, 3, 2)), np.eye(3)[[0, 1, 2, 0]].astype(int), verbose=0)


def test_an_ignored_class_may_be_outside(backend: str) -> None:
    model = compiled_classifier(
        loss=keras.losses.SparseCategoricalCrossentropy(ignore_class=-1), metrics=None
    )
    labels = np.where(np.arange(12) < 3, -1, Y)

    assert np.isfinite(model.evaluate(X, labels, verbose=0))
    with pytest.raises(ValueError, match="Label 9 at row 11"):
        model.evaluate(X, np.where(np.arange(12) == 11, 9, labels), verbose=0)


def test_the_labels_of_each_output_are_checked(backend: str) -> None:
    inputs = keras.Input((4,))
    outputs = [
        keras.layers.Dense(units, activation="softmax", name=f"kind{units}")(inputs) for units in (2, 3)
    ]
    model = keras.Model(inputs, outputs)
    model.compile(loss="sparse_categorical_crossentropy")

    with pytest.raises(ValueError, match=r"Label 2 at row .*output 'kind2' has 2 units"):
        model.fit(X, [Y, Y], verbose=0)


def test_parts_of_a_graph_that_are_not_connected_are_named() -> None:
    a, b = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    total = keras.layers.Add()([a, b])

    with pytest.raises(ValueError, match=r"disconnected(.|\n)*'right'(.|\n)*left"):
        keras.Model(a, total)
    with pytest.raises(ValueError, match=r"the layer 'dense' itself(.|\n)*call the layer on a tensor"):
        keras.Model(a, keras.layers.Dense(2, name="dense"))


@pytest.mark.parametrize(
    ("make", "near"),
    [
        (lambda: keras.layers.Dense(2, activation="rleu"), "relu"),
        (lambda: keras.layers.Dense(2, kernel_initializer="glorot"), "glorot_"),
        (lambda: keras.optimizers.get("adma"), "adam"),
        (lambda: keras.losses.get("msee"), "mse"),
    ],
)
def test_unknown_names_get_the_near_one(make: Callable[[], Any], near: str) -> None:
    with pytest.raises(ValueError, match=f"Did you mean '{near}"):
        make()

"""What a beginner does wrong in the first hour is answered with where, expected, got and a fix."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers

X = np.zeros((8, 4), "float32")
Y = np.zeros(8, "int32")


def small(loss: Any = "sparse_categorical_crossentropy", shape: tuple[int, ...] = (4,)) -> keras.Model:
    outputs = layers.Dense(3, activation="softmax", name="out")
    model = keras.Sequential([keras.Input(shape), outputs], name="net")
    model.compile("sgd", loss)
    return model


def wrong_loss(y_true: Any, y_pred: Any) -> Any:
    return keras.ops.mean(keras.ops.square(y_true - y_pred))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: small()([1.0, 2.0, 3.0, 4.0]), [
            'Sequential "net" got plain numbers as its input.',
            "Fix: make an array of them: np.array([...])",
        ]),
        (lambda: small("categorical_crossentropy").fit(X, Y, verbose=0), [
            "Loss 'categorical_crossentropy': the labels do not fit the predictions.",
            "Expected: (8, 3)",
            "Got: (8,)",
            "Fix: use sparse_categorical_crossentropy",
        ]),
        (lambda: small(shape=(28, 28)).fit(np.zeros((8, 28, 28), "float32"), Y, verbose=0), [
            "Expected: class numbers (8, 28) for predictions (8, 28, 3)",
            "Fix: a Flatten or pooling layer before the last Dense",
        ]),
        (lambda: small().fit(X, Y, validation_data=X, verbose=0), [
            "has no targets.",
            "in validation_data too: (x, y)",
        ]),
        (lambda: small().fit(X, verbose=0), ["has no targets.", "Fix: pass y"]),
        (lambda: layers.Dense(3, activaton="relu"), [
            "Dense got unknown arguments. Did you mean 'activation'?",
        ]),
        (lambda: layers.Dense("10"), ["Dense got a bad `units`.", "Got: '10'", "Fix: units=10"]),
        (lambda: layers.Dense(10.0), ["Got: 10.0", "Fix: units=10"]),
        (lambda: keras.optimizers.Adam(lr=0.1), ["Did you mean 'learning_rate'?"]),  # type: ignore[call-arg]
        (lambda: keras.Sequential([keras.Input((4, 4, 1)), layers.MaxPooling2D(8)]), [
            "got an input of shape (None, 4, 4, 1).",
            "Expected: spatial sizes of at least (8, 8)",
        ]),
        (lambda: keras.Sequential([keras.Input((100_000,)), layers.Dense(10**10, name="huge")]), [
            'huge" has no room for the weight "kernel" of shape (100000, 10000000000).',
            "Fix: use fewer units",
        ]),
    ],
)  # fmt: skip
def test_the_message_says_where_and_how_to_fix_it(call: Callable[[], Any], words: list[str]) -> None:
    with pytest.raises(Exception) as caught:
        call()
    assert [word for word in words if word not in str(caught.value)] == []


def test_an_error_in_a_loss_of_ones_own_tells_what_it_was_called_on() -> None:
    with pytest.raises(Exception) as caught:
        small(wrong_loss).fit(X, Y, verbose=0)
    note = "In Loss 'wrong_loss', called on y of shape (8,) and predictions of shape (8, 3)."
    assert note in caught.value.__notes__


def test_a_file_that_is_missing_is_looked_for_among_its_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("digits.keras").write_bytes(b"")
    with pytest.raises(FileNotFoundError) as caught:
        keras.models.load_model("digit.keras")
    assert str(caught.value).splitlines() == [
        "There is no file digit.keras. Did you mean 'digits.keras'?",
        f"  Expected: a file in {tmp_path}",
        "  Got: digits.keras",
    ]
    with pytest.raises(FileNotFoundError, match=r"(?s)There is no file nowhere/a.weights.h5.*no such folder"):
        small().load_weights("nowhere/a.weights.h5")

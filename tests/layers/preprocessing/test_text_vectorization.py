"""TextVectorization: numbers recorded from Keras 3.15 on TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

import layerlab as keras
from layerlab.data import Dataset
from layerlab.errors import ConfigError, DataError, DTypeError, EmptyDataError, ShapeError, UnsupportedError
from layerlab.layers import TextVectorization

TEXTS = [
    "The quick, brown FOX!",
    "jumps over the-lazy dog.  The end\tof it",
    "",
    "Ünïcode ÄÖÜ straße it's",
    "a b\nc",
]
STRIPPED = [
    "the",
    "Ünïcode",
    "ÄÖÜ",
    "thelazy",
    "straße",
    "quick",
    "over",
    "of",
    "jumps",
    "its",
    "it",
    "fox",
    "end",
    "dog",
    "c",
    "brown",
    "b",
    "a",
]
LOWER = [
    "the",
    "Ünïcode",
    "ÄÖÜ",
    "the-lazy",
    "straße",
    "quick,",
    "over",
    "of",
    "jumps",
    "it's",
    "it",
    "fox!",
    "end",
    "dog.",
    "c",
    "brown",
    "b",
    "a",
]


def adapted(data: Any = TEXTS, **arguments: Any) -> TextVectorization:
    layer = TextVectorization(**arguments)
    layer.adapt(data)
    return layer


@keras.saving.register_keras_serializable(package="tests")
def no_digits(texts: np.ndarray) -> np.ndarray:
    return np.char.replace(np.char.lower(texts), "1", "")


@keras.saving.register_keras_serializable(package="tests")
def by_comma(texts: np.ndarray) -> list[list[str]]:
    return [text.split(",") for text in texts]


@pytest.mark.parametrize(
    ("standardize", "words"), [("lower_and_strip_punctuation", STRIPPED), ("lower", LOWER)]
)
def test_words_are_standardized_and_ordered_as_in_keras(standardize: str, words: list[str]) -> None:
    assert adapted(standardize=standardize).get_vocabulary() == ["", "[UNK]", *words]


def test_punctuation_alone_is_stripped_and_characters_are_split() -> None:
    layer = adapted(["Aé!", "A"], standardize="strip_punctuation", split="character")
    assert layer.get_vocabulary(include_special_tokens=False) == ["A", "é"]
    whole = adapted(["Aé!", "A"], standardize=None, split=None)
    assert whole.get_vocabulary(include_special_tokens=False) == ["Aé!", "A"]
    assert np.asarray(whole([["A"], ["q"]])).tolist() == [[3], [1]]


@pytest.mark.usefixtures("backend")
def test_rows_of_numbers_are_cut_and_filled_up() -> None:
    rows = [[2, 7, 17, 13], [10, 8, 5, 15], [0, 0, 0, 0], [3, 4, 6, 11], [19, 18, 16, 0]]
    layer = adapted(output_sequence_length=4)
    assert np.asarray(layer(TEXTS)).tolist() == rows
    assert np.asarray(layer(np.array(TEXTS)[:, None])).tolist() == rows
    assert np.asarray(layer("the fox")).tolist() == [2, 13, 0, 0]
    assert adapted()(TEXTS).shape == (5, 8)


def test_neighbours_are_joined() -> None:
    layer = adapted(ngrams=(1, 3), output_sequence_length=4)
    expected = [[2, 13, 27, 21], [18, 15, 8, 25], [0, 0, 0, 0], [4, 6, 11, 19], [30, 28, 26, 29]]
    assert np.asarray(layer(TEXTS)).tolist() == expected
    pairs = adapted(["a b c"], ngrams=2)
    assert sorted(pairs.get_vocabulary()) == ["", "[UNK]", "a", "a b", "b", "b c", "c"]


@pytest.mark.usefixtures("backend")
def test_texts_become_vectors() -> None:
    counts = adapted(max_tokens=5, output_mode="count", pad_to_max_tokens=True)
    expected: Any = [[3, 1, 0, 0, 0], [6, 1, 0, 0, 1], [0, 0, 0, 0, 0], [2, 0, 1, 1, 0], [3, 0, 0, 0, 0]]
    assert np.asarray(counts(TEXTS)).tolist() == expected
    given: dict[str, Any] = {"vocabulary": ["fox", "dog"], "idf_weights": [0.5, 0.25]}
    weighted = TextVectorization(output_mode="tf_idf", **given)
    expected = [[1.125, 0.5, 0], [2.625, 0, 0.25], [0, 0, 0], [1.5, 0, 0], [1.125, 0, 0]]
    np.testing.assert_allclose(np.asarray(weighted(TEXTS)), expected, atol=1e-6)


@pytest.mark.parametrize(
    "data",
    [
        np.array(["x y", "y"], object),
        np.array([b"x y", b"y"]),
        pandas.Series(["x y", "y"]),
        [["x y"], ["y"]],
        iter(["x y", "y"]),
        Dataset.from_tensor_slices((["x y", "y"], [0, 1])).batch(1),
        Dataset.from_tensor_slices(["x y", "y"]),
    ],
    ids=lambda data: type(data).__name__,
)
def test_words_are_learned_from_all_that_holds_texts(data: Any) -> None:
    assert adapted(data).get_vocabulary() == ["", "[UNK]", "y", "x"]


@pytest.mark.usefixtures("backend")
def test_a_data_set_of_texts_trains_a_model() -> None:
    layer = adapted(["good film", "bad film"], output_sequence_length=2)
    data = Dataset.from_tensor_slices((["good film", "bad film"] * 4, [1.0, 0.0] * 4)).batch(4)
    model = keras.Sequential(
        [keras.layers.Embedding(layer.vocabulary_size(), 2), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    history = model.fit(data.map(lambda text, y: (layer(text), y)), epochs=2, verbose=0)
    assert history.history["loss"][1] < history.history["loss"][0]


def test_a_model_that_begins_with_texts_says_what_to_do() -> None:
    layer = adapted(output_sequence_length=4)
    texts = keras.Input((1,), dtype="string")
    model = keras.Model(texts, keras.layers.Embedding(30, 2)(layer(texts)))
    assert model.output_shape == (None, 4, 2)
    for call in (model, lambda x: model.predict(x, verbose=0)):
        with pytest.raises(DTypeError, match="TextVectorization"):
            call(np.array([["a b"]]))


def test_functions_are_steps_and_kept_in_configs() -> None:
    layer = adapted(["A1,b", "b"], standardize=no_digits, split=by_comma)
    again = TextVectorization.from_config(layer.get_config())
    again.set_vocabulary(layer.get_vocabulary())
    assert again.get_vocabulary() == ["", "[UNK]", "b", "a"]
    assert np.asarray(again(["a1,b"])).tolist() == [[3, 2]]
    wrong = TextVectorization(standardize=lambda texts: texts[:1], vocabulary=["a"])
    with pytest.raises(DataError, match="standardize"):
        wrong(["a", "b"])


def test_what_was_learned_is_kept_in_a_file(tmp_path: Path) -> None:
    layer = adapted(output_mode="tf_idf", ngrams=2, standardize="lower")
    texts = keras.Input((1,), dtype="string")
    keras.Model(texts, layer(texts)).save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras").layers[-1]
    assert again.get_vocabulary() == layer.get_vocabulary()
    np.testing.assert_array_equal(np.asarray(again(TEXTS)), np.asarray(layer(TEXTS)))


def test_a_file_of_keras_is_read() -> None:
    model = keras.saving.load_model(Path(__file__).parent / "text_of_keras.keras")
    layer = model.layers[-1]
    expected = ["[UNK]", "the", "cat", "the dog", "the cat", "sat", "dog", "cat sat", "a cat", "a"]
    assert layer.get_vocabulary() == expected
    found = np.asarray(layer(["the dog", "cat zz"]))
    np.testing.assert_allclose(found[0], [0, 0.693, 0, 0.916, 0, 0, 0.916, 0, 0, 0], atol=1e-3)
    np.testing.assert_allclose(found[1], [1.733, 0, 0.693, 0, 0, 0, 0, 0, 0, 0], atol=1e-3)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="ragged"):
        TextVectorization(ragged=True)
    with pytest.raises(UnsupportedError, match="sparse"):
        TextVectorization(sparse=True, output_mode="count")
    arguments: list[dict[str, Any]] = [
        {"standardize": "upper"},
        {"split": "word"},
        {"ngrams": 0},
        {"ngrams": "2"},
        {"output_sequence_length": 0},
        {"output_sequence_length": 3, "output_mode": "count"},
    ]
    for each in arguments:
        with pytest.raises(ValueError, match=next(iter(each))):
            TextVectorization(**each)
    layer = TextVectorization(vocabulary=["a"])
    with pytest.raises(ShapeError, match="one text"):
        layer([["a", "b"]])
    with pytest.raises(DTypeError, match="texts"):
        layer([1, 2])
    with pytest.raises(EmptyDataError):
        TextVectorization().adapt([])
    with pytest.raises(ConfigError, match="outside"):
        TextVectorization.from_config({**layer.get_config(), "vocabulary": "/etc/passwd"})

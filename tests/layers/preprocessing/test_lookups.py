"""StringLookup and IntegerLookup: numbers recorded from Keras 3.15 on TensorFlow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest

import layerlab as keras
from layerlab.data import Dataset
from layerlab.errors import (
    ConfigError,
    DataError,
    DTypeError,
    EmptyDataError,
    InvalidArgumentError,
    MissingFileError,
    NotAdaptedError,
    UnreadableFileError,
    UnsupportedError,
)
from layerlab.layers import IntegerLookup, StringLookup
from layerlab.layers.preprocessing import vocabulary

DOCUMENTS = [["a", "b", "", "c"], ["b", "c", "b", "x"], ["b", "b", "d", "d"]]
CALLED = [["a", "zzz", "b", "b"], ["", "q", "c", "rr"]]


def adapted(cls: Any = StringLookup, data: Any = DOCUMENTS, **arguments: Any) -> Any:
    layer = cls(**arguments)
    layer.adapt(data)
    return layer


@pytest.mark.usefixtures("backend")
def test_frequent_texts_have_the_lowest_numbers_and_of_equal_ones_the_last_in_order() -> None:
    layer = adapted(mask_token="")
    assert layer.get_vocabulary() == ["", "[UNK]", "b", "d", "c", "x", "a"]
    assert layer.get_vocabulary(include_special_tokens=False) == ["b", "d", "c", "x", "a"]
    assert layer.vocabulary_size() == 7
    assert np.asarray(layer(CALLED)).tolist() == [[6, 1, 2, 2], [0, 1, 4, 1]]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("multi_hot", [[1, 1, 0, 0, 0, 1], [1, 0, 0, 1, 0, 0]]),
        ("count", [[1, 2, 0, 0, 0, 1], [2, 0, 0, 1, 0, 0]]),
        ("tf_idf", [[0.80033, 1.11923, 0, 0, 0, 0.91629], [1.60065, 0, 0, 0.69315, 0, 0]]),
    ],
)
@pytest.mark.usefixtures("backend")
def test_vectors_are_those_of_keras(mode: str, expected: Any) -> None:
    layer = adapted(mask_token="", output_mode=mode)
    np.testing.assert_allclose(np.asarray(layer(CALLED)), expected, atol=1e-5)
    wide = adapted(mask_token="", output_mode=mode, max_tokens=9, pad_to_max_tokens=True)
    np.testing.assert_allclose(np.asarray(wide(CALLED))[:, :6], expected, atol=1e-5)
    assert wide(CALLED).shape == (2, 9)


@pytest.mark.usefixtures("backend")
def test_one_hot_replaces_a_last_axis_of_one() -> None:
    layer = StringLookup(vocabulary=["a", "b"], output_mode="one_hot")
    assert np.asarray(layer([["b"], ["q"]])).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert layer([["b", "a"]]).shape == (1, 2, 3)
    assert np.asarray(layer("a")).tolist() == [[0, 1, 0]]


def test_unknown_tokens_are_hashed_as_keras_hashes_them() -> None:
    strings = adapted(num_oov_indices=3)
    assert np.asarray(strings([["zzz", "q", "rr"]])).tolist() == [[0, 2, 0]]
    codes = [[100, -5, 8]]
    known = [1, 5]
    assert np.asarray(IntegerLookup(num_oov_indices=3, vocabulary=known)(codes)).tolist() == [[1, 1, 2]]
    hashed = IntegerLookup(num_oov_indices=3, vocabulary=known, oov_method="farmhash")
    assert np.asarray(hashed(codes)).tolist() == [[0, 0, 1]]


@pytest.mark.usefixtures("backend")
def test_numbers_become_texts_and_integers_again() -> None:
    texts = StringLookup(vocabulary=["a", "b"], invert=True, mask_token="", num_oov_indices=2)
    numbers = keras.ops.convert_to_tensor([[0, 1, 2, 3, 4, 5, -1]])
    assert texts(numbers).tolist() == [["", "[UNK]", "[UNK]", "a", "b", "[UNK]", "[UNK]"]]
    integers = IntegerLookup(vocabulary=[10, 20], invert=True, mask_token=0)
    assert np.asarray(integers([0, 1, 2, 3, 9])).tolist() == [0, -1, 10, 20, -1]


@pytest.mark.parametrize(
    "data",
    [
        np.array(["b", "a", "b"]),
        np.array(["b", "a", "b"], object),
        np.array([b"b", b"a", b"b"]),
        np.array(["b", "a", "b"], np.dtypes.StringDType()),
        ("b", "a", "b"),
        pandas.Series(["b", "a", "b"], dtype="string"),
        pandas.Series(["b", "a", "b"]).astype("category"),
        iter([np.array(["b", "a"]), ["b"]]),
        Dataset.from_tensor_slices((["b", "a", "b"], [1, 2, 3])).batch(2),
    ],
    ids=lambda data: f"{type(data).__name__} {getattr(data, 'dtype', '')}",
)
def test_vocabularies_are_learned_from_and_applied_to_all_that_holds_texts(data: Any) -> None:
    layer = adapted(data=data)
    assert layer.get_vocabulary() == ["[UNK]", "b", "a"]
    if not hasattr(data, "__next__") and not isinstance(data, Dataset):
        assert np.asarray(layer(data)).tolist() == [1, 2, 1]


def test_steps_end_data_that_do_not_end() -> None:
    endless = Dataset.from_tensor_slices(["a", "b", "c"]).batch(1).repeat()
    with pytest.raises(DataError, match="steps"):
        StringLookup().adapt(endless)
    layer = StringLookup()
    layer.adapt(endless, steps=2)
    assert layer.vocabulary_size() == 3


def test_a_layer_maps_a_data_set_in_threads() -> None:
    layer = StringLookup(vocabulary=["a", "b"])
    data = Dataset.from_tensor_slices(["a", "q", "b", "a"]).batch(2).map(layer, num_parallel_calls=2)
    assert [batch.tolist() for batch in data] == [[1, 0], [2, 1]]


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("mode", ["int", "count", "tf_idf"])
def test_integers_are_looked_up_in_a_compiled_step_as_on_the_host(mode: str) -> None:
    codes = np.array([[5, 100, 7, 0], [-5, 1, 1, -3]], "int32")
    data = [[1, 5, 5, 0], [7, 7, 7, -3]]
    layer = adapted(IntegerLookup, data, mask_token=0, num_oov_indices=2, output_mode=mode)
    inputs = keras.Input((4,), dtype="int32")
    model = keras.Model(inputs, layer(inputs))
    np.testing.assert_allclose(model.predict(codes, verbose=0), np.asarray(layer(codes)), atol=1e-6)


def test_what_needs_the_host_says_so_in_a_model() -> None:
    inputs = keras.Input((1,), dtype="int32")
    model = keras.Model(inputs, IntegerLookup(vocabulary=[1], num_oov_indices=0)(inputs))
    with pytest.raises(UnsupportedError, match=r"data\.map"):
        model.predict(np.array([[1]]), verbose=0)
    texts = keras.Input((1,), dtype="string")
    model = keras.Model(texts, StringLookup(vocabulary=["a"])(texts))
    with pytest.raises(DTypeError, match="StringLookup"):
        model(np.array([["a"]]))


@pytest.mark.parametrize("mode", ["int", "tf_idf"])
@pytest.mark.usefixtures("backend")
def test_a_learned_vocabulary_is_kept_in_a_file(tmp_path: Path, mode: str) -> None:
    data = [[3, 9, 9], [4, 9, 3]]
    layer = adapted(IntegerLookup, data, output_mode=mode)
    inputs = keras.Input((3,), dtype="int32")
    keras.Model(inputs, layer(inputs)).save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras").layers[-1]
    assert again.get_vocabulary() == [-1, 9, 3, 4]
    np.testing.assert_allclose(np.asarray(again(data)), np.asarray(layer(data)))


def test_a_given_vocabulary_is_part_of_the_config() -> None:
    layer = StringLookup(vocabulary=["line\nbreak", "a"], salt=3)
    again = StringLookup.from_config(layer.get_config())
    assert again.get_vocabulary() == ["[UNK]", "line\nbreak", "a"]
    assert again.salt == [3, 3]
    layer.set_vocabulary(["z"])
    assert layer.get_config()["vocabulary"] is None


def test_assets_keep_every_text_but_one_with_a_line_break(tmp_path: Path) -> None:
    odd = ["\u2028", "ü", " ", ""]
    layer = StringLookup()
    layer.set_vocabulary(odd)
    layer.save_assets(str(tmp_path))
    again = StringLookup.from_config(layer.get_config())
    again.load_assets(str(tmp_path))
    assert again.get_vocabulary() == ["[UNK]", *odd]
    layer.set_vocabulary(["a\nb"])
    with pytest.raises(DataError, match="line break"):
        layer.save_assets(str(tmp_path))


def test_vocabulary_files_have_a_token_in_each_line(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes("zwei\r\näpfel\n".encode())
    assert StringLookup(vocabulary=str(path)).get_vocabulary() == ["[UNK]", "zwei", "äpfel"]
    path.write_bytes(b"12\nx\n")
    with pytest.raises(InvalidArgumentError, match="integer in each line"):
        IntegerLookup(vocabulary=path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnreadableFileError, match="no text"):
        StringLookup(vocabulary=path)
    with pytest.raises(MissingFileError):
        StringLookup(vocabulary=str(tmp_path / "none.txt"))


def test_a_config_names_no_file_outside_of_it() -> None:
    config = StringLookup(vocabulary=["a"]).get_config()
    with pytest.raises(ConfigError, match="outside"):
        StringLookup.from_config({**config, "vocabulary": "/etc/passwd"})


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"vocabulary": ["a", "b", "a"]}, "repeated"),
        ({"vocabulary": []}, "at least one"),
        ({"vocabulary": ["a", ""], "mask_token": ""}, "mask token"),
        ({"vocabulary": ["a", "[UNK]"], "invert": True}, "oov token"),
        ({"vocabulary": ["a", "b"], "max_tokens": 2}, "at most 2"),
        ({"max_tokens": 1}, "max_tokens"),
        ({"num_oov_indices": -1}, "num_oov_indices"),
        ({"pad_to_max_tokens": True}, "pad_to_max_tokens"),
        ({"invert": True, "output_mode": "count"}, "invert"),
        ({"vocabulary": ["a"], "output_mode": "tf_idf"}, "idf_weights"),
        ({"vocabulary": ["a"], "output_mode": "tf_idf", "idf_weights": [1, 2]}, "1 numbers"),
        ({"output_mode": "hot"}, "output mode"),
        ({"salt": [1, 2, 3]}, "salt"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        StringLookup(**arguments)


def test_values_of_another_kind_are_refused() -> None:
    layer = StringLookup(vocabulary=["a"])
    for values, match in [
        ([1, 2], "numbers"),
        ([["a"], ["b", "c"]], "different lengths"),
        (np.array(["a", None], object), "missing values"),
        (pandas.Series(["a", np.nan]), "missing values"),
        ([b"\xff\xfe"], "no text"),
    ]:
        with pytest.raises((DTypeError, DataError), match=match):
            layer(values)
    with pytest.raises(DataError, match="not in its vocabulary"):
        StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"])
    with pytest.raises(DataError, match="integers"):
        IntegerLookup(vocabulary=[1])([1.5])
    with pytest.raises(DTypeError, match="StringLookup"):
        IntegerLookup(vocabulary=[1])(["a"])


def test_learning_fails_as_a_whole() -> None:
    layer = adapted()
    for data in ([], iter([]), iter([["q"], [1]]), np.array([], object)):
        with pytest.raises((DataError, DTypeError)):
            layer.adapt(data)
        assert layer.get_vocabulary() == ["[UNK]", "b", "d", "c", "x", "a", ""]
    with pytest.raises(EmptyDataError):
        layer.adapt([])
    with pytest.raises(InvalidArgumentError, match="given vocabulary"):
        StringLookup(vocabulary=["a"]).adapt(["b"])
    with pytest.raises(NotAdaptedError, match="adapt"):
        StringLookup()(["a"])


def test_vocabularies_beyond_what_memory_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "MOST_TOKENS", 3)
    monkeypatch.setattr("layerlab.layers.preprocessing.token_counts.MOST_TOKENS", 3)
    with pytest.raises(DataError, match="too many"):
        StringLookup(vocabulary=list("abcd"))
    with pytest.raises(DataError, match="too many"):
        StringLookup().adapt(list("abcd"))

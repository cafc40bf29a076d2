"""Data objects of other libraries. Those that are not installed have stand-ins with the same names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

import layerlab as keras
from layerlab.data.choose_source import make_source

X, Y = np.arange(6, dtype="float32")[:, None], np.arange(6)


def first_column(batches: Any) -> list[list[float]]:
    return [np.asarray(x)[:, 0].tolist() for x, *_ in batches]


# -- tf.data ------------------------------------------------------------------------------------------


class EagerTensor:
    """Stands for that of TensorFlow."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.shape, self.dtype = array.shape, array.dtype

    def numpy(self) -> Any:
        return self.array

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return np.asarray(self.array, dtype=dtype)


class DatasetV2:
    """Stands for tf.data.Dataset: batches of two; cardinality -1 means endless, -2 unknown."""

    __module__ = "tensorflow.python.data.ops.dataset_ops"

    def __init__(self, cardinality: int = 3) -> None:
        self._cardinality = cardinality
        self.begun = 0

    def cardinality(self) -> EagerTensor:
        return EagerTensor(np.int64(self._cardinality))

    def __len__(self) -> int:
        if self._cardinality < 0:
            raise TypeError("The dataset is infinite, or its length is unknown.")
        return self._cardinality

    def __iter__(self) -> Iterator[Any]:
        self.begun += 1
        while True:
            for k in range(0, 6, 2):
                yield EagerTensor(X[k : k + 2]), EagerTensor(Y[k : k + 2])
            if self._cardinality != -1:
                return


class MapDataset(DatasetV2):
    """tf.data gives instances of subclasses."""

    __module__ = "tensorflow.python.data.ops.map_op"


PASS = [[0, 1], [2, 3], [4, 5]]


def test_a_tf_dataset_is_begun_anew_each_epoch() -> None:
    dataset = MapDataset()
    source = make_source(dataset, shuffle=True)
    assert source.steps == 3
    source.peek()
    assert [first_column(source.epoch()) for _ in range(2)] == [PASS] * 2
    assert dataset.begun == 2


def test_a_tf_dataset_of_unknown_length_learns_it_in_the_first_epoch() -> None:
    source = make_source(DatasetV2(-2))
    assert source.steps is None
    assert first_column(source.epoch()) == PASS
    assert source.steps == 3


def test_an_endless_tf_dataset_needs_steps_and_goes_on_between_epochs() -> None:
    dataset = MapDataset(-1)
    with pytest.raises(ValueError, match="steps_per_epoch"):
        make_source(dataset)
    source = make_source(dataset, steps=2)
    assert [first_column(source.epoch()) for _ in range(2)] == [PASS[:2], [[4, 5], [0, 1]]]
    assert dataset.begun == 1
    assert make_source(dataset, steps=-1).steps is None


def test_a_ragged_tensor_is_refused_with_advice() -> None:
    class RaggedTensor:
        def to_tensor(self) -> None: ...

    with pytest.raises(ValueError, match=r"x\.to_tensor\(\)"):
        make_source(iter([(RaggedTensor(),)])).peek()


# -- PyTorch ------------------------------------------------------------------------------------------


class Stream(IterableDataset):  # type: ignore[misc]
    """Has no length."""

    def __iter__(self) -> Iterator[Any]:
        return iter(zip(X, Y, strict=True))


def test_a_data_loader_trains_on_either_back_end(backend: str) -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    y = torch.tensor(X, requires_grad=True)
    expected = float((X**2).mean())
    for loader in (
        DataLoader(TensorDataset(torch.tensor(X), y), batch_size=3, shuffle=True),
        DataLoader(TensorDataset(torch.tensor(X), y.detach()), batch_size=2),
        DataLoader(Stream(), batch_size=3),
    ):
        assert model.fit(loader, epochs=2, verbose=0).history["loss"] == pytest.approx([expected] * 2)
    assert model.predict(DataLoader(TensorDataset(torch.tensor(X)), batch_size=4), verbose=0).shape == (6, 1)


def test_a_stream_has_its_length_after_the_first_epoch() -> None:
    source = make_source(DataLoader(Stream(), batch_size=2))
    assert source.steps is None
    assert first_column(source.epoch()) == PASS
    assert source.steps == 3


def test_a_torch_data_set_is_to_be_wrapped() -> None:
    for dataset in (TensorDataset(torch.ones(2)), Stream()):
        with pytest.raises(ValueError, match=r"DataLoader\(dataset, batch_size=32\)"):
            make_source(dataset)


# -- Hugging Face -------------------------------------------------------------------------------------


class Dataset:
    """Stands for datasets.Dataset in NumPy format: rows by index, as a dict of columns."""

    __module__ = "datasets.arrow_dataset"

    def __init__(self, **columns: Any) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("gives single rows")

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return Column(self.columns[key])
        assert isinstance(key, slice) or all(type(index) is int for index in key)
        return {name: values[key] for name, values in self.columns.items()}


class Column:
    """Stands for datasets.arrow_dataset.Column: a lazy sequence."""

    __module__ = "datasets.arrow_dataset"

    def __init__(self, values: Any) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("one by one is slow")

    def __getitem__(self, key: Any) -> Any:
        return self.values[key]


class Rows(IterableDataset):  # type: ignore[misc]
    """Stands for datasets.IterableDataset, which is one of PyTorch's too."""

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("gives single rows")

    def iter(self, batch_size: int) -> Iterator[Any]:
        for k in range(0, 6, batch_size):
            yield {"a": X[k : k + batch_size].tolist()}


Rows.__name__, Rows.__module__ = "IterableDataset", "datasets.iterable_dataset"


class DatasetDict(dict):  # type: ignore[type-arg]
    """Stands for datasets.DatasetDict."""

    __module__ = "datasets.dataset_dict"


def test_the_columns_of_a_hugging_face_data_set_are_x_in_batches_of_rows() -> None:
    source = make_source(Dataset(a=X, b=Y), batch_size=4)
    assert (source.steps, source.batch_size) == (2, 4)
    [first, second] = source.epoch()
    assert (first["a"].shape, second["b"].tolist()) == ((4, 1), [4, 5])
    assert make_source(Dataset(a=X)).batch_size == 32


def test_the_rows_of_a_hugging_face_data_set_are_shuffled() -> None:
    keras.utils.set_random_seed(0)
    source = make_source(Dataset(b=Y), batch_size=2, shuffle=True)
    epochs = [[row for x in source.epoch() for row in x["b"].tolist()] for _ in range(2)]
    assert sorted(epochs[0]) == sorted(epochs[1]) == [0, 1, 2, 3, 4, 5]
    assert epochs[0] != epochs[1]


def test_a_hugging_face_stream_is_begun_anew_each_epoch() -> None:
    source = make_source(Rows(), batch_size=4)
    assert [[x["a"].shape for x in source.epoch()] for _ in range(2)] == [[(4, 1), (2, 1)]] * 2


def test_a_hugging_face_column_is_an_array(backend: str) -> None:
    dataset = Dataset(a=X, b=Y)
    source = make_source(dataset["a"], dataset["b"])
    assert [part.shape for part in source.whole] == [(6, 1), (6,)]


def test_a_hugging_face_data_set_predicts(backend: str) -> None:
    inputs = {"a": keras.Input((1,), name="a")}
    model = keras.Model(inputs, keras.layers.Rescaling(2.0)(inputs["a"]))
    assert model.predict(Dataset(a=X), batch_size=4, verbose=0).tolist() == (2 * X).tolist()
    assert model.predict(Rows(), batch_size=4, verbose=0).tolist() == (2 * X).tolist()
    with_text = Dataset(text=np.array(list("abcdef")), a=X)
    assert model.predict(with_text, batch_size=4, verbose=0).tolist() == (2 * X).tolist()


def test_hugging_face_mistakes_are_explained() -> None:
    with pytest.raises(ValueError, match=r'data\["train"\]'):
        make_source(DatasetDict(train=Dataset(a=X)))
    with pytest.raises(TypeError, match=r"x\['text'\] is text"):
        make_source(Dataset(text=["p", "q"])).peek()
    with pytest.raises(ValueError, match="y cannot be given beside a Dataset"):
        make_source(Dataset(a=X), Y)
    with pytest.raises(ValueError, match="empty"):
        make_source(Dataset(a=X[:0]))

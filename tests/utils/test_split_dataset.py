"""`split_dataset`, with literal parts; those of a shuffle as Keras has them on TensorFlow."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab.data import Dataset
from layerlab.errors import DataError, DTypeError, InvalidArgumentError, UnsupportedError


def parts(*arguments: Any, **options: Any) -> list[list[Any]]:
    return [[int(x) for x in part] for part in keras.utils.split_dataset(*arguments, **options)]


@pytest.mark.parametrize(
    ("sizes", "left", "right"),
    [
        ({"left_size": 0.75}, 8, 3),  # round(8.25)
        ({"right_size": 3}, 8, 3),
        ({"left_size": 4, "right_size": 0.3}, 4, 3),
        ({"left_size": 0.5}, 6, 5),
        ({"left_size": np.int64(1)}, 1, 10),
    ],
)
def test_parts_are_the_first_and_the_last_samples(sizes: Any, left: int, right: int) -> None:
    assert parts(np.arange(11), **sizes) == [list(range(left)), list(range(11 - right, 11))]


def test_a_shuffle_follows_from_its_seed() -> None:
    order = list(range(11))
    random.Random(5).shuffle(order)  # what Keras mixes with
    assert parts(np.arange(11), left_size=7, shuffle=True, seed=5) == [order[:7], order[7:]]
    drawn = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        drawn.append(parts(np.arange(11), left_size=7, shuffle=True))
    assert drawn[0] == drawn[1]


def test_arrays_data_sets_and_those_of_others_are_split() -> None:
    x, y = np.arange(6), np.arange(12).reshape(6, 2)
    for data in ((x, y), [x, y]):
        left, right = keras.utils.split_dataset(data, left_size=4)
        assert [(int(a), b.tolist()) for a, b in right] == [(4, [8, 9]), (5, [10, 11])] and len(left) == 4
    batched = Dataset.from_tensor_slices((x, y)).batch(4).shuffle(1)
    left, right = keras.utils.split_dataset(batched, left_size=5)
    assert [a.tolist() for a, _ in left] == [[0, 1, 2, 3], [4]] and [a.tolist() for a, _ in right] == [[5]]
    assert parts(Dataset.from_tensor_slices(x), right_size=0.5) == [[0, 1, 2], [3, 4, 5]]

    class Squares:
        """As a data set of PyTorch."""

        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> int:
            return index**2

    assert parts(Squares(), right_size=1) == [[0, 1, 4], [9]]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ((np.arange(4),), InvalidArgumentError, "left_size or right_size"),
        ((np.arange(4), 4), InvalidArgumentError, "1 to 3"),
        ((np.arange(4), 1.0), InvalidArgumentError, "fraction"),
        ((np.arange(4), "half"), DTypeError, "left_size"),
        ((np.arange(4), 3, 2), InvalidArgumentError, "3 and 2"),
        ((np.arange(4), 0.01), InvalidArgumentError, "0 and 4"),
        (({"a": 1}, 1), DTypeError, "dict"),
        (((np.arange(4), np.arange(5)), 2), DataError, r"\(4,\), \(5,\)"),
        ((np.arange(4), 2, None, False, None, "torch"), UnsupportedError, "random_split"),
        ((Dataset.from_tensor_slices(np.arange(0)), 1), DataError, "empty"),
    ],
)
def test_what_cannot_be_split_is_told(arguments: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        keras.utils.split_dataset(*arguments)

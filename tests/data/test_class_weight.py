"""Weights of classes become sample weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras.src.trainers.data_adapters.data_adapter_utils import class_weight_to_sample_weights

import layerlab as keras
from layerlab.data.choose_source import make_source

X = np.arange(3, dtype="float32")
Y = np.array([0, 2, 1])


def test_weights_of_classes_reach_every_form_of_targets() -> None:
    for targets in (Y, Y[:, None], np.eye(3)[Y], Y.astype("float32"), [Y], {"kind": Y[:, None]}):
        assert make_source(X, targets, class_weight={0: 0.5, 1: 2.0}).whole[2].tolist() == [0.5, 1.0, 2.0]


def test_a_class_per_time_step_gives_a_weight_per_time_step() -> None:
    steps = np.array([[0, 1], [1, 1], [2, 0]])
    expected = [[0.5, 2], [2, 2], [1, 0.5]]
    for targets in (steps[..., None], np.eye(3)[steps]):
        assert make_source(X, targets, class_weight={0: 0.5, 1: 2.0}).whole[2].tolist() == expected
    with pytest.raises(ValueError, match=r"not one-hot(.|\n)*y\[..., None\]"):
        make_source(X, steps, class_weight={0: 0.5})


def test_weights_of_classes_and_of_samples_are_multiplied() -> None:
    per_sample, per_step = np.array([2.0, 3, 4]), np.array([[1.0, 2], [3, 4], [5, 6]])
    weigh = {0: 0.5, 1: 2.0}
    assert make_source(X, Y, per_sample, class_weight=weigh).whole[2].tolist() == [1.0, 3.0, 8.0]
    named = make_source(X, {"kind": Y}, {"kind": per_sample}, class_weight=weigh)
    assert named.whole[2].tolist() == [1.0, 3.0, 8.0]
    assert make_source(X, Y, per_step, class_weight=weigh).whole[2].tolist() == [[0.5, 1], [3, 4], [10, 12]]
    [batch] = make_source(iter([(X, Y, per_sample)]), class_weight=weigh).epoch()
    assert batch[2].tolist() == [1.0, 3.0, 8.0]


def test_classes_that_are_missing_weigh_1_and_unknown_ones_do_no_harm() -> None:
    assert make_source(X, Y, class_weight={7: 3.0, np.int64(2): 0}).whole[2].tolist() == [1, 0, 1]
    assert make_source(X, Y, class_weight={}).whole[2].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "weight, message",
    [
        ({0: -1.0}, "0 or more"),
        ({0: float("nan")}, "finite"),
        ({0: "2"}, r"class_weight\[0\]"),
        ({"cat": 1.0}, "class number"),
        ({0.5: 1.0}, "class number"),
        ([1.0, 2.0], r"dict\(enumerate"),
    ],
)
def test_weights_that_are_none_are_refused(weight: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_source(X, Y, class_weight=weight)
    with pytest.raises(ValueError, match=message):
        make_source(iter([(X, Y)]), class_weight=weight)


def test_one_output_with_targets_is_needed() -> None:
    with pytest.raises(ValueError, match="several outputs"):
        make_source(X, [Y, Y], class_weight={0: 1.0})
    with pytest.raises(ValueError, match="no targets"):
        make_source(iter([(X,)]), class_weight={0: 1.0}).peek()


def test_the_loss_is_weighted_for_every_source(backend: str) -> None:
    x, weigh = np.eye(3, dtype="float32"), {0: 1.0, 1: 0.0, 2: 4.0}
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(3, "softmax", kernel_initializer="zeros")]
    )
    model.compile(keras.optimizers.SGD(0.0), "sparse_categorical_crossentropy")

    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 1

        def __getitem__(self, index: int) -> Any:
            return x, Y

    expected = np.log(3) * (1 + 0 + 4) / 3
    for data in ((x, Y), (iter([(x, Y)]),), (Batches(),)):
        history = model.fit(*data, class_weight=weigh, verbose=0).history
        assert history["loss"][0] == pytest.approx(expected, rel=1e-5)


def test_weights_are_those_of_keras() -> None:
    weigh = {0: 0.5, 1: 2.0, 2: 0.0}
    for targets in (
        Y,
        Y[:, None],
        np.eye(4)[Y],
        np.array([0.2, 1.6, 0.9]),
        np.array([[0.3, 0.7], [0.6, 0.4]]),
    ):
        ours = make_source(np.zeros(len(targets)), targets, class_weight=weigh).whole[2]
        assert ours.tolist() == class_weight_to_sample_weights(targets, weigh).tolist()

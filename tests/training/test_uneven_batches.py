"""Steps of a user may take batches whose parts have different numbers of samples (contrastive learning)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers, ops
from layerlab.errors import DataError

UNLABELED = np.random.default_rng(0).normal(size=(12, 5)).astype("float32")
LABELED, LABELS = UNLABELED[:3] + 1, np.array([[1.0], [0.0], [1.0]], "float32")


def batches(count: int = 4) -> Iterator[Any]:
    for _ in range(count):
        yield UNLABELED, (LABELED, LABELS)


class SemiSupervised(keras.Model):
    """Makes the codes of unlabeled samples small, and fits the labeled ones."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = layers.Dense(1, use_bias=False)

    def call(self, inputs: Any) -> Any:
        return self.encoder(inputs)

    def train_step(self, data: Any) -> Any:
        return super().train_step(data)

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None
    ) -> Any:
        labeled, labels = y
        return ops.mean(y_pred**2) + ops.mean((self(labeled) - labels) ** 2)


@pytest.mark.parametrize("kind", ["generator", "list"])
def test_a_step_of_a_users_takes_parts_of_different_lengths(backend: str, kind: str) -> None:
    model = SemiSupervised()
    model.compile(keras.optimizers.SGD(0.1))
    model.build((None, 5))
    weights = model.encoder.get_weights()[0].astype("float64")
    data = batches() if kind == "generator" else list(batches())

    history = model.fit(data, steps_per_epoch=2, epochs=2, verbose=0).history["loss"]

    losses = []
    for _ in range(4):
        codes, errors = UNLABELED @ weights, LABELED @ weights - LABELS
        losses.append((codes**2).mean() + (errors**2).mean())
        weights = weights - 0.1 * (2 * UNLABELED.T @ codes / 12 + 2 * LABELED.T @ errors / 3)
    assert history == pytest.approx([np.mean(losses[:2]), np.mean(losses[2:])], rel=1e-4)
    np.testing.assert_allclose(model.encoder.get_weights()[0], weights, rtol=1e-3, atol=1e-5)


def test_an_own_step_does_not_let_empty_parts_or_single_numbers_pass(backend: str) -> None:
    model = SemiSupervised()
    model.compile("sgd")
    for labels, words in ((LABELS[:0], "empty"), (np.float32(1.0), "single number")):
        with pytest.raises(DataError, match=words):
            model.fit(iter([(UNLABELED, (LABELED, labels))]), verbose=0)


def test_layerlabs_own_step_refuses_parts_of_different_lengths(backend: str) -> None:
    model = keras.Sequential([keras.Input((5,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(DataError, match=r"(?s)different numbers of samples.*x has 12, y has 3"):
        model.fit(iter([(UNLABELED, LABELS)]), verbose=0)

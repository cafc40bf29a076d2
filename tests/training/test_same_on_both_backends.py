"""The same script, from the same seed, does the same on JAX and on torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import config, utils
from tests.training.models import classes, classifier, cnn, images

BACKENDS = ("jax", "torch")


class Losses(keras.callbacks.Callback):
    """The loss of each batch alone."""

    def __init__(self) -> None:
        super().__init__()
        self.values: list[float] = []

    def on_event(self, event: Any) -> None:
        if event.type == "steps_finished":
            self.values += event.logs["batch_loss"]


def run(
    backend: str, make: Any, data: Any, loss: Any, optimizer: str
) -> tuple[list[np.ndarray], list[float]]:
    """(initial weights, the loss of each step) of one script."""
    config.set_backend(backend)
    utils.clear_session()
    utils.set_random_seed(7)
    model = make()
    first = model.get_weights()
    model.compile(optimizer, loss)
    losses = Losses()
    model.fit(*data, batch_size=6, epochs=5, verbose=0, callbacks=[losses])
    return first, losses.values


@pytest.fixture(autouse=True)
def _back_to_jax() -> Any:
    yield
    config.set_backend("jax")
    utils.clear_session()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "data", "loss", "optimizer"),
    [
        (classifier, classes(), "sparse_categorical_crossentropy", "adam"),
        (cnn, images(), keras.losses.SparseCategoricalCrossentropy(from_logits=True), "rmsprop"),
    ],
    ids=["mlp", "cnn"],
)
def test_a_script_gives_the_same_weights_and_losses_on_both_back_ends(
    make: Any, data: Any, loss: Any, optimizer: str
) -> None:
    (first, losses), (other_first, other_losses) = (
        run(backend, make, data, loss, optimizer) for backend in BACKENDS
    )

    for mine, other in zip(first, other_first, strict=True):
        np.testing.assert_array_equal(mine, other)
    assert len(losses) == 20
    np.testing.assert_allclose(losses, other_losses, atol=1e-4)
    assert losses[-1] != losses[0]

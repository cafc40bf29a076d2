"""The revision of a model changes when its summary would, and at no other time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import layerlab as keras
from layerlab.inspect import revision


def make() -> keras.Model:
    inner = keras.Sequential([keras.layers.Dense(3, name="inside")], name="block")
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(2, name="head")(inner(inputs)), name="net")
    model.compile("adam", "mse")
    return model


def freeze_inner_layer(model: keras.Model) -> None:
    model.get_layer("block").get_layer("inside").trainable = False  # type: ignore[attr-defined]


def freeze_all(model: keras.Model) -> None:
    model.trainable = False


def compile_again(model: keras.Model) -> None:
    model.compile("sgd", "mse")


def train(model: keras.Model) -> None:
    model.fit(np.zeros((2, 4), "float32"), np.zeros((2, 2), "float32"), verbose=0)


CHANGES = [freeze_inner_layer, freeze_all, compile_again, train]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_the_table_shows_is_in_the_revision(change: Callable[[keras.Model], None]) -> None:
    model = make()
    before = revision(model)
    assert revision(model) == before
    change(model)
    assert revision(model) != before


def test_an_added_layer_is_in_the_revision() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    before = revision(model)
    model.add(keras.layers.ReLU())
    assert revision(model) != before


def test_values_of_weights_are_not() -> None:
    model = make()
    before = revision(model)
    model.set_weights([np.ones_like(value) for value in model.get_weights()])
    assert revision(model) == before


def test_unfreezing_brings_the_old_revision_back() -> None:
    model = make()
    before = revision(model)
    freeze_inner_layer(model)
    model.get_layer("block").get_layer("inside").trainable = True  # type: ignore[attr-defined]
    assert revision(model) == before

"""The kind of a layer: the same whether it is live or in a file, which only has the names of classes."""

from __future__ import annotations

from typing import Any

import pytest

import layerlab as keras
from layerlab.inspect.graph_picture import FAMILY_COLOURS
from layerlab.inspect.layer_families import FAMILY_PATTERNS, family
from layerlab.ops import relu


class Block(keras.layers.Conv2D):
    """A layer of a user: its name says nothing, what it extends does."""


class MyAttention(keras.layers.Layer):
    """A layer of a user whose name is his own affair."""


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (keras.layers.Dense(1), "dense"),
        (keras.layers.EinsumDense("ab,bc->ac", 3), "dense"),
        (keras.layers.Conv2DTranspose(1, 1), "conv"),
        (keras.layers.GlobalMaxPooling1D(), "pool"),
        (keras.layers.BatchNormalization(), "norm"),
        (keras.layers.Normalization(), "other"),
        (keras.layers.SpectralNormalization(keras.layers.Dense(1)), "other"),
        (keras.layers.Bidirectional(keras.layers.LSTM(1)), "rnn"),
        (keras.layers.GRUCell(1), "rnn"),
        (keras.layers.MultiHeadAttention(1, 1), "attention"),
        (keras.layers.Embedding(2, 1), "embed"),
        (keras.layers.GaussianNoise(0.1), "regularize"),
        (keras.layers.LeakyReLU(), "activation"),
        (keras.layers.Concatenate(), "merge"),
        (keras.layers.ZeroPadding3D(), "reshape"),
        (keras.layers.Rescaling(2.0), "other"),
        (keras.layers.InputLayer(shape=(1,)), "input"),
        (Block(1, 1), "conv"),
        (MyAttention(), "other"),
        (keras.Sequential(), "model"),
        (relu, "op"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_layer_has_the_family_of_its_kind(layer: Any, expected: str) -> None:
    assert family(layer) == expected


def test_every_family_has_a_colour() -> None:
    assert {*FAMILY_PATTERNS.values(), "model", "op", "other"} == set(FAMILY_COLOURS)

"""Calls of recurrent layers that do not fit: told where they are made, with what to write."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layerlab as keras
from layerlab import layers
from layerlab.errors import InvalidArgumentError, ShapeError

X, H = np.ones((2, 5, 4), "float32"), np.zeros((2, 3), "float32")


def arrays() -> tuple[Any, Any]:
    return X, H


def tensors() -> tuple[Any, Any]:
    return keras.Input((5, 4)), keras.Input((3,))


LAYERS = {
    "LSTM": (lambda: layers.LSTM(3), 2),
    "GRU": (lambda: layers.GRU(3), 1),
    "SimpleRNN": (lambda: layers.SimpleRNN(3), 1),
    "RNN": (lambda: layers.RNN(layers.LSTMCell(3)), 2),
    "Bidirectional": (lambda: layers.Bidirectional(layers.LSTM(3)), 4),
}


@pytest.mark.parametrize("given", [arrays, tensors])
@pytest.mark.parametrize("name", list(LAYERS))
def test_states_in_the_list_of_inputs_are_told_what_to_write(name: str, given: Any) -> None:
    make, count = LAYERS[name]
    x, h = given()
    named = ", ".join(f"s{number + 1}" for number in range(count))
    built = make()
    built(x)
    for layer in (make(), built):
        for inputs in ([x, *[h] * count], (x, *[h] * count)):
            with pytest.raises(ShapeError, match=rf"{name} (.|\n)*initial_state=\[{named}\]"):
                layer(inputs)
        with pytest.raises(ShapeError, match="without the list"):
            layer([x])
        assert tuple(layer(x, initial_state=[h] * count).shape)[1] == (6 if name == "Bidirectional" else 3)


def test_a_subclass_that_takes_a_list_gets_it(backend: str) -> None:
    class Two(layers.RNN):
        def build(self, sequences_shape: Any) -> None:
            super().build(sequences_shape[0])

        def call(self, sequences: Any, training: bool = False) -> Any:
            return super().call(sequences[0], initial_state=[sequences[1]], training=training)

    assert Two(layers.GRUCell(3))([X, H]).shape == (2, 3)


@pytest.mark.parametrize("given", [arrays, tensors])
def test_states_of_another_number_or_size_are_told_at_the_call(given: Any) -> None:
    x, h = given()
    with pytest.raises(InvalidArgumentError, match=r"LSTM(.|\n)*2 arrays(.|\n)*1"):
        layers.LSTM(3)(x, initial_state=[h])
    with pytest.raises(ShapeError, match=r"GRU(.|\n)*state of shape \(.*, 3\)(.|\n)*\(batch, 4\)"):
        layers.GRU(4)(x, initial_state=[h])
    with pytest.raises(InvalidArgumentError, match=r"Bidirectional(.|\n)*as many of the backward(.|\n)*3"):
        layers.Bidirectional(layers.LSTM(3))(x, initial_state=[h, h, h])


@pytest.mark.parametrize("given", [arrays, tensors])
@pytest.mark.parametrize("name", list(LAYERS))
def test_two_axes_are_told_before_a_weight_is_made(name: str, given: Any) -> None:
    layer = LAYERS[name][0]()
    with pytest.raises(ShapeError, match=rf"{name} (.|\n)*shape \(.*, 3\)(.|\n)*missing axis"):
        layer(given()[1])
    assert not layer.weights


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 3), r"LSTM(.|\n)*mask of shape \(6,\)(.|\n)*\(6, 5\)"),
        ((2, 3, 4), r"LSTM(.|\n)*mask of shape \(6, 4\)(.|\n)*\(6, 5\)"),
        ((2, 3, 5, 2), r"LSTM(.|\n)*mask of shape \(6, 5, 2\)"),
        ((2,), r"TimeDistributed(.|\n)*mask of shape \(2,\)(.|\n)*\(2, 3\)"),
    ],
)
def test_a_mask_of_another_rank_is_told_by_the_layer_that_gets_it(
    backend: str, shape: tuple[int, ...], message: str
) -> None:
    layer = layers.TimeDistributed(layers.LSTM(2))
    with pytest.raises(ShapeError, match=message):
        layer(np.ones((2, 3, 5, 4), "float32"), mask=np.ones(shape, bool))


def test_a_mask_for_the_steps_inside_is_taken() -> None:
    x = np.arange(60, dtype="float32").reshape(2, 3, 5, 2) / 60
    keep = np.ones((2, 3, 5), bool)
    keep[:, :, 3:] = False
    layer = layers.TimeDistributed(layers.GRU(2))
    np.testing.assert_allclose(layer(x, mask=keep), layer(x[:, :, :3]), rtol=1e-6)


@pytest.mark.parametrize("make", [lambda: layers.Dense(3), layers.GlobalAveragePooling1D])
@pytest.mark.parametrize("given", [arrays, tensors])
def test_a_list_of_one_tensor_is_no_tensor(make: Any, given: Any) -> None:
    with pytest.raises(ShapeError, match=r"list of one tensor(.|\n)*without the list"):
        make()([given()[0]])

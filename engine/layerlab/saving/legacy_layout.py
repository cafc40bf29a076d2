"""Weights that older Keras laid out otherwise: what turns an array of the file into that of a variable.

CuDNNLSTM and CuDNNGRU kept what cuDNN wants: each gate's kernel as the rows of its transpose, recurrent
kernels transposed, and two biases in one row. Theano mirrored the kernels of convolutions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from layerlab.core.layer import Layer
from layerlab.errors import UnsupportedError, explain
from layerlab.layers.conv import (
    Conv1D,
    Conv2D,
    Conv3D,
    DepthwiseConv1D,
    DepthwiseConv2D,
    SeparableConv1D,
    SeparableConv2D,
)
from layerlab.layers.conv_transpose import Conv2DTranspose
from layerlab.layers.rnn_cells import GRUCell, LSTMCell

__all__ = ["turns_of"]

Turn = Callable[[np.ndarray], np.ndarray]
_MIRRORED = (Conv1D, Conv2D, Conv3D, Conv2DTranspose)
_UNKNOWN = (DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D)


def turns_of(layer: Layer, stored: Mapping[int, Any], origin: str) -> dict[int, Turn]:
    """id of a variable -> how the array that the file has for it is turned into its value.

    Args:
        layer: one layer of the model, with others inside.
        stored: id of a variable -> its array in the file, unread.
        origin: the back end that wrote the file.
    Raises: UnsupportedError for layers of Theano of which the layout is not known.
    """
    turns: dict[int, Turn] = {}
    for inner in layer._flatten_layers():
        if isinstance(inner, LSTMCell | GRUCell) and _is_of_cudnn(inner, stored):
            turns |= _of_cudnn(inner)
        elif origin == "theano" and isinstance(inner, _UNKNOWN):
            raise UnsupportedError(
                explain(
                    f"{inner.describe()}: its kernel was written by Keras on Theano, in a layout of its own.",
                    fix="load the file with Keras 2 on TensorFlow and save it from there",
                )
            )
        elif origin == "theano" and isinstance(inner, _MIRRORED):
            turns[id(inner.kernel)] = _mirrored
    return turns


def _is_of_cudnn(cell: Any, stored: Mapping[int, Any]) -> bool:
    """By the shape of the bias: two of them in one row."""
    if cell.bias is None or (isinstance(cell, GRUCell) and not cell.reset_after):
        return False
    kernels = [(kernel, kernel.shape) for kernel in (cell.kernel, cell.recurrent_kernel)]
    wanted = [*kernels, (cell.bias, (2 * cell.gates * cell.units,))]
    return all(getattr(stored.get(id(v)), "shape", None) == shape for v, shape in wanted)


def _of_cudnn(cell: Any) -> dict[int, Turn]:
    def each_gate(turn: Turn) -> Turn:
        return lambda array: np.hstack([turn(gate) for gate in np.hsplit(array, cell.gates)])

    def bias(array: np.ndarray) -> np.ndarray:
        both = array.reshape(2, -1)
        return both if isinstance(cell, GRUCell) else both.sum(0)

    return {
        id(cell.kernel): each_gate(lambda gate: gate.reshape(gate.shape[::-1]).T),
        id(cell.recurrent_kernel): each_gate(np.transpose),
        id(cell.bias): bias,
    }


def _mirrored(kernel: np.ndarray) -> np.ndarray:
    return np.flip(kernel, tuple(range(kernel.ndim - 2)))

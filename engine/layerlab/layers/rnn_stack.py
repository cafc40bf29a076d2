"""Several cells as one, and how any cell is called: ours, or one that a user wrote."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Self

from layerlab import ops, tree
from layerlab.backend.protocol import Array
from layerlab.core.config import deserialize_keras_object
from layerlab.core.layer import Layer
from layerlab.errors import InvalidArgumentError, explain
from layerlab.layers.rnn_cells import StepCell
from layerlab.typing import OpenShape

__all__ = ["StackedRNNCells"]


class StackedRNNCells(StepCell):
    """Several cells as one: each reads the output of the one before.

    RNN makes it of a list of cells. The output is the last cell's; the states are a
    list with one entry for each cell.

    Args:
        cells: cells, first to last: layers with `state_size` and call(inputs, states).
    Call: `cell(inputs, states, training=False)` gives (output, states).
    Raises: InvalidArgumentError for a cell without `state_size` or `call`.

    Example:
        >>> import numpy as np
        >>> import layerlab as keras
        >>> same = {"activation": "linear", "kernel_initializer": "ones"}
        >>> cells = [keras.layers.SimpleRNNCell(1, **same) for _ in range(2)]
        >>> x, h = np.ones((1, 3)), np.zeros((1, 1))
        >>> output, states = StackedRNNCells(cells)(x, [h, h])
        >>> float(output[0, 0]), len(states)
        (3.0, 2)
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for cell in cells:
            if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
                raise InvalidArgumentError(
                    explain(
                        f"StackedRNNCells cannot use a {type(cell).__name__}.",
                        expected="cells: layers with `state_size` and call(inputs, states)",
                    )
                )
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The list of the cells' state sizes, first to last."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:  # type: ignore[override]
        """The output size of the last cell."""
        return output_size_of(self.cells[-1])

    @property
    def can_split(self) -> bool:
        """Whether all cells have the three parts."""
        return all(splits_steps(cell) for cell in self.cells)

    def build(self, input_shape: OpenShape) -> None:
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(input_shape)
            input_shape = (input_shape[0], output_size_of(cell))

    def call(self, inputs: Array, states: Any, training: bool = False) -> tuple[Array, Any]:
        new_states = []
        for cell, state in zip(self.cells, states, strict=True):
            inputs, new_state = call_cell(cell, inputs, state, training)
            new_states.append(new_state)
        return inputs, new_states

    def draw_masks(self, batch: int, features: int, training: bool) -> list[Any]:
        masks = []
        for cell in self.cells:
            masks.append(cell.draw_masks(batch, features, training))
            features = cell.output_size
        return masks

    def project(self, inputs: Array, masks: Any) -> Array:
        return self.cells[0].project(inputs, masks[0])

    def advance(self, projected: Array, states: Any, masks: Any) -> tuple[Array, Any]:
        new_states = []
        output = projected
        for index, (cell, state, mask) in enumerate(zip(self.cells, states, masks, strict=True)):
            if index:
                output = cell.project(output, mask)
            nested = tree.is_nested(state)
            output, new_state = cell.advance(output, list(state) if nested else [state], mask)
            new_states.append(new_state if nested else new_state[0])
        return output, new_states

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """The list of the cells' initial states, first to last."""
        return [initial_state_of(cell, batch_size, self.compute_dtype) for cell in self.cells]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The inverse of `get_config`."""
        return super().from_config(
            {**config, "cells": [deserialize_keras_object(cell) for cell in config["cells"]]}
        )


def splits_steps(cell: object) -> bool:
    """Whether a cell has the three parts, and nobody has overridden the whole."""
    if not isinstance(cell, StepCell):
        return False
    if isinstance(cell, StackedRNNCells):
        return cell.can_split and type(cell).call is StackedRNNCells.call
    return type(cell).call is StepCell.call


def call_cell(cell: Any, inputs: Array, states: object, training: bool) -> tuple[Array, Any]:
    """One step of any cell, whether or not it takes `training`.

    Args:
        cell: a layer, or anything with `call(inputs, states)`.
        inputs: (batch, features), or as the cell wants it.
        states: a list, or one array; the next states come back in the same form.
        training: handed to a cell that takes it.
    """
    call = cell if callable(cell) else cell.call
    kwargs = {"training": training} if "training" in inspect.signature(cell.call).parameters else {}
    output, new_states = call(inputs, states, **kwargs)
    if tree.is_nested(states):
        return output, list(new_states) if tree.is_nested(new_states) else [new_states]
    return output, tree.flatten(new_states)[0]


def output_size_of(cell: Any) -> int:
    """The cell's `output_size`, or the size of its first state."""
    size = getattr(cell, "output_size", None)
    return tree.flatten(cell.state_size)[0] if size is None else size


def initial_state_of(cell: Any, batch_size: Any, dtype: str) -> Any:
    """The cell's `get_initial_state`, or zeros in the form of its `state_size`.

    Args:
        cell: any cell.
        batch_size: length of the first axis of each state.
        dtype: of the zeros.
    """
    make = getattr(cell, "get_initial_state", None)
    if make is not None:
        return make(batch_size=batch_size)
    return tree.map_structure(lambda size: ops.zeros((batch_size, size), dtype=dtype), cell.state_size)

"""RNN: any cell moved along the time axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from layerlab import ops, tree
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.call_spec import is_shape
from layerlab.core.config import deserialize_keras_object
from layerlab.core.layer import Layer
from layerlab.core.state import StateScope
from layerlab.core.variable import Variable
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.layers.rnn_cells import StepCell
from layerlab.layers.rnn_stack import (
    StackedRNNCells,
    call_cell,
    initial_state_of,
    output_size_of,
    splits_steps,
)
from layerlab.layers.weight_transform import computed_once
from layerlab.numeric import is_integer
from layerlab.typing import OpenShape

__all__ = ["RNN"]


class RNN(Layer):
    """A cell moved along the time axis, step by step, with a state that it keeps.

    output[t], state[t] = cell(x[t], state[t - 1]), from a state of zeros. For cells of
    your own, or several in a row; LSTM, GRU and SimpleRNN bring theirs.

    Args:
        cell: a cell, or a list of cells, each reading the outputs of the one before: a
            layer with `state_size` (an integer, or a list of them) and call(inputs,
            states) -> (output, states).
        zero_output_for_mask: whether masked steps give 0 rather than the output before
            them.
    Call: `layer(sequences, initial_state=None, mask=None, training=False)`; `mask`
    (batch, time) is False for steps to leave out, where the states stay as they are;
    `initial_state` is a list with one array (batch, size) for each state.
    Input shape: (batch, time, features), or (batch, time, ...) as the cell wants it.
    Output shape: (batch, units), or (batch, time, units) with `return_sequences`; with
    `return_state` the final states, (batch, units) each, follow.
    Raises: InvalidArgumentError for a cell without `state_size` or `call`; ShapeError
    for an input of fewer than three axes, or a state or mask that does not fit.

    Example:
        >>> import numpy as np
        >>> import layerlab as keras
        >>> plain = {"activation": "linear", "recurrent_initializer": "ones"}
        >>> cell = keras.layers.SimpleRNNCell(1, kernel_initializer="ones", **plain)
        >>> x = np.array([[[1.0], [2.0], [3.0]]])
        >>> outputs = RNN(cell, return_sequences=True)(x)
        >>> np.asarray(outputs)[0, :, 0].tolist()  # h = x + h
        [1.0, 3.0, 6.0]
    """

    def __init__(
        self,
        cell: Layer,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(cell, list | tuple):
            cell = StackedRNNCells(cell)
        if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
            raise InvalidArgumentError(
                explain(
                    f"RNN cannot use a {type(cell).__name__} as its cell.",
                    expected="a layer with `state_size` and call(inputs, states)",
                )
            )
        self.cell: Any = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        size = cell.state_size
        self.state_size = [size] if is_integer(size) else list(size)
        self._kept = _Kept()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if type(self).call is RNN.call:  # a subclass may take lists
            refuse_list(self, args[0] if args else kwargs.get("sequences"))
        return super().__call__(*args, **kwargs)

    def build(self, sequences_shape: OpenShape, initial_state_shape: object = None) -> None:
        if len(sequences_shape) < 3:
            raise ShapeError(
                explain(
                    f"{self.describe()} got an input of shape {tuple(sequences_shape)}.",
                    expected="(batch, time, ...)",
                    fix="add the missing axis: x[..., None] for a feature, x[None] for a single sample",
                )
            )
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful:
            batch = sequences_shape[0]
            if batch is None:
                raise ShapeError(
                    explain(
                        f"{self.describe()} is stateful and must know the batch size.",
                        got=str(tuple(sequences_shape)),
                        fix="give Input a batch_size, or batch_shape",
                    )
                )
            self._kept.states = tree.map_structure(
                lambda value: Variable(value, trainable=False, dtype=self.variable_dtype, name="rnn_state"),
                self.get_initial_state(batch),
            )

    def call(
        self,
        sequences: Array,
        initial_state: Array | Sequence[Array] | None = None,
        mask: Array | None = None,
        training: bool = False,
    ) -> Array | tuple[Any, ...]:
        states = self._first_states(sequences, initial_state)
        steps = None if mask is None else self._checked_mask(tree.flatten(mask)[0], sequences)
        with computed_once(getattr(self.cell, "cells", [self.cell])):
            last, outputs, states = self.inner_loop(sequences, states, steps, training)
        if self.stateful:
            for variable, value in zip(tree.flatten(self.states), tree.flatten(states), strict=True):
                variable.assign(ops.stop_gradient(value))
        result = outputs if self.return_sequences else last
        return (result, *states) if self.return_state else result

    def _first_states(self, sequences: Array, given: Any) -> list[Any]:
        batch = sequences.shape[0]
        if given is None and self.stateful:
            given = tree.map_structure(lambda variable: variable.value, self.states)
        if given is None:
            given = self.get_initial_state(batch)
        states = list(given) if tree.is_nested(given) else [given]
        if (
            len(states) == len(tree.flatten(self.state_size)) != len(self.state_size)
        ):  # of Keras 2, cell by cell
            states = tree.pack(self.state_size, states)
        self._check_states([tuple(state.shape) for state in tree.flatten(states)])
        for state in tree.flatten(states):
            if state.shape[0] != batch:
                raise ShapeError(
                    explain(
                        f"{self.describe()} got a batch of {batch}.",
                        expected=f"{state.shape[0]}, the batch size of its states",
                        fix="a stateful layer needs batches of one size" if self.stateful else "",
                    )
                )
        dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
        return tree.map_structure(lambda state: ops.cast(state, dtype), states)

    def _check_states(self, shapes: list[Any]) -> None:
        """Raise unless there is an array for each state, of its size where the cell is one of ours."""
        sizes = tree.flatten(self.state_size)
        if len(shapes) != len(sizes):
            raise InvalidArgumentError(
                explain(
                    f"{self.describe()}: initial_state", expected=f"{len(sizes)} arrays", got=str(len(shapes))
                )
            )
        for shape, size in zip(shapes, sizes, strict=True):
            if isinstance(self.cell, StepCell) and (len(shape) != 2 or shape[-1] not in (size, None)):
                raise ShapeError(
                    explain(
                        f"{self.describe()} got an initial state of shape {shape}.",
                        expected=f"(batch, {size})",
                    )
                )

    def _checked_mask(self, mask: Array, sequences: Array) -> Array:
        """The mask. Raises: ShapeError unless it has a value for each step."""
        shape, wanted = tuple(mask.shape), tuple(sequences.shape[:2])
        if shape[:2] != wanted or any(size != 1 for size in shape[2:]):
            raise ShapeError(
                explain(
                    f"{self.describe()} got a mask of shape {shape}.",
                    expected=f"{wanted}, batch and time",
                    fix="inside of TimeDistributed the mask needs an axis more, for the steps inside",
                )
            )
        return mask

    def inner_loop(
        self, sequences: Array, initial_state: Any, mask: Array | None, training: bool = False
    ) -> tuple[Any, Any, Any]:
        """(Last output, outputs of all steps or None, final states).

        Args:
            sequences: (batch, time, ...).
            initial_state: list of the states before the first step.
            mask: (batch, time), False for steps to leave out, or None.
            training: whether the cell's dropout acts.
        """
        xs, advance = self._parts(sequences, training)
        xs = _time_first(xs)
        keep = None if mask is None else ops.expand_dims(_time_first(ops.cast(mask, "bool")), -1)
        if self.go_backwards:
            xs = ops.flip(xs, 0)
            keep = None if keep is None else ops.flip(keep, 0)

        def step(carry: Any, x: Any) -> tuple[Any, Any]:
            states, before = carry
            output, new_states = advance(x[0], states)
            if x[1] is not None:
                blank = ops.zeros_like(output) if self.zero_output_for_mask else before
                output = ops.where(_beside(x[1], output), output, blank)
                new_states = tree.map_structure(
                    lambda new, old: ops.where(_beside(x[1], new), new, old), new_states, states
                )
            return (new_states, output), output if self.return_sequences else None

        scan = _unrolled if self.unroll else backend().scan
        carry = (initial_state, self._output_before(initial_state, advance, xs))
        # A cell may assign (a counter, a seed); what it assigns inside of a traced loop cannot leave it.
        with StateScope():
            (states, last), outputs = scan(step, carry, (xs, keep), None, False)
        outputs = None if outputs is None else _time_first(outputs)
        return last, outputs, states

    def _parts(
        self, sequences: Array, training: bool
    ) -> tuple[Array, Callable[[Array, Any], tuple[Array, Any]]]:
        """What the loop goes over, and one step of it."""
        cell = self.cell
        if splits_steps(cell) and cell.dtype_policy == self.dtype_policy:
            masks = cell.draw_masks(sequences.shape[0], sequences.shape[-1], training)
            if backend().projects_ahead:
                return cell.project(sequences, masks), lambda x, states: cell.advance(x, states, masks)
            return sequences, lambda x, states: cell.advance(cell.project(x, masks), states, masks)
        return sequences, lambda x, states: call_cell(cell, x, states, training)

    def _output_before(self, states: list[Any], advance: object, xs: Array) -> Array:
        """What a masked first step gives: the state that stands for the output, else zeros."""
        like = tree.flatten(states[-1] if isinstance(self.cell, StackedRNNCells) else states[0])[0]
        size = output_size_of(self.cell)
        return like if like.shape[-1] == size else ops.zeros((like.shape[0], size), dtype=like.dtype)

    def compute_output_shape(self, sequences_shape: OpenShape, initial_state_shape: object = None) -> Any:
        """Told here: abstract evaluation would run through every step."""
        if initial_state_shape is not None:
            self._check_states(state_shapes(initial_state_shape))
        batch, size = sequences_shape[0], output_size_of(self.cell)
        output = (batch, sequences_shape[1], size) if self.return_sequences else (batch, size)
        states = [_with_batch(batch, size) for size in self.state_size]
        return (output, *states) if self.return_state else output

    def compute_mask(self, inputs: object, previous_mask: Array | None) -> Any:
        """The input's mask, where a sequence is returned; None for all else."""
        mask = tree.flatten(previous_mask)[0] if self.return_sequences else None
        return [mask, *(None for _ in self.state_size)] if self.return_state else mask

    def get_initial_state(self, batch_size: int | None) -> list[Any]:
        """The states before the first step, (batch_size, size) each."""
        states = initial_state_of(self.cell, batch_size, self.compute_dtype)
        return list(states) if tree.is_nested(states) else [states]

    @property
    def states(self) -> Any:
        """The variables that a stateful layer keeps between batches, or None."""
        return self._kept.states

    def reset_state(self) -> None:
        """Set the kept states to zero."""
        for variable in tree.flatten(self.states) if self.states is not None else ():
            variable.assign(ops.zeros_like(variable.value))

    def reset_states(self) -> None:
        """Old name of `reset_state`."""
        self.reset_state()

    def _seed_states(self) -> list[Variable]:
        kept = tree.flatten(self.states) if self.states is not None else []
        return [*super()._seed_states(), *kept]

    def save_own_variables(self, store: dict[str, Any]) -> None:
        """Nothing: the weights are the cell's, and kept states are not saved."""

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Nothing: `save_own_variables` writes nothing."""

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The inverse of `get_config`."""
        if "cell" in config:
            config = {**config, "cell": deserialize_keras_object(config["cell"])}
        return super().from_config(config)


class _Kept:
    """Holds states where the layer's tracking does not take them for weights."""

    states: Any = None


def refuse_list(layer: Layer, sequences: object) -> None:
    """An error for the call of Keras 2, `LSTM(3)([x, h, c])`, that says the new one.

    Args:
        layer: an RNN, or a layer around some, for the message.
        sequences: what it was called on.
    Raises: ShapeError if that is a list or tuple of tensors.

    Example:
        >>> import numpy as np
        >>> import layerlab as keras
        >>> refuse_list(keras.layers.GRU(2), np.ones((1, 5, 3)))  # an array: no error
    """
    if not isinstance(sequences, list | tuple) or not all(hasattr(item, "shape") for item in sequences):
        return
    names = ", ".join(f"s{number}" for number in range(1, len(sequences)))
    raise ShapeError(
        explain(
            f"{layer.describe()} got a list of {len(sequences)} tensors.",
            expected="the sequences alone; in Keras 2 the initial state followed them in the list",
            got=", ".join(str(tuple(item.shape)) for item in sequences),
            fix=f"layer(x, initial_state=[{names}])" if names else "layer(x), without the list",
        )
    )


def state_shapes(shapes: Any) -> list[Any]:
    """The shapes in a nest of shapes, as a flat list of tuples.

    Args:
        shapes: a shape, or lists and tuples of shapes.

    Example:
        >>> state_shapes([(2, 3), [(2, 3), (2, 4)]])
        [(2, 3), (2, 3), (2, 4)]
    """
    if is_shape(shapes):
        return [tuple(shapes)]
    return [shape for part in shapes for shape in state_shapes(part)]


def _time_first(x: Array) -> Array:
    """(batch, time, ...) to (time, batch, ...), and back."""
    return ops.swapaxes(x, 0, 1)


def _beside(keep: Array, x: Array) -> Array:
    """(batch, 1) with as many axes as x."""
    return ops.reshape(keep, (keep.shape[0], *(1,) * (len(x.shape) - 1)))


def _with_batch(batch: int | None, sizes: Any) -> Any:
    return (batch, sizes) if is_integer(sizes) else [(batch, size) for size in sizes]


def _unrolled(
    step: Callable[[Any, Any], tuple[Any, Any]],
    carry: Any,
    xs: Sequence[Any],
    length: int | None,
    reverse: bool,
) -> tuple[Any, Any]:
    """`scan`, with every step in the program."""
    outputs = []
    for index in range(xs[0].shape[0]):
        carry, output = step(carry, tuple(None if x is None else x[index] for x in xs))
        outputs.append(output)
    return carry, None if outputs[0] is None else ops.stack(outputs)

"""Wrappers for time: a layer applied to each step, and an RNN in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from layerlab import ops, tree
from layerlab.core.call_spec import call_spec
from layerlab.core.config import deserialize_keras_object, serialize_keras_object
from layerlab.core.layer import Layer
from layerlab.errors import InvalidArgumentError, ShapeError, explain
from layerlab.layers.rnn import refuse_list
from layerlab.layers.wrap import Wrapper
from layerlab.settings import choose
from layerlab.typing import Array, OpenShape, TensorLike

__all__ = ["Bidirectional", "TimeDistributed"]


class TimeDistributed(Wrapper):
    """One layer applied to each step of a sequence, with the same weights.

    For layers that know no time: a Conv2D on the frames of a film. A Dense layer does
    not need it, since it acts on the last axis anyway.

    Args:
        layer: the layer for one step.
    Call: `layer(x, training=None, mask=None)`; `mask` (batch, time, ...) goes to the
    inner layer step by step, if its call takes one. In training a layer with statistics
    of its own (BatchNormalization) moves them step by step.
    Input shape: (batch, time, ...).
    Output shape: (batch, time, ...), from the inner layer.
    Raises: ShapeError for an input of fewer than three axes, or a mask that does not
    fit.

    Example:
        >>> import numpy as np
        >>> from layerlab.layers import Dense
        >>> layer = TimeDistributed(Dense(1, kernel_initializer="ones"))
        >>> np.asarray(layer(np.array([[[1.0, 2.0], [3.0, 4.0]]]))).tolist()
        [[[3.0], [7.0]]]
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any = None) -> None:
        if len(input_shape) < 3:
            raise ShapeError(
                explain(
                    f"{self.describe()} got an input of shape {tuple(input_shape)}.",
                    expected="(batch, time, ...)",
                )
            )
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Array, training: bool | None = None, mask: Array | None = None) -> Array:
        if mask is not None and tuple(mask.shape[:2]) != tuple(inputs.shape[:2]):
            raise ShapeError(
                explain(
                    f"{self.describe()} got a mask of shape {tuple(mask.shape)}.",
                    expected=f"{tuple(inputs.shape[:2])}, batch and time",
                )
            )
        if training and self.layer.non_trainable_weights:
            # Each step moves the statistics of its own, as in Keras.
            steps = [
                self._apply(inputs[:, i], None if mask is None else mask[:, i], training)
                for i in range(inputs.shape[1])
            ]
            return ops.stack(steps, axis=1)
        outputs = self._apply(_join(inputs), None if mask is None else _join(mask), training)
        return ops.reshape(outputs, (*inputs.shape[:2], *outputs.shape[1:]))

    def _apply(self, x: Array, mask: Array | None, training: bool | None) -> Array:
        kwargs = {} if mask is None or not _takes(self.layer, "mask") else {"mask": mask}
        return self.layer(x, training=training, **kwargs)


class Bidirectional(Layer):
    """A recurrent layer over the steps in both directions.

    Each output knows what comes before and what comes after; for sequences that are
    there as a whole, such as a sentence.

    Args:
        layer: a recurrent layer, such as LSTM; it is copied, and the copy is
            `forward_layer`.
        merge_mode: how the two outputs become one: 'concat' (features of both), 'sum',
            'mul', 'ave' (mean); None gives both, in a tuple.
        weights: first values of the weights, list of arrays, forward layer first; None
            leaves them to the initializers.
        backward_layer: the layer for the other direction, with `go_backwards=True`;
            None is a copy of `layer` that goes backwards.
    Call: `layer(sequences, initial_state=None, mask=None, training=None)`;
    `initial_state` lists the states of the forward layer, then as many of the backward
    layer.
    Input shape: (batch, time, features).
    Output shape: (batch, 2 * units) or, with `return_sequences`, (batch, time, 2 *
    units), in order of time for both directions; units instead of 2 * units but for
    'concat'. With `return_state` the final states follow.
    Weights: of `forward_layer`, then of `backward_layer`.
    Raises: InvalidArgumentError for a layer that is not recurrent, or two layers that
    do not make a pair.
    Source: Schuster, Paliwal 1997, IEEE Transactions on Signal Processing 45(11).

    Example:
        >>> import numpy as np
        >>> import layerlab as keras
        >>> ones = {"kernel_initializer": "ones", "recurrent_initializer": "ones"}
        >>> sums = keras.layers.SimpleRNN(1, "linear", return_sequences=True, **ones)
        >>> y = Bidirectional(sums)(np.array([[[1.0], [2.0], [3.0]]]))
        >>> np.asarray(y)[0].tolist()  # sums from the left, from the right
        [[1.0, 6.0], [3.0, 5.0], [6.0, 3.0]]
    """

    not_in_config = ("weights",)

    def __init__(
        self,
        layer: Layer,
        merge_mode: str | None = "concat",
        weights: Sequence[TensorLike] | None = None,
        backward_layer: Layer | None = None,
        **kwargs: Any,
    ) -> None:
        for given in (layer, *([] if backward_layer is None else [backward_layer])):
            if not isinstance(given, Layer) or not hasattr(given, "go_backwards"):
                raise InvalidArgumentError(
                    explain("Bidirectional", expected="an RNN layer", got=type(given).__name__)
                )
        super().__init__(**kwargs)
        self.merge_mode = (
            merge_mode
            if merge_mode is None
            else choose(merge_mode, ("sum", "mul", "ave", "concat"), "merge mode")
        )
        self.forward_layer: Any = _copy(layer, "forward")
        self.backward_layer: Any = (
            _copy(layer, "backward", go_backwards=True) if backward_layer is None else backward_layer
        )
        self._check_pair()
        both: tuple[Any, Any] = (self.forward_layer, self.backward_layer)
        for one in both:
            if getattr(one, "zero_output_for_mask", None) is not None:
                one.zero_output_for_mask = one.return_sequences
        self.stateful = self.forward_layer.stateful
        self.return_sequences = self.forward_layer.return_sequences
        self.return_state = self.forward_layer.return_state
        self.supports_masking = True
        self.input_spec = layer.input_spec
        self._first_weights = weights

    def _check_pair(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise InvalidArgumentError(
                explain(
                    "Bidirectional needs two directions.", expected="`go_backwards` of one layer to be True"
                )
            )
        for name in ("stateful", "return_sequences", "return_state"):
            if getattr(forward, name) != getattr(backward, name):
                raise InvalidArgumentError(
                    explain(f"Bidirectional: `{name}` of both layers", expected="the same value")
                )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if type(self).call is Bidirectional.call:
            refuse_list(self, args[0] if args else kwargs.get("sequences"))
        return super().__call__(*args, **kwargs)

    def build(self, sequences_shape: OpenShape, initial_state_shape: object = None) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self._first_weights is not None:
            self.set_weights(self._first_weights)

    def call(
        self,
        sequences: Array,
        initial_state: Array | Sequence[Array] | None = None,
        mask: Array | None = None,
        training: bool | None = None,
    ) -> Any:
        halves: tuple[Any, Any] = (None, None)
        if initial_state is not None:
            halves = self._halves(initial_state)
        results = [
            layer(sequences, initial_state=state, mask=mask, training=training)
            for layer, state in zip((self.forward_layer, self.backward_layer), halves, strict=True)
        ]
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*results[0][1:], *results[1][1:])
            results = [result[0] for result in results]
        forward, backward = (ops.cast(result, self.compute_dtype) for result in results)
        if self.return_sequences:
            backward = ops.flip(backward, 1)
        if self.merge_mode is None:
            return (forward, backward, *states)
        merged = _MERGES[self.merge_mode](forward, backward)
        return (merged, *states) if self.return_state else merged

    def compute_output_shape(self, sequences_shape: OpenShape, initial_state_shape: object = None) -> Any:
        """From the forward layer's: abstract evaluation would run each step."""
        forward, _ = (None, None) if initial_state_shape is None else self._halves(initial_state_shape)
        shapes = self.forward_layer.compute_output_shape(sequences_shape, forward)
        output, states = (shapes[0], shapes[1:]) if self.return_state else (shapes, ())
        if self.merge_mode is None:
            return (output, output, *states, *states)
        if self.merge_mode == "concat":
            output = (*output[:-1], 2 * output[-1])
        return (output, *states, *states) if self.return_state else output

    def _halves(self, states: Any) -> tuple[Any, Any]:
        """The initial states, or their shapes, of both directions."""
        if len(states) % 2:
            raise InvalidArgumentError(
                explain(
                    f"{self.describe()}: initial_state",
                    expected="those of the forward layer, then as many of the backward layer",
                    got=f"{len(states)} arrays",
                )
            )
        middle = len(states) // 2
        return states[:middle], states[middle:]

    def compute_mask(self, inputs: object, previous_mask: Array | None) -> Any:
        """The input's mask for each sequence of outputs; None for states."""
        mask = tree.flatten(previous_mask)[0] if self.return_sequences else None
        outputs = [mask, mask] if self.merge_mode is None else [mask]
        states = 2 * len(self.forward_layer.state_size) if self.return_state else 0
        return outputs + [None] * states

    @property
    def states(self) -> Any:
        """The variables that stateful layers keep, of both directions, or None."""
        kept = self.forward_layer.states, self.backward_layer.states
        return None if None in kept else (*kept[0], *kept[1])

    def reset_state(self) -> None:
        """Set the kept states to zero."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self) -> None:
        """Old name of `reset_state`."""
        self.reset_state()

    def get_config(self) -> dict[str, Any]:
        layers = {"layer": self.forward_layer, "backward_layer": self.backward_layer}
        return {
            **super().get_config(),
            **{key: serialize_keras_object(layer) for key, layer in layers.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The inverse of `get_config`."""
        made = {
            key: deserialize_keras_object(value) if key.endswith("layer") else value
            for key, value in config.items()
        }
        return super().from_config(made)


_MERGES = {
    "concat": lambda x, y: ops.concatenate([x, y], axis=-1),
    "sum": ops.add,
    "ave": lambda x, y: ops.divide(ops.add(x, y), 2),
    "mul": ops.multiply,
}


def _takes(layer: Layer, argument: str) -> bool:
    """Whether the layer's `call` has a parameter of that name."""
    return argument in call_spec(type(layer)).names


def _copy(layer: Layer, direction: str, **changed: object) -> Any:
    """A new layer of the same config, not built, named after its direction."""
    name = f"{direction}_{layer.name.removeprefix(direction + '_')}"
    return type(layer).from_config({**layer.get_config(), "name": name, **changed})


def _join(x: Array) -> Array:
    """(batch, time, ...) to (batch * time, ...)."""
    return ops.reshape(x, (x.shape[0] * x.shape[1], *x.shape[2:]))

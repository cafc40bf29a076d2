"""Cells of recurrent networks: what happens in one time step.

A cell splits its step in three, so that an RNN can do most of the work for all steps at once:
`draw_masks` (dropout, the same for all steps), `project` (the product of inputs and kernel, for any number of
steps), `advance` (from a projected input and the states to the output and the next states).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from layerlab import activations, initializers, ops, random, tree
from layerlab.backend.protocol import Array
from layerlab.core.layer import Layer
from layerlab.core.seed import SeedGenerator
from layerlab.core.variable import Variable
from layerlab.layers.arguments import as_positive
from layerlab.layers.weights import Weight, Weights, make_weight, make_weights
from layerlab.numeric import is_integer
from layerlab.typing import ActivationLike, DTypeLike, OpenShape, Shape

__all__ = ["GRUCell", "LSTMCell", "SimpleRNNCell"]


class Masks(NamedTuple):
    """Dropout patterns of one call: one for each gate, or one for all, or none."""

    inputs: list[Array] | None = None
    states: list[Array] | None = None


class StepCell(Layer):
    """A cell with the three parts that the module's docstring tells of; abstract."""

    state_size: Any
    output_size: int

    def draw_masks(self, batch: int, features: int, training: bool) -> Any:
        """Dropout patterns for one call.

        Args:
            batch, features: sizes of the inputs, (batch, ..., features).
            training: whether dropout acts.
        """
        raise NotImplementedError

    def project(self, inputs: Array, masks: Any) -> Array:
        """The part of a step that does not depend on the states.

        Args:
            inputs: (batch, features), or (batch, time, features) for all steps at once.
            masks: from `draw_masks`.
        """
        raise NotImplementedError

    def advance(self, projected: Array, states: Any, masks: Any) -> tuple[Array, Any]:
        """(output, next states) of one step.

        Args:
            projected: what `project` gave for the step's inputs.
            states: list of the states before the step.
            masks: from `draw_masks`.
        """
        raise NotImplementedError

    def call(self, inputs: Array, states: Any, training: bool = False) -> tuple[Array, Any]:
        nested = tree.is_nested(states)
        masks = self.draw_masks(inputs.shape[0], inputs.shape[-1], training)
        output, new_states = self.advance(
            self.project(inputs, masks), list(states) if nested else [states], masks
        )
        return output, new_states if nested else new_states[0]

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """States of zeros, (batch_size, size) each."""
        sizes = [self.state_size] if is_integer(self.state_size) else self.state_size
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in sizes]


class _GateCell(StepCell):
    """A cell with kernel, recurrent kernel and bias, which hold `gates` blocks of `units` columns."""

    gates: int
    kernel: Variable
    recurrent_kernel: Variable
    bias: Variable | None
    bias_initializer: Any
    use_bias: bool
    _declared_weights = Weights(
        kernel=Weight("glorot_uniform"),
        recurrent_kernel=Weight("orthogonal", prefix="recurrent"),
        bias=Weight("zeros", switch="use_bias"),
    )

    def __init__(
        self,
        units: int,
        activation: ActivationLike,
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = as_positive(units, "units", type(self).__name__)
        self.activation = activations.get(activation)
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.output_size = self.units

    def draw_masks(self, batch: int, features: int, training: bool) -> Masks:
        # A pattern for each gate only with recurrent dropout, as in Keras: else one product serves all.
        count = self.gates if self.recurrent_dropout > 0 else 1
        return Masks(
            self._draw(self.dropout, (batch, features), count) if training else None,
            self._draw(self.recurrent_dropout, (batch, self.units), count) if training else None,
        )

    def _draw(self, rate: float, shape: tuple[int, ...], count: int) -> list[Array] | None:
        if rate == 0:
            return None
        ones = ops.ones(shape, dtype=self.compute_dtype)
        return [random.dropout(ones, rate, seed=self.seed_generator) for _ in range(count)]

    def project(self, inputs: Array, masks: Masks) -> Array:
        patterns = masks.inputs
        if patterns is not None and len(inputs.shape) == 3:
            patterns = [ops.expand_dims(pattern, 1) for pattern in patterns]
        projected = _product(inputs, self.kernel.value, patterns)
        return projected if self.bias is None else projected + self._input_bias()

    def _input_bias(self) -> Array:
        return self.bias.value  # type: ignore[union-attr]


class SimpleRNNCell(_GateCell):
    """One step of a fully connected recurrent network.

    h' = activation(x @ kernel + h @ recurrent_kernel + bias).
    The output is the new state h'. For RNN and StackedRNNCells; SimpleRNN is the layer.

    Args:
        units: size of the state and of the output.
        activation: function of the sum; None leaves it as it is.
        dropout: fraction of the input features that training sets to 0, the same in all
            steps of a sequence.
    Call: `cell(inputs, states, training=False)` gives (output, states): inputs (batch,
    features), states a list of one array (batch, units).
    Weights: kernel (features, units), recurrent_kernel (units, units), bias (units,).
    Source: Elman 1990, Cognitive Science 14(2).

    Example:
        >>> import numpy as np
        >>> ones = {"kernel_initializer": "ones", "recurrent_initializer": "ones"}
        >>> cell = SimpleRNNCell(1, activation="linear", **ones)
        >>> output, states = cell(np.array([[2.0]]), [np.array([[3.0]])])
        >>> float(output[0, 0])
        5.0
    """

    gates = 1

    @_GateCell._declared_weights.arguments(after="activation")
    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(units, activation, dropout, recurrent_dropout, seed, **kwargs)
        self.state_size = self.units

    def build(self, input_shape: OpenShape) -> None:
        units = self.units
        make_weights(self, kernel=(input_shape[-1], units), recurrent_kernel=(units, units), bias=(units,))

    def advance(self, projected: Array, states: Any, masks: Masks) -> tuple[Array, Any]:
        output = self.activation(projected + _product(states[0], self.recurrent_kernel.value, masks.states))
        return output, [output]


class LSTMCell(_GateCell):
    """One step of long short-term memory: gates for keeping, taking in and showing.

    With i, f, g, o the four blocks of x @ kernel + h @ recurrent_kernel + bias, and s =
    `recurrent_activation`:
    c' = s(f) * c + s(i) * activation(g),
    h' = s(o) * activation(c').
    The states are h and c, the output is h'. LSTM is the layer.

    Args:
        units: size of h, c and the output.
        activation: function of the candidate g, and of the memory before it is shown.
        recurrent_activation: function of the gates i, f and o, from 0 (closed) to 1
            (open).
        dropout: fraction of the input features that training sets to 0, the same in all
            steps of a sequence.
    Call: `cell(inputs, [h, c], training=False)` gives (h', [h', c']): inputs (batch,
    features), h and c (batch, units).
    Weights: kernel (features, 4 units), recurrent_kernel (units, 4 units), bias
    (4 units,), in the order input, forget, candidate, output.
    Source: Hochreiter, Schmidhuber 1997, Neural Computation 9(8); forget gate: Gers,
    Schmidhuber, Cummins 2000, Neural Computation 12(10).

    Example:
        >>> import numpy as np
        >>> zeros = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
        >>> h, c = np.array([[0.0]]), np.array([[1.0]])
        >>> output, (h, c) = LSTMCell(1, **zeros)(np.array([[5.0]]), [h, c])
        >>> round(float(c[0, 0]), 2)  # kept by the forget gate: sigmoid(1) * 1
        0.73
    """

    gates = 4

    @_GateCell._declared_weights.arguments(
        after="recurrent_activation", regularizers_after="unit_forget_bias"
    )
    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "sigmoid",
        unit_forget_bias: bool = True,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("implementation", None)  # of Keras 2: how the same numbers are computed
        super().__init__(units, activation, dropout, recurrent_dropout, seed, **kwargs)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [self.units, self.units]

    def build(self, input_shape: OpenShape) -> None:
        columns = 4 * self.units
        make_weights(self, kernel=(input_shape[-1], columns), recurrent_kernel=(self.units, columns))
        make_weight(self, "bias", (columns,), self._forget_bias if self.unit_forget_bias else None)

    def is_usual(self, training: bool) -> bool:
        """Whether one kernel may do it: the cell computes what every LSTM does.

        Args:
            training: whether dropout acts.
        """
        is_plain = type(self) is LSTMCell and not (training and self.recurrent_dropout)
        return (
            is_plain
            and self.activation is activations.tanh
            and self.recurrent_activation is activations.sigmoid
            and self.compute_dtype == self.variable_dtype
        )

    def _forget_bias(self, shape: Shape, dtype: DTypeLike = None) -> Array:
        parts = [(self.bias_initializer, 1), (initializers.Ones(), 1), (self.bias_initializer, 2)]
        return ops.concatenate([initialize((n * self.units,), dtype=dtype) for initialize, n in parts])

    def advance(self, projected: Array, states: Any, masks: Masks) -> tuple[Array, Any]:
        h, c = states
        z = projected + _product(h, self.recurrent_kernel.value, masks.states)
        i, f, candidate, o = ops.split(z, 4, axis=-1)
        c = self.recurrent_activation(f) * c + self.recurrent_activation(i) * self.activation(candidate)
        h = self.recurrent_activation(o) * self.activation(c)
        return h, [h, c]


class GRUCell(_GateCell):
    """One step of a gated recurrent unit: two gates; the state is also the output.

    With z, r (update, reset) from `recurrent_activation` and g (candidate) from
    `activation`, each of its block of x @ kernel + h @ recurrent_kernel + bias:
    h' = z * h + (1 - z) * g,
    where r scales what g reads of h. Fewer weights than an LSTMCell. GRU is the layer.

    Args:
        units: size of the state and of the output.
        activation: function of the candidate g.
        recurrent_activation: function of the gates z and r, from 0 to 1.
        dropout: fraction of the input features that training sets to 0, the same in all
            steps of a sequence.
    Call: `cell(inputs, states, training=False)` gives (output, states): inputs (batch,
    features), states a list of one array (batch, units).
    Weights: kernel (features, 3 units), recurrent_kernel (units, 3 units), bias
    (2, 3 units), for the inputs and for the state, or (3 units,) without `reset_after`;
    in the order update, reset, candidate.
    Source: Cho et al. 2014, arXiv:1406.1078.

    Example:
        >>> import numpy as np
        >>> zeros = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
        >>> output, states = GRUCell(1, **zeros)(np.array([[5.0]]), [np.array([[1.0]])])
        >>> float(output[0, 0])  # z = sigmoid(0), g = tanh(0)
        0.5
    """

    gates = 3

    @_GateCell._declared_weights.arguments(after="recurrent_activation")
    def __init__(
        self,
        units: int,
        activation: ActivationLike = "tanh",
        recurrent_activation: ActivationLike = "sigmoid",
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("implementation", None)  # of Keras 2: how the same numbers are computed
        super().__init__(units, activation, dropout, recurrent_dropout, seed, **kwargs)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after
        self.state_size = self.units

    def build(self, input_shape: OpenShape) -> None:
        columns = 3 * self.units
        bias = (2, columns) if self.reset_after else (columns,)
        make_weights(
            self, kernel=(input_shape[-1], columns), recurrent_kernel=(self.units, columns), bias=bias
        )

    def _input_bias(self) -> Array:
        bias = super()._input_bias()
        return bias[0] if self.reset_after else bias

    def advance(self, projected: Array, states: Any, masks: Masks) -> tuple[Array, Any]:
        h, kernel, split = states[0], self.recurrent_kernel.value, 2 * self.units
        patterns = masks.states
        gates, candidate = ops.split(projected, [split], axis=-1)
        if self.reset_after:
            recurrent = _product(h, kernel, patterns)
            if self.bias is not None:
                recurrent = recurrent + self.bias.value[1]
            recurrent_gates, recurrent = ops.split(recurrent, [split], axis=-1)
            z, r = self._update_and_reset(gates + recurrent_gates)
            candidate = self.activation(candidate + r * recurrent)
        else:
            z, r = self._update_and_reset(gates + _product(h, kernel[:, :split], patterns and patterns[:2]))
            candidate = self.activation(
                candidate + _product(r * h, kernel[:, split:], patterns and patterns[2:])
            )
        h = z * h + (1 - z) * candidate
        return h, [h]

    def _update_and_reset(self, gates: Array) -> list[Array]:
        return [self.recurrent_activation(gate) for gate in ops.split(gates, 2, axis=-1)]


def _product(x: Array, kernel: Array, masks: list[Array] | None) -> Array:
    """x @ kernel, x multiplied by one mask, or by another for each block of columns."""
    if masks is None:
        return ops.matmul(x, kernel)
    if len(masks) == 1:
        return ops.matmul(x * masks[0], kernel)
    width = kernel.shape[1] // len(masks)
    blocks = [ops.matmul(x * mask, kernel[:, k * width : (k + 1) * width]) for k, mask in enumerate(masks)]
    return ops.concatenate(blocks, axis=-1)

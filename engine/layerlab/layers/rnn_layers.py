"""SimpleRNN, LSTM and GRU: an RNN that makes its own cell."""

from __future__ import annotations

from typing import Any

from layerlab import ops
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.config import init_parameters
from layerlab.core.input_spec import InputSpec
from layerlab.layers.arguments import refuse
from layerlab.layers.rnn import RNN
from layerlab.layers.rnn_cells import GRUCell, LSTMCell, SimpleRNNCell

__all__ = ["GRU", "LSTM", "SimpleRNN"]


class _CellRNN(RNN):
    """An RNN that makes its cell from its own arguments, and shows them as attributes."""

    not_in_config = ("use_cudnn",)

    def _show_cell(self, use_cudnn: Any = "auto") -> None:
        cell_class: Any = type(self.cell)
        for name in init_parameters(cell_class):
            setattr(self, name, getattr(self.cell, name))
        self.input_spec = InputSpec(ndim=3)
        if use_cudnn is True:
            refuse(type(self).__name__, use_cudnn=use_cudnn)
        self.use_cudnn = use_cudnn

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "zero_output_for_mask": self.zero_output_for_mask}


class SimpleRNN(_CellRNN):
    """A fully connected recurrent layer: its output at each step is also its state.

    h[t] = activation(x[t] @ kernel + h[t - 1] @ recurrent_kernel + bias).
    The simplest memory; over many steps gradients vanish, where LSTM and GRU still
    learn.

    Args:
        units: size of the state and of the output.
        activation: function of the sum; None leaves it as it is.
        dropout: fraction of the input features that training sets to 0, the same in all
            steps of a sequence.
    Call: `layer(sequences, initial_state=None, mask=None, training=False)`, as for RNN;
    one state (batch, units).
    Input shape: (batch, time, features).
    Output shape: (batch, units), or (batch, time, units) with `return_sequences`.
    Weights: kernel (features, units), recurrent_kernel (units, units), bias (units,).
    Source: Elman 1990, Cognitive Science 14(2).

    Example:
        >>> import numpy as np
        >>> ones = {"kernel_initializer": "ones", "recurrent_initializer": "ones"}
        >>> layer = SimpleRNN(1, activation="linear", return_sequences=True, **ones)
        >>> outputs = layer(np.array([[[1.0], [2.0], [3.0]]]))
        >>> np.asarray(outputs)[0, :, 0].tolist()  # each step adds what came before
        [1.0, 3.0, 6.0]
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("implementation", None)  # of Keras 2: how the same numbers are computed
        cell = SimpleRNNCell(
            units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="simple_rnn_cell",
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self._show_cell()


class LSTM(_CellRNN):
    """Long short-term memory: a recurrent layer that learns what to keep for long.

    With i, f, g, o the four blocks of x[t] @ kernel + h[t - 1] @ recurrent_kernel +
    bias, and s = `recurrent_activation`:
    c[t] = s(f) * c[t - 1] + s(i) * activation(g),
    h[t] = s(o) * activation(c[t]).
    The output is h.

    Args:
        units: size of h, c and the output.
        activation: function of the candidate g, and of the memory before it is shown.
        recurrent_activation: function of the gates i, f and o, from 0 (closed) to 1
            (open).
        dropout: fraction of the input features that training sets to 0, the same in all
            steps of a sequence.
    Call: `layer(sequences, initial_state=None, mask=None, training=False)`, as for RNN;
    the states are [h, c], (batch, units) each.
    Input shape: (batch, time, features).
    Output shape: (batch, units), or (batch, time, units) with `return_sequences`; with
    `return_state`, h and c of the last step follow.
    Weights: kernel (features, 4 units), recurrent_kernel (units, 4 units), bias
    (4 units,), in the order input, forget, candidate, output.
    Source: Hochreiter, Schmidhuber 1997, Neural Computation 9(8); forget gate: Gers,
    Schmidhuber, Cummins 2000, Neural Computation 12(10).

    Example:
        >>> import numpy as np
        >>> layer = LSTM(3, return_sequences=True, return_state=True)
        >>> outputs, h, c = layer(np.ones((2, 5, 4)))
        >>> outputs.shape == (2, 5, 3) and h.shape == c.shape == (2, 3)
        True
        >>> bool((outputs[:, -1] == h).all())
        True
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        kwargs.pop("implementation", None)  # of Keras 2: how the same numbers are computed
        cell = LSTMCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="lstm_cell",
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self._show_cell(use_cudnn)

    def inner_loop(
        self, sequences: Array, initial_state: Any, mask: Any, training: bool = False
    ) -> tuple[Any, Any, Any]:
        """All steps as one operation, where the back end has one for this cell.

        Args:
            sequences, initial_state, mask, training: as in `RNN.inner_loop`.
        """
        lstm, cell = backend().lstm, self.cell
        if lstm is None or mask is not None or self.unroll or not cell.is_usual(training):
            return super().inner_loop(sequences, initial_state, mask, training)
        masks = cell.draw_masks(sequences.shape[0], sequences.shape[-1], training)
        if masks.inputs is not None:
            sequences = sequences * ops.expand_dims(masks.inputs[0], 1)
        if self.go_backwards:
            sequences = ops.flip(sequences, 1)
        bias = None if cell.bias is None else cell.bias.value
        outputs, h, c = lstm(sequences, *initial_state, cell.kernel.value, cell.recurrent_kernel.value, bias)
        return h, outputs, [h, c]


class GRU(_CellRNN):
    """Gated recurrent units: a recurrent layer with two gates and one state.

    With z, r (update, reset) from `recurrent_activation` and g (candidate) from
    `activation`, each of its block of x[t] @ kernel + h[t - 1] @ recurrent_kernel +
    bias:
    h[t] = z * h[t - 1] + (1 - z) * g,
    where r scales what g reads of h. Often as good as an LSTM, with a quarter fewer
    weights.

    Args:
        units: size of the state and of the output.
        activation: function of the candidate g.
        recurrent_activation: function of the gates z and r, from 0 to 1.
        dropout: fraction of the input features that training sets to 0, the same in all
            steps of a sequence.
    Call: `layer(sequences, initial_state=None, mask=None, training=False)`, as for RNN;
    one state (batch, units).
    Input shape: (batch, time, features).
    Output shape: (batch, units), or (batch, time, units) with `return_sequences`.
    Weights: kernel (features, 3 units), recurrent_kernel (units, 3 units), bias
    (2, 3 units), for the inputs and for the state, or (3 units,) without `reset_after`;
    in the order update, reset, candidate.
    Source: Cho et al. 2014, arXiv:1406.1078.

    Example:
        >>> import numpy as np
        >>> zeros = {"kernel_initializer": "zeros", "recurrent_initializer": "zeros"}
        >>> layer = GRU(1, return_sequences=True, **zeros)
        >>> outputs = layer(np.ones((1, 3, 2)), initial_state=[np.ones((1, 1))])
        >>> np.asarray(outputs)[0, :, 0].tolist()  # z = sigmoid(0) keeps half of h
        [0.5, 0.25, 0.125]
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        kwargs.pop("implementation", None)  # of Keras 2: how the same numbers are computed
        cell = GRUCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            reset_after=reset_after,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="gru_cell",
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self._show_cell(use_cudnn)

"""SimpleRNN, LSTM and GRU: an RNN that makes its own cell."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from layerlab import ops
from layerlab.backend.active import backend
from layerlab.backend.protocol import Array
from layerlab.core.config import init_parameters
from layerlab.core.input_spec import InputSpec
from layerlab.core.naming import snake_case
from layerlab.layers.arguments import refuse
from layerlab.layers.rnn import RNN
from layerlab.layers.rnn_cells import GRUCell, LSTMCell, SimpleRNNCell
from layerlab.layers.weights import bound_arguments, with_signature
from layerlab.typing import RegularizerLike

__all__ = ["GRU", "LSTM", "SimpleRNN"]

_LOOP = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll")


class _CellRNN(RNN):
    """An RNN that makes its cell from its own arguments, and shows them as attributes."""

    not_in_config = ("use_cudnn",)
    cell_class: ClassVar[type]  # mypy takes no class of ours for hashable

    def __init__(
        self, activity_regularizer: RegularizerLike = None, use_cudnn: object = "auto", **given: Any
    ) -> None:
        given.pop("implementation", None)  # of Keras 2: how the same numbers are computed
        of_cell = init_parameters(self.cell_class)
        common = {"dtype": given.get("dtype"), "trainable": given.get("trainable", True)}
        cell = self.cell_class(
            **{name: given.pop(name) for name in of_cell if name in given},
            **common,
            name=snake_case(self.cell_class.__name__),
        )
        super().__init__(cell, activity_regularizer=activity_regularizer, **given)
        for name in of_cell:
            setattr(self, name, getattr(cell, name))
        self.input_spec = InputSpec(ndim=3)
        if use_cudnn is True:
            refuse(type(self).__name__, use_cudnn=use_cudnn)
        self.use_cudnn = use_cudnn

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "zero_output_for_mask": self.zero_output_for_mask}


def _around(cell_class: type, *last: str) -> Callable[..., None]:
    """The constructor of the layer around a cell: it takes the cell's arguments, then those of the loop.

    Args:
        cell_class: the cell's; its arguments come first, in its order.
        *last: arguments of the layer or of the cell, which come behind.
    """
    constructors = RNN.__init__, _CellRNN.__init__, cell_class.__init__  # type: ignore[misc]
    known = {
        name: parameter
        for constructor in constructors
        for name, parameter in inspect.signature(constructor).parameters.items()
    }
    first = [name for name in init_parameters(cell_class) if name not in last]
    place = next(index for index, name in enumerate(first) if name.endswith("_constraint"))
    names = ["self", *first[:place], "activity_regularizer", *first[place:], *last, "kwargs"]

    def __init__(layer: _CellRNN, *args: Any, **kwargs: Any) -> None:
        _CellRNN.__init__(layer, **bound_arguments(__init__, layer, args, kwargs))

    __init__.__qualname__ = f"{cell_class.__name__.removesuffix('Cell')}.__init__"
    return with_signature(__init__, [known[name] for name in names])


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

    cell_class = SimpleRNNCell
    __init__ = _around(SimpleRNNCell, *_LOOP, "seed")


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

    cell_class = LSTMCell
    __init__ = _around(LSTMCell, "seed", *_LOOP, "use_cudnn")

    def inner_loop(
        self, sequences: Array, initial_state: Any, mask: Array | None, training: bool = False
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

    cell_class = GRUCell
    __init__ = _around(GRUCell, "seed", *_LOOP, "reset_after", "use_cudnn")

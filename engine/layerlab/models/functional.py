"""Functional models: a graph with a trainer."""

from __future__ import annotations

from layerlab.layers.input import Input
from layerlab.models.model import Model

__all__ = ["Functional", "Input"]


class Functional(Model):
    """A model made of a graph: what `Model(inputs, outputs)` gives.

    Inputs that are tensors from the middle of a graph get an `Input` of their own.
    Layers and weights are shared with the other models over the same graph, so an
    encoder may be cut out of a trained autoencoder.

    Args:
        inputs, outputs: KerasTensors, or lists, tuples or dicts of them; calls take and
            give these structures.
        name, trainable, dtype: as for a Model.
    Raises: GraphError if an output cannot be computed from the inputs.

    Example:
        >>> import layerlab as keras
        >>> x = keras.Input((4,))
        >>> hidden = keras.layers.Dense(3)(x)
        >>> whole = keras.Model(x, keras.layers.Dense(2)(hidden))
        >>> encoder = keras.models.Functional(x, hidden)
        >>> encoder.count_params(), encoder.weights[0] is whole.weights[0]
        (15, True)
    """

    config_base = True

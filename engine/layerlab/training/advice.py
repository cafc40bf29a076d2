"""What a model's graph already shows to be a mistake, though it trains: said once, when fit begins."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from layerlab import losses
from layerlab.activations import linear
from layerlab.core.symbolic import KerasTensor
from layerlab.training.compiled_loss import CompileLoss

__all__ = ["Advice", "advice_on"]

_OF_PROBABILITIES = frozenset(
    (
        losses.binary_crossentropy,
        losses.binary_focal_crossentropy,
        losses.categorical_crossentropy,
        losses.categorical_focal_crossentropy,
        losses.categorical_generalized_cross_entropy,
        losses.kl_divergence,
        losses.sparse_categorical_crossentropy,
    )
)
_PASS_ON = frozenset(("Activation", "Dropout", "Flatten", "Permute", "Reshape", "Squeeze"))  # values stay


@dataclass(frozen=True)
class Advice:
    """What to change in a layer, with the fields of `events.Diagnostic`."""

    code: str
    path: str
    message: str
    fix: str


def advice_on(graph: Any, compile_loss: CompileLoss | None) -> list[Advice]:
    """Advice for the outputs of a model.

    Args:
        graph: the model's graph of layers; None for a model that has none, of which nothing is known.
        compile_loss: built.
    """
    if graph is None or compile_loss is None or not compile_loss.built:
        return []
    found = graph.outputs_structure
    return [
        advice
        for _, _, tensor, of_output in compile_loss.by_output(None, found)
        for advice in _on_output(tensor, of_output)
    ]


def _on_output(tensor: KerasTensor, of_output: list[losses.Loss]) -> Iterator[Advice]:
    wanting = [loss for loss in of_output if _expects_probabilities(loss)]
    layer = _last_layer(tensor)
    if wanting and getattr(layer, "activation", None) is linear:
        name, one = wanting[0].name, tensor.shape[-1:] == (1,)
        activation = "sigmoid" if one or "binary" in name else "softmax"
        function: Any = getattr(wanting[0], "fn", None)  # those that are wanting have one
        takes_logits = "from_logits" in inspect.signature(function).parameters
        logits = ", or from_logits=True in the loss" if takes_logits else ""
        yield Advice(
            "logits-as-probabilities",
            layer.path,
            f"The last layer '{layer.name}' has no activation, but the loss '{name}' expects probabilities.",
            f"activation='{activation}' in '{layer.name}'{logits}",
        )


def _expects_probabilities(loss: losses.Loss) -> bool:
    return getattr(loss, "fn", None) in _OF_PROBABILITIES and not getattr(loss, "from_logits", False)


def _last_layer(tensor: KerasTensor) -> Any:
    """The layer that computes the values of an output, inside of inner models too."""
    while True:
        operation, node_index, place = tensor.history
        inner = getattr(operation, "_model_graph", None)
        if inner is not None:
            tensor = inner.outputs[place]
        elif type(operation).__name__ in _PASS_ON and getattr(operation, "activation", linear) is linear:
            tensor = operation._inbound_nodes[node_index].input_tensors[0]
        else:
            return operation

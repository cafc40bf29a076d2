"""Losses that are tensors of a model's graph, computed anew with each call of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from layerlab.core.function import Function
from layerlab.core.layer import Layer
from layerlab.core.symbolic import KerasTensor
from layerlab.errors import ShapeError, explain

__all__ = ["GraphWithLosses"]


class GraphWithLosses(Function):
    """A graph that adds the values of some of its tensors to a model's losses whenever it runs.

    Args:
        graph: the graph without these losses; it may have others.
        losses: scalars made from the graph's tensors. Layers on the way to them belong to the graph.
        owner: the model.
    Raises: GraphError for tensors of another graph, ShapeError for what is no scalar.
    """

    def __init__(self, graph: Function, losses: Sequence[KerasTensor], owner: Layer) -> None:
        for loss in losses:
            if loss.shape != ():
                raise ShapeError(
                    explain(
                        "add_loss takes scalars.",
                        expected="shape ()",
                        got=f"{loss.shape}",
                        fix="ops.mean(loss)",
                    )
                )
        self.losses = [*graph.losses, *losses]
        super().__init__(graph.inputs_structure, [graph.outputs_structure, self.losses], name=graph.name)
        self.outputs, self.outputs_structure = graph.outputs, graph.outputs_structure
        self._owner = owner

    def call(self, inputs: object) -> Any:
        """The outputs; the losses go to the model."""
        outputs, losses = self.values_of([self.outputs_structure, self.losses], inputs)
        Layer.add_loss(self._owner, losses)  # that of Model takes symbolic ones
        return outputs

"""What there is to know of one live model, and of a layer of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from layerlab.inspect import LayerDetails, revision
from layerlab_jupyter.commands.command import Command
from layerlab_jupyter.commands.known_objects import known_model
from layerlab_jupyter.commands.layer_reader import layer_reader
from layerlab_jupyter.protocol import ModelBundle
from layerlab_jupyter.registry import Registry
from layerlab_jupyter.static_outputs.mime_bundles import describe

__all__ = ["DescribeLayer", "DescribeModel", "LayerReport", "ModelState", "ModelStateResult"]


@dataclass(frozen=True, kw_only=True)
class DescribeModel(Command):
    """Graph and summary of a live model, as a ModelBundle."""

    method: ClassVar[str] = "describe_model"
    model_id: str

    def answer(self, known: Registry) -> ModelBundle:
        return describe(known_model(known, self.model_id), self.model_id)


@dataclass(frozen=True, kw_only=True)
class ModelStateResult:
    """`revision` differs from that of a ModelBundle when its summary would."""

    revision: str


@dataclass(frozen=True, kw_only=True)
class ModelState(Command):
    """Whether a model is still as it was described: cheap enough to be asked every second."""

    method: ClassVar[str] = "model_state"
    model_id: str

    def answer(self, known: Registry) -> ModelStateResult:
        return ModelStateResult(revision=revision(known_model(known, self.model_id)))


@dataclass(frozen=True, kw_only=True)
class LayerReport:
    """What DescribeLayer answers; while `training` the numbers change, and asking again makes sense."""

    training: bool
    layer: LayerDetails


@dataclass(frozen=True, kw_only=True)
class DescribeLayer(Command):
    """The weights of a layer of a live model as they are now, as a LayerReport; `node_id` is the graph's."""

    method: ClassVar[str] = "describe_layer"
    model_id: str
    node_id: str

    def answer(self, known: Registry) -> LayerReport:
        details = layer_reader.read(known_model(known, self.model_id), self.node_id)
        training = any(run.model_id == self.model_id and not run.recorder.has_ended for run in known.runs())
        return LayerReport(training=training, layer=details)

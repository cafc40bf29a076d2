"""Messages between kernel and front end, beside the events of the engine.

Every message is an envelope `{version, id, kind, body}`. The front end sends a *command* over the
kernel's control channel (message type `layerlab_request`), which answers while a cell runs; the
kernel answers with a *reply* (`layerlab_reply`). Events travel inside the reply to `FetchEvents`: the front
end pulls, so nothing is sent while nobody looks, and a reloaded page or a second tab gets the whole history.

`scripts/generate_protocol.py` turns these dataclasses and `layerlab.events` into
`labextension/src/protocol.ts`. Graph and summary records are the engine's own (`layerlab.inspect`).
JSON scalars, lists and dicts only.
Non-finite numbers travel as the strings 'nan', 'inf' and '-inf', because JSON has no others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from layerlab.inspect import LayerDetails, ModelGraph, SummaryTable

__all__ = [
    "REQUEST",
    "REPLY",
    "RUN_MIME",
    "MODEL_MIME",
    "VERSION",
    "ChartOptions",
    "Command",
    "DescribeLayer",
    "DescribeModel",
    "DescribeRun",
    "DescribeRunResult",
    "FetchEvents",
    "FetchEventsResult",
    "LayerReport",
    "ListAll",
    "ListAllResult",
    "ModelBundle",
    "ModelInfo",
    "ModelState",
    "ModelStateResult",
    "Pause",
    "ReplyError",
    "Resume",
    "RunBundle",
    "RunInfo",
    "SaveCheckpoint",
    "SetLearningRate",
    "Step",
    "Stop",
]

VERSION = 1
REQUEST = "layerlab_request"
REPLY = "layerlab_reply"
RUN_MIME = "application/vnd.layerlab.run+json"
MODEL_MIME = "application/vnd.layerlab.model+json"


@dataclass(frozen=True, kw_only=True)
class Command:
    """Base of what the front end may ask; `method` tags the union."""

    method: ClassVar[str] = ""


@dataclass(frozen=True, kw_only=True)
class FetchEvents(Command):
    """Events of a run from number `since` on (0: the whole history, thinned out if it is long)."""

    method: ClassVar[str] = "fetch_events"
    run_id: str
    since: int = 0


@dataclass(frozen=True, kw_only=True)
class FetchEventsResult:
    """`next` is the `since` of the following request; `live` is False when no more will come."""

    events: list[dict[str, Any]]
    next: int
    live: bool
    logged: bool = False
    """Read from the log on disk: the kernel process is not the one that trained."""
    charts: ChartOptions | None = None
    """What the run asks for."""


@dataclass(frozen=True, kw_only=True)
class Pause(Command):
    """Hold the run before its next step."""

    method: ClassVar[str] = "pause"
    run_id: str


@dataclass(frozen=True, kw_only=True)
class Resume(Command):
    """Let a paused run go on."""

    method: ClassVar[str] = "resume"
    run_id: str


@dataclass(frozen=True, kw_only=True)
class Step(Command):
    """Run one step (or to the end of the epoch), then pause."""

    method: ClassVar[str] = "step"
    run_id: str
    unit: Literal["step", "epoch"] = "step"


@dataclass(frozen=True, kw_only=True)
class Stop(Command):
    """End the run after the current step; fit returns its History."""

    method: ClassVar[str] = "stop"
    run_id: str


@dataclass(frozen=True, kw_only=True)
class SetLearningRate(Command):
    """Use another learning rate from the next step on; positive and finite."""

    method: ClassVar[str] = "set_learning_rate"
    run_id: str
    learning_rate: float


@dataclass(frozen=True, kw_only=True)
class SaveCheckpoint(Command):
    """Save the model before the next step, in the kernel's folder 'checkpoints'; an event tells how."""

    method: ClassVar[str] = "save_checkpoint"
    run_id: str


@dataclass(frozen=True, kw_only=True)
class ListAll(Command):
    """The models and runs that this kernel knows."""

    method: ClassVar[str] = "list_all"


@dataclass(frozen=True, kw_only=True)
class DescribeModel(Command):
    """Graph and summary of a live model, as a ModelBundle."""

    method: ClassVar[str] = "describe_model"
    model_id: str


@dataclass(frozen=True, kw_only=True)
class DescribeRun(Command):
    """The run as a cell's output that needs no kernel: what a page puts in the place of a live output."""

    method: ClassVar[str] = "describe_run"
    run_id: str


@dataclass(frozen=True, kw_only=True)
class DescribeRunResult:
    """`data` by MIME type."""

    data: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ModelState(Command):
    """Whether a model is still as it was described: cheap enough to be asked every second."""

    method: ClassVar[str] = "model_state"
    model_id: str


@dataclass(frozen=True, kw_only=True)
class ModelStateResult:
    """`revision` differs from that of a ModelBundle when its summary would."""

    revision: str


@dataclass(frozen=True, kw_only=True)
class DescribeLayer(Command):
    """The weights of a layer of a live model as they are now, as a LayerReport; `node_id` is the graph's."""

    method: ClassVar[str] = "describe_layer"
    model_id: str
    node_id: str


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """One run in a list. Times are in seconds since the Unix epoch."""

    run_id: str
    model_id: str
    model_name: str
    status: Literal["running", "paused", "stopped", "failed", "finished", "lost"]
    """'lost': an earlier process of this kernel ended before the run did."""
    started: float
    updated: float
    epoch: int
    """The epoch being trained, from 1; 0 before the first step."""
    epochs: int
    done: float | None
    """Part of the run, from 0 to 1; None while the length of an epoch is unknown."""
    loss: float | None
    """The newest running mean over the epoch."""


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """One live model in a list."""

    model_id: str
    name: str
    class_name: str
    parameters: int


@dataclass(frozen=True, kw_only=True)
class ListAllResult:
    """What the sidebar lists, newest first."""

    runs: list[RunInfo]
    models: list[ModelInfo]


@dataclass(frozen=True, kw_only=True)
class ReplyError:
    """What a reply holds instead of a result: code, what happened, what to do."""

    code: Literal[
        "unknown_method", "invalid", "unknown_run", "unknown_model", "unknown_layer", "busy", "internal"
    ]
    message: str
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class ChartOptions:
    """How the charts of a run are drawn at first; None leaves it to the person's settings."""

    smoothing: float | None = None
    """Weight of the moving average over batch values: 0 (none) to 0.99."""
    x_axis: Literal["step", "epoch", "time"] | None = None
    log_x: bool | None = None
    log_y: bool | None = None


@dataclass(frozen=True, kw_only=True)
class PackedBundle:
    """What stands under MODEL_MIME in place of a large ModelBundle."""

    version: int
    deflated: str
    """Its JSON, deflated (zlib), in base64."""


@dataclass(frozen=True, kw_only=True)
class RunBundle:
    """The data under RUN_MIME: enough to draw the run with no kernel, and to find it in a live one."""

    version: int
    kernel_id: str
    run_id: str
    live: bool
    events: list[dict[str, Any]] = field(default_factory=list)
    """Thinned out to a few hundred points when the run is long; while live, as of the last refresh."""
    charts: ChartOptions | None = None


@dataclass(frozen=True, kw_only=True)
class ModelBundle:
    """The data under MODEL_MIME: graph and summary of a model as it was when shown."""

    version: int
    kernel_id: str
    model_id: str
    name: str
    class_name: str
    graph: ModelGraph
    summary: SummaryTable
    revision: str = ""
    """Changes with what is shown; '' in older notebooks."""


@dataclass(frozen=True, kw_only=True)
class LayerReport:
    """What DescribeLayer answers; while `training` the numbers change, and asking again makes sense."""

    training: bool
    layer: LayerDetails

"""Messages between kernel and front end, beside the events of the engine.

Every message is an envelope `{version, id, kind, body}`. The front end sends a *command* (see `commands/`)
over the kernel's control channel (message type `layerlab_request`), which answers while a cell runs; the
kernel answers with a *reply* (`layerlab_reply`). Events travel inside the reply to `FetchEvents`: the front
end pulls, so nothing is sent while nobody looks, and a reloaded page or a second tab gets the whole history.

`scripts/generate_typescript.py` turns these dataclasses, the commands with their results and
`layerlab.events` into `labextension/src/protocol.ts`. Graph and summary records are the engine's own
(`layerlab.inspect`). JSON scalars, lists and dicts only.
Non-finite numbers travel as the strings 'nan', 'inf' and '-inf', because JSON has no others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NewType

from layerlab.inspect import ModelGraph, SummaryTable

__all__ = [
    "GREATEST_FLOAT",
    "MOST_SMOOTHING",
    "REQUEST",
    "REPLY",
    "RUN_MIME",
    "MODEL_MIME",
    "VERSION",
    "ChartOptions",
    "FetchEventsResult",
    "ModelBundle",
    "PackedBundle",
    "ReplyError",
    "RunBundle",
    "Version",
]

Version = NewType("Version", int)
"""Of the protocol in which a record was written: a page refuses one that is later than its own."""

VERSION = Version(1)
REQUEST = "layerlab_request"
REPLY = "layerlab_reply"
RUN_MIME = "application/vnd.layerlab.run+json"
MODEL_MIME = "application/vnd.layerlab.model+json"

GREATEST_FLOAT = 3.4028235e38  # float32's: the engine would turn more into infinity
MOST_SMOOTHING = 0.99


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

    version: Version
    deflated: str
    """Its JSON, deflated (zlib), in base64."""


@dataclass(frozen=True, kw_only=True)
class RunBundle:
    """The data under RUN_MIME: enough to draw the run with no kernel, and to find it in a live one."""

    version: Version
    kernel_id: str
    run_id: str
    live: bool
    events: list[dict[str, Any]] = field(default_factory=list)
    """Thinned out to a few hundred points when the run is long; while live, as of the last refresh."""
    charts: ChartOptions | None = None


@dataclass(frozen=True, kw_only=True)
class ModelBundle:
    """The data under MODEL_MIME: graph and summary of a model as it was when shown."""

    version: Version
    kernel_id: str
    model_id: str
    name: str
    class_name: str
    graph: ModelGraph
    summary: SummaryTable
    revision: str = ""
    """Changes with what is shown; '' in older notebooks."""

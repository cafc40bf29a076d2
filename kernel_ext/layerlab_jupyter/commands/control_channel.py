"""Commands from the page, answered on the kernel's control channel, which is free while a cell runs.

Handlers read what other threads have published, or call a verb of `RunControl`. The verbs return at once and
run on the control thread; what reads has a thread of its own, so that Stop waits behind nothing. Nothing here
can end a run by failing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from logging import Logger
from typing import Any

from layerlab.errors import LayerlabError
from layerlab.inspect import revision
from layerlab.models import Model
from layerlab_jupyter.commands.answer_thread import background
from layerlab_jupyter.commands.decode_command import Refusal, decode_command, message_id
from layerlab_jupyter.commands.layer_reader import layer_reader
from layerlab_jupyter.json_safe import json_safe
from layerlab_jupyter.kernels import kernel_id, notebook_variables
from layerlab_jupyter.protocol import (
    REPLY,
    REQUEST,
    VERSION,
    Command,
    DescribeLayer,
    DescribeModel,
    DescribeRun,
    DescribeRunResult,
    FetchEvents,
    FetchEventsResult,
    LayerReport,
    ListAll,
    ListAllResult,
    ModelBundle,
    ModelInfo,
    ModelState,
    ModelStateResult,
    Pause,
    ReplyError,
    Resume,
    RunInfo,
    SaveCheckpoint,
    SetLearningRate,
    Step,
    Stop,
)
from layerlab_jupyter.registry import MOST_RUNS, Registry, Run, registry
from layerlab_jupyter.run_log.log_folder import log_folder
from layerlab_jupyter.run_log.log_reader import summaries
from layerlab_jupyter.run_log.logged_run import logged_run
from layerlab_jupyter.static_outputs.mime_bundles import describe, final_bundle, live_bundle

__all__ = ["answer", "install"]


def install(kernel: Any) -> None:
    """Answer `layerlab_request` on the kernel's control channel; doing so twice changes nothing."""

    def handle(stream: Any, ident: Any, parent: Any) -> None:
        content = parent.get("content")

        def make() -> dict[str, Any]:
            return answer(content, registry, kernel.log)

        def send(reply: dict[str, Any]) -> None:
            kernel.session.send(stream, REPLY, reply, parent, ident=ident)

        if _reads(content):
            background.answer(make, send)
        else:
            send(make())

    kernel.control_handlers[REQUEST] = handle


def _reads(content: Any) -> bool:
    body = content.get("body") if isinstance(content, dict) else None
    method = body.get("method") if isinstance(body, dict) else None
    return isinstance(method, str) and method in _READING


def answer(content: Any, known: Registry, log: Logger) -> dict[str, Any]:
    """The reply envelope to one message; never raises, and logs one line for a message it refuses."""
    try:
        command = decode_command(content)
        body = {"result": _HANDLERS[type(command)](known, command)}
    except Refusal as refusal:
        body = {"error": dataclasses.asdict(refusal.error)}
    except LayerlabError as error:
        body = {"error": dataclasses.asdict(ReplyError(code="invalid", message=str(error)))}
    except Exception as error:  # whatever it is, the page must get an answer and the kernel must go on
        message = f"{type(error).__name__}: {error}"
        body = {"error": dataclasses.asdict(ReplyError(code="internal", message=message))}
    if "error" in body:
        log.warning("layerlab refused a message: %s", ascii(body["error"]["message"])[:300])
    return {"version": VERSION, "id": message_id(content), "kind": "reply", "body": json_safe(body)}


def _fetch_events(known: Registry, command: FetchEvents) -> dict[str, Any]:
    run, logged = _recorded_run(known, command.run_id)
    fetched: FetchEventsResult = run.recorder.fetch(command.since)
    # Not asdict: it would copy each of the many numbers once more. A log is read once, whole.
    return {
        "events": fetched.events,
        "next": fetched.next,
        "live": fetched.live and not logged,
        "logged": logged,
        "charts": None if run.charts is None else dataclasses.asdict(run.charts),
    }


def _pause(known: Registry, command: Pause) -> dict[str, Any]:
    _live_run(known, command.run_id).control.pause()
    return {}


def _resume(known: Registry, command: Resume) -> dict[str, Any]:
    _live_run(known, command.run_id).control.resume()
    return {}


def _step(known: Registry, command: Step) -> dict[str, Any]:
    _live_run(known, command.run_id).control.step(command.unit)
    return {}


def _stop(known: Registry, command: Stop) -> dict[str, Any]:
    _live_run(known, command.run_id).control.stop()
    return {}


def _set_learning_rate(known: Registry, command: SetLearningRate) -> dict[str, Any]:
    _live_run(known, command.run_id).control.set_learning_rate(command.learning_rate)
    return {}


def _save_checkpoint(known: Registry, command: SaveCheckpoint) -> dict[str, Any]:
    _live_run(known, command.run_id).control.checkpoint()
    return {}


def _list_all(known: Registry, command: ListAll) -> dict[str, Any]:
    for value in notebook_variables().values():
        if isinstance(value, Model):  # one that no cell has shown or trained yet
            known.add_model(value)
    runs = [_run_info(run) for run in known.runs()]
    runs += _logged_infos({run.run_id for run in runs})
    models = [
        ModelInfo(
            model_id=id, name=model.name, class_name=type(model).__name__, parameters=_parameters(model)
        )
        for id, model in known.models()
    ]
    return dataclasses.asdict(ListAllResult(runs=runs, models=models))


def _describe_model(known: Registry, command: DescribeModel) -> dict[str, Any]:
    bundle: ModelBundle = describe(_model(known, command.model_id), command.model_id)
    return dataclasses.asdict(bundle)


def _describe_run(known: Registry, command: DescribeRun) -> dict[str, Any]:
    run, logged = _recorded_run(known, command.run_id)
    bundle = final_bundle(run) if logged or run.recorder.has_ended else live_bundle(run)
    return dataclasses.asdict(DescribeRunResult(data=bundle))


def _model_state(known: Registry, command: ModelState) -> dict[str, Any]:
    return dataclasses.asdict(ModelStateResult(revision=revision(_model(known, command.model_id))))


def _describe_layer(known: Registry, command: DescribeLayer) -> dict[str, Any]:
    details = layer_reader.read(_model(known, command.model_id), command.node_id)
    training = any(run.model_id == command.model_id and not run.recorder.has_ended for run in known.runs())
    return dataclasses.asdict(LayerReport(training=training, layer=details))


_HANDLERS: dict[type[Command], Callable[[Registry, Any], dict[str, Any]]] = {
    FetchEvents: _fetch_events,
    Pause: _pause,
    Resume: _resume,
    Step: _step,
    Stop: _stop,
    SetLearningRate: _set_learning_rate,
    SaveCheckpoint: _save_checkpoint,
    ListAll: _list_all,
    DescribeModel: _describe_model,
    DescribeRun: _describe_run,
    ModelState: _model_state,
    DescribeLayer: _describe_layer,
}
_READING = {
    command.method
    for command in (FetchEvents, ListAll, DescribeModel, DescribeRun, ModelState, DescribeLayer)
}


def _model(known: Registry, model_id: str) -> Any:
    model = known.model(model_id)
    if model is None:
        raise Refusal(
            ReplyError(
                code="unknown_model",
                message="This kernel has no such model; it was deleted or belongs to another session.",
                fix="Run the cell that makes the model again.",
            )
        )
    return model


def _run(known: Registry, run_id: str) -> Run:
    run = known.run(run_id)
    if run is None:
        raise Refusal(
            ReplyError(
                code="unknown_run",
                message="This kernel has no such run, and no log of it.",
                fix="Run the cell that calls fit again.",
            )
        )
    return run


def _recorded_run(known: Registry, run_id: str) -> tuple[Run, bool]:
    """The run of this process or of a log, and whether it is of a log."""
    logged = logged_run(log_folder(), run_id) if known.run(run_id) is None else None
    return (_run(known, run_id), False) if logged is None else (logged, True)


def _live_run(known: Registry, run_id: str) -> Run:
    run = _run(known, run_id)
    if run.recorder.has_ended:
        raise Refusal(ReplyError(code="invalid", message="The run has ended: there is nothing to steer."))
    return run


def _run_info(run: Run) -> RunInfo:
    progress = run.recorder.progress()
    return RunInfo(
        run_id=run.run_id,
        model_id=run.model_id,
        model_name=run.recorder.model_name,
        status=run.recorder.status,
        started=run.recorder.started,
        updated=progress.updated,
        epoch=progress.epoch,
        epochs=progress.epochs,
        done=progress.done,
        loss=progress.loss,
    )


def _logged_infos(without: set[str]) -> list[RunInfo]:
    """The runs of earlier processes of this kernel: a restart keeps the kernel's id."""
    folder, this_kernel = log_folder(), kernel_id()
    if folder is None or not this_kernel:
        return []
    return [
        RunInfo(
            run_id=run.run_id,
            model_id="",
            model_name=run.model,
            status=run.status,
            started=run.started,
            updated=run.started + run.seconds,
            epoch=run.epochs,
            epochs=run.all_epochs,
            done=min(1.0, run.epochs / run.all_epochs) if run.all_epochs > 0 else None,
            loss=run.logs.get("loss"),
        )
        for run in summaries(folder, MOST_RUNS, kernel_id=this_kernel, without=without)
    ]


def _parameters(model: Any) -> int:
    """0 for a model that has no variables yet."""
    try:
        return int(model.count_params())
    except LayerlabError:
        return 0

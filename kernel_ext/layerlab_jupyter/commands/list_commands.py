"""The list of all that a kernel has: its models, its runs, and the runs of its earlier processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from layerlab.core.model_protocol import ModelLike
from layerlab.errors import LayerlabError
from layerlab.models import Model
from layerlab_jupyter.commands.command import Command
from layerlab_jupyter.kernels import kernel_id, notebook_variables
from layerlab_jupyter.recording.run_progress import RunStatus
from layerlab_jupyter.registry import MOST_RUNS, Registry, Run
from layerlab_jupyter.run_log.log_folder import log_folder
from layerlab_jupyter.run_log.log_reader import summaries

__all__ = ["ListAll", "ListAllResult", "ModelInfo", "RunInfo"]


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """One run in a list. Times are in seconds since the Unix epoch."""

    run_id: str
    model_id: str
    model_name: str
    status: RunStatus
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
class ListAll(Command):
    """The models and runs that this kernel knows."""

    method: ClassVar[str] = "list_all"

    def answer(self, known: Registry) -> ListAllResult:
        for value in notebook_variables().values():
            if isinstance(value, Model):  # one that no cell has shown or trained yet
                known.add_model(value)
        runs = [_run_info(run) for run in known.runs()]
        runs += _logged_infos({run.run_id for run in runs})
        return ListAllResult(runs=runs, models=[_model_info(id, model) for id, model in known.models()])


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


def _model_info(id: str, model: ModelLike) -> ModelInfo:
    return ModelInfo(
        model_id=id, name=model.name, class_name=type(model).__name__, parameters=_parameters(model)
    )


def _parameters(model: ModelLike) -> int:
    """0 for a model that has no variables yet."""
    try:
        return int(model.count_params())
    except LayerlabError:
        return 0

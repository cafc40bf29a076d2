"""The run or model that a command names, or a refusal that says what to do."""

from __future__ import annotations

from layerlab.core.model_protocol import ModelLike
from layerlab_jupyter.commands.command import Refusal
from layerlab_jupyter.protocol import ReplyError
from layerlab_jupyter.registry import Registry, Run

__all__ = ["known_model", "known_run"]


def known_run(known: Registry, run_id: str) -> Run:
    """The run of this id. Raises: Refusal."""
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


def known_model(known: Registry, model_id: str) -> ModelLike:
    """The living model of this id. Raises: Refusal."""
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

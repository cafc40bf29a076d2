"""What a person may do to a run that goes on: each turns the `RunControl`, at which every step looks."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

from layerlab.training.control import RunControl
from layerlab_jupyter.commands.command import Command, Refusal
from layerlab_jupyter.commands.known_objects import known_run
from layerlab_jupyter.protocol import ReplyError
from layerlab_jupyter.registry import Registry

__all__ = ["Pause", "Resume", "SaveCheckpoint", "SetLearningRate", "Step", "Stop"]


@dataclass(frozen=True, kw_only=True)
class SteeringCommand(Command):
    """Base of those: refused for a run that has ended, and answered at once."""

    at_once: ClassVar[bool] = True
    run_id: str

    def answer(self, known: Registry) -> None:
        run = known_run(known, self.run_id)
        if run.recorder.has_ended:
            raise Refusal(ReplyError(code="invalid", message="The run has ended: there is nothing to steer."))
        self.steer(run.control)

    @abstractmethod
    def steer(self, control: RunControl) -> None:
        """Say to `control` what is wanted."""


@dataclass(frozen=True, kw_only=True)
class Pause(SteeringCommand):
    """Hold the run before its next step."""

    method: ClassVar[str] = "pause"

    def steer(self, control: RunControl) -> None:
        control.pause()


@dataclass(frozen=True, kw_only=True)
class Resume(SteeringCommand):
    """Let a paused run go on."""

    method: ClassVar[str] = "resume"

    def steer(self, control: RunControl) -> None:
        control.resume()


@dataclass(frozen=True, kw_only=True)
class Step(SteeringCommand):
    """Run one step (or to the end of the epoch), then pause."""

    method: ClassVar[str] = "step"
    unit: Literal["step", "epoch"] = "step"

    def steer(self, control: RunControl) -> None:
        control.step(self.unit)


@dataclass(frozen=True, kw_only=True)
class Stop(SteeringCommand):
    """End the run after the current step; fit returns its History."""

    method: ClassVar[str] = "stop"

    def steer(self, control: RunControl) -> None:
        control.stop()


@dataclass(frozen=True, kw_only=True)
class SetLearningRate(SteeringCommand):
    """Use another learning rate from the next step on; positive and finite."""

    method: ClassVar[str] = "set_learning_rate"
    learning_rate: float

    def steer(self, control: RunControl) -> None:
        control.set_learning_rate(self.learning_rate)


@dataclass(frozen=True, kw_only=True)
class SaveCheckpoint(SteeringCommand):
    """Save the model before the next step, in the kernel's folder 'checkpoints'; an event tells how."""

    method: ClassVar[str] = "save_checkpoint"

    def steer(self, control: RunControl) -> None:
        control.checkpoint()

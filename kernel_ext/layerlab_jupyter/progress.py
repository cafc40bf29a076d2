"""How far a recorded run is, for lists that show many runs in a line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from layerlab_jupyter.thinning import Part, StepBlock

__all__ = ["Progress", "progress_of"]


@dataclass(frozen=True)
class Progress:
    """Where a run is. `loss` is the newest running mean over its epoch, None before the first step."""

    epoch: int = 0
    """Of the epoch being trained, from 1; 0 before the first."""
    epochs: int = 0
    done: float | None = None
    """Of all steps, from 0 to 1; None while the length of an epoch is unknown."""
    loss: float | None = None
    updated: float = 0.0
    """Time of the newest event, in seconds since the Unix epoch."""


def progress_of(parts: Sequence[Part]) -> Progress:
    """Read a run's progress from its recorded parts, oldest first. Looks at the newest few of them only."""
    if not parts:
        return Progress()
    begun = parts[0] if isinstance(parts[0], dict) else {}
    first, epochs = begun.get("initial_epoch", 0), begun.get("epochs", 0)
    newest = parts[-1]
    updated = newest.time if isinstance(newest, StepBlock) else newest["time"]
    place = next((i for i in reversed(range(len(parts))) if isinstance(parts[i], StepBlock)), None)
    if place is None:
        return Progress(first, epochs, None, None, updated)
    block = parts[place]
    assert isinstance(block, StepBlock)
    is_whole = any(_is(part, "epoch_finished") for part in parts[place:])
    length = begun.get("steps_per_epoch") or _length_of_an_epoch(parts, place)
    inside = 1.0 if is_whole else block.epoch_step / length if length else None
    done = None if inside is None or epochs <= first else (block.epoch - first + inside) / (epochs - first)
    losses = block.columns.get("loss")
    return Progress(
        epoch=block.epoch + 1,
        epochs=epochs,
        done=done,
        loss=losses[-1] if losses else None,
        updated=updated,
    )


def _length_of_an_epoch(parts: Sequence[Part], place: int) -> int:
    """Steps of the newest finished epoch before part `place`; 0 if there is none."""
    finished = next((i for i in reversed(range(place)) if _is(parts[i], "epoch_finished")), 0)
    block = next((part for part in reversed(parts[:finished]) if isinstance(part, StepBlock)), None)
    return block.epoch_step if block else 0


def _is(part: Part, kind: str) -> bool:
    return isinstance(part, dict) and part["type"] == kind

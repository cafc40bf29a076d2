"""How much of a run is kept in memory: as much as draws its charts, where all of it is too much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from layerlab_jupyter.recording.thinning import Part, StepBlock, thinned

__all__ = ["ENDED", "LIVE", "LOGGED", "MOST_NUMBERS", "MOST_PARTS", "SHOWN", "Room", "numbers_in"]

MOST_NUMBERS = 8_000_000  # of a live run: 64 MB, at 50 steps a second and three logs 11 hours
MOST_PARTS = 60_000  # blocks of steps and other events: an epoch takes three, 1.6 kB


@dataclass(frozen=True)
class Room:
    """How much is kept: steps, and numbers in them; epochs; other events of each type."""

    steps: int
    numbers: int
    epochs: int
    marks: int

    def keep(self, parts: Sequence[Part]) -> dict[int, Part]:
        """What is kept of a run, by its place in `parts`."""
        blocks = [part for part in parts if isinstance(part, StepBlock)]
        width = 1 + max((len(block.columns) for block in blocks), default=0)
        steps = min(self.steps, self.numbers // width)
        if len(blocks) > 2 * self.epochs:  # few steps each: a block takes as much room as many steps
            steps = min(steps, 2 * self.epochs)
        return thinned(parts, steps=steps, epochs=self.epochs, marks=self.marks)


SHOWN = Room(steps=10_000, numbers=2_000_000, epochs=5_000, marks=1_000)
"""What a page gets: a few points a pixel, and mostly about a megabyte."""
LIVE = Room(steps=MOST_NUMBERS, numbers=MOST_NUMBERS // 2, epochs=MOST_PARTS // 6, marks=2_000)
"""What is left of a live run that has grown too large."""
ENDED = Room(steps=100_000, numbers=400_000, epochs=5_000, marks=1_000)
"""Of a run that has ended and has no log: fifty of them are kept."""
LOGGED = Room(steps=10_000, numbers=400_000, epochs=5_000, marks=1_000)
"""Of a run whose log has everything."""


def numbers_in(parts: Sequence[Part]) -> int:
    """How many numbers the blocks of steps hold."""
    return sum(len(part.steps) * (1 + len(part.columns)) for part in parts if isinstance(part, StepBlock))

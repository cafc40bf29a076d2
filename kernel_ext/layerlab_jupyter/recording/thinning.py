"""Fewer points that draw the same chart: what a long history is reduced to before it travels.

A line of 100,000 points on 700 pixels shows, in each column of pixels, its lowest and its highest
value. So those are kept, with the first non-finite value of the column, because a NaN is the very
thing to show. Columns are equally wide in steps, so that a history that was thinned before is thinned evenly.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from layerlab_jupyter.recording.metric_goals import BATCH_LOSS

__all__ = ["Part", "StepBlock", "joined", "thin", "thinned"]

_ENDS = {"fit_started", "fit_stopped", "fit_failed", "fit_finished"}
_LOSSES = ("val_loss", "loss", BATCH_LOSS)
_LEAST_BUCKETS = 4  # fewer make no curve
_OF_AN_EPOCH = {"epoch_started", "validation_finished", "epoch_finished"}


@dataclass(slots=True)
class StepBlock:
    """Consecutive steps of one epoch as columns: 8 bytes a value, where an event takes a kilobyte."""

    epoch: int
    epoch_step: int
    time: float
    steps: array[int] = field(default_factory=lambda: array("q"))
    columns: dict[str, array[float]] = field(default_factory=dict)

    def select(self, places: Sequence[int]) -> StepBlock:
        """The block with only the steps at `places`."""
        steps = array("q", [self.steps[i] for i in places])
        columns = {label: array("d", [column[i] for i in places]) for label, column in self.columns.items()}
        return StepBlock(self.epoch, self.epoch_step, self.time, steps, columns)

    def rest(self, start: int) -> StepBlock:
        """A copy of the block from the step at place `start` on."""
        columns = {label: column[start:] for label, column in self.columns.items()}
        return StepBlock(self.epoch, self.epoch_step, self.time, self.steps[start:], columns)


Part = StepBlock | dict[str, Any]
"""A piece of a recorded run: a block of steps, or any other event as a dict."""

Columns = dict[str, np.ndarray]


def thin(parts: Sequence[Part], *, steps: int, epochs: int, marks: int) -> list[Part]:
    """Keep about `steps` steps, the events of about `epochs` epochs, and `marks` others of each type.

    The start and the end of the run, the first and the last step and epoch, and the extremes of
    every label are always kept.
    """
    return list(thinned(parts, steps=steps, epochs=epochs, marks=marks).values())


def thinned(parts: Sequence[Part], *, steps: int, epochs: int, marks: int) -> dict[int, Part]:
    """What `thin` keeps, by its place in `parts`."""
    dropped = _epochs_to_drop(parts, epochs) | _marks_to_drop(parts, marks)
    kept = {i: part for i, part in enumerate(parts) if i not in dropped}
    return _thin_steps(kept, steps)


def joined(blocks: Sequence[StepBlock]) -> tuple[np.ndarray, Columns, Columns]:
    """The steps of blocks, the values of each label (0 where it has none), and where it has them."""
    lengths = [len(block.steps) for block in blocks]
    steps = np.concatenate([np.frombuffer(block.steps, "int64") for block in blocks])
    labels = list(dict.fromkeys(label for block in blocks for label in block.columns))
    values: Columns = {}
    is_there: Columns = {}
    for label in labels:
        columns = [block.columns.get(label) for block in blocks]
        values[label] = np.concatenate(
            [
                np.zeros(length) if column is None else np.frombuffer(column)
                for column, length in zip(columns, lengths, strict=True)
            ]
        )
        is_there[label] = np.repeat([column is not None for column in columns], lengths)
    return steps, values, is_there


def _thin_steps(parts: dict[int, Part], limit: int) -> dict[int, Part]:
    blocks = {i: part for i, part in parts.items() if isinstance(part, StepBlock)}
    lengths = [len(block.steps) for block in blocks.values()]
    if sum(lengths) <= limit:
        return parts
    steps, values, is_there = joined(list(blocks.values()))
    kept = np.flatnonzero(_telling(values, is_there, steps, limit))
    first = np.cumsum([0, *lengths])
    ends = np.searchsorted(kept, first)
    for (i, block), start, low, high in zip(blocks.items(), first, ends, ends[1:], strict=False):
        if low == high:
            del parts[i]
        else:
            parts[i] = block.select((kept[low:high] - start).tolist())
    return parts


def _epochs_to_drop(parts: Sequence[Part], limit: int) -> set[int]:
    finished = [part for part in parts if isinstance(part, dict) and part["type"] == "epoch_finished"]
    if len(finished) <= limit:
        return set()
    columns: Columns = {}
    is_there: Columns = {}
    for i, event in enumerate(finished):
        for label, value in event["logs"].items():
            if label not in columns:
                columns[label], is_there[label] = np.zeros(len(finished)), np.zeros(len(finished), bool)
            columns[label][i], is_there[label][i] = float(value), True  # 'nan' is read back as nan
    numbers = np.array([event["epoch"] for event in finished])
    keep = _telling(columns, is_there, numbers, limit)
    dropped = set(numbers[~keep].tolist())
    return {
        i
        for i, part in enumerate(parts)
        if isinstance(part, dict) and part["type"] in _OF_AN_EPOCH and part["epoch"] in dropped
    }


def _marks_to_drop(parts: Sequence[Part], limit: int) -> set[int]:
    places = defaultdict(list)
    for i, part in enumerate(parts):
        if isinstance(part, dict) and part["type"] not in _ENDS and part["type"] not in _OF_AN_EPOCH:
            places[part["type"]].append(i)
    dropped: set[int] = set()
    for indices in places.values():
        if len(indices) > limit:
            evenly = np.linspace(0, len(indices) - 1, max(2, limit)).round().astype(int)
            dropped |= set(indices) - {indices[i] for i in evenly}
    return dropped


def _telling(columns: Columns, is_there: Columns, positions: np.ndarray, limit: int) -> np.ndarray:
    """Mask over the positions: per label and bucket the least, the greatest, the first non-finite value.

    Where there is no room for so many labels: those of the losses, and places at equal distances.
    """
    total = len(positions)
    keep = np.zeros(total, bool)
    keep[[0, -1]] = True
    if limit < 3 * _LEAST_BUCKETS * len(columns):
        keep[np.linspace(0, total - 1, max(2, limit // 2)).astype(int)] = True
        limit //= 2
        losses = [label for label in columns if label in _LOSSES]
        columns = {label: columns[label] for label in losses[: limit // (3 * _LEAST_BUCKETS)]}
    if not columns:
        return keep
    starts, bucket = _buckets(positions, limit // (3 * len(columns)))
    for label, values in columns.items():
        is_finite = np.isfinite(values)
        finite, odd = is_there[label] & is_finite, is_there[label] & ~is_finite
        for wanted, order in ((finite, values), (finite, -values), (odd, np.zeros(total))):
            if wanted.any():
                keep[_firsts_of_least(np.where(wanted, order, np.inf), starts, bucket)] = True
    return keep


def _buckets(positions: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each of about `count` equal buckets begins, if it is not empty; and the bucket of each place."""
    if (np.diff(positions) <= 0).any():  # a log may hold anything
        positions = np.arange(len(positions))
    width = -(-int(positions[-1] - positions[0] + 1) // count)
    starts = np.flatnonzero(np.diff((positions - positions[0]) // width, prepend=-1))
    return starts, np.repeat(np.arange(len(starts)), np.diff(starts, append=len(positions)))


def _firsts_of_least(order: np.ndarray, starts: np.ndarray, bucket: np.ndarray) -> np.ndarray:
    """In each bucket the first place of its least value; none where that is infinite."""
    least = np.minimum.reduceat(order, starts)
    places = np.flatnonzero((order == least[bucket]) & (order < np.inf))
    return places[np.diff(bucket[places], prepend=-1) > 0]

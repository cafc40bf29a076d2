"""Fewer points that draw the same chart: what a long history is reduced to before it travels.

A line of 100,000 points on 700 pixels shows, in each column of pixels, its lowest and its highest
value. So those are kept, with the first non-finite value of the column, because a NaN is the very
thing to show.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Part", "StepBlock", "thin"]

_ENDS = {"fit_started", "fit_stopped", "fit_failed", "fit_finished"}
_LOSSES = ("val_loss", "loss", "batch_loss")
_LEAST_BUCKETS = 4  # fewer make no curve
_OF_AN_EPOCH = {"epoch_started", "validation_finished", "epoch_finished"}


@dataclass
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


Part = StepBlock | dict[str, Any]
"""A piece of a recorded run: a block of steps, or any other event as a dict."""


def thin(parts: list[Part], *, steps: int, epochs: int, marks: int) -> list[Part]:
    """Keep about `steps` steps, the events of about `epochs` epochs, and `marks` others of each type.

    The start and the end of the run, the first and the last step and epoch, and the extremes of
    every label are always kept.
    """
    return _thin_steps(_thin_marks(_thin_epochs(parts, epochs), marks), steps)


def _thin_steps(parts: list[Part], limit: int) -> list[Part]:
    blocks = [part for part in parts if isinstance(part, StepBlock)]
    total = sum(len(block.steps) for block in blocks)
    if total <= limit:
        return parts
    columns: dict[str, np.ndarray] = {}
    is_there: dict[str, np.ndarray] = {}
    start = 0
    starts = []
    for block in blocks:
        starts.append(start)
        end = start + len(block.steps)
        for label, column in block.columns.items():
            columns.setdefault(label, np.zeros(total))[start:end] = column
            is_there.setdefault(label, np.zeros(total, bool))[start:end] = True
        start = end
    keep = _telling(columns, is_there, total, limit)
    kept: dict[int, StepBlock] = {}
    for block, first in zip(blocks, starts, strict=True):
        places = np.flatnonzero(keep[first : first + len(block.steps)])
        if len(places):
            kept[id(block)] = block.select(places.tolist())
    return [
        kept[id(part)] if isinstance(part, StepBlock) else part
        for part in parts
        if not isinstance(part, StepBlock) or id(part) in kept
    ]


def _thin_epochs(parts: list[Part], limit: int) -> list[Part]:
    finished = [part for part in parts if isinstance(part, dict) and part["type"] == "epoch_finished"]
    if len(finished) <= limit:
        return parts
    columns: dict[str, np.ndarray] = {}
    is_there: dict[str, np.ndarray] = {}
    for i, event in enumerate(finished):
        for label, value in event["logs"].items():
            columns.setdefault(label, np.zeros(len(finished)))[i] = float(value)  # 'nan' is read back as nan
            is_there.setdefault(label, np.zeros(len(finished), bool))[i] = True
    keep = _telling(columns, is_there, len(finished), limit)
    dropped = {event["epoch"] for event, kept in zip(finished, keep, strict=True) if not kept}
    return [
        part
        for part in parts
        if isinstance(part, StepBlock) or part["type"] not in _OF_AN_EPOCH or part["epoch"] not in dropped
    ]


def _thin_marks(parts: list[Part], limit: int) -> list[Part]:
    places = defaultdict(list)
    for i, part in enumerate(parts):
        if isinstance(part, dict) and part["type"] not in _ENDS | _OF_AN_EPOCH:
            places[part["type"]].append(i)
    dropped: set[int] = set()
    for indices in places.values():
        if len(indices) > limit:
            evenly = np.linspace(0, len(indices) - 1, max(2, limit)).round().astype(int)
            dropped |= set(indices) - {indices[i] for i in evenly}
    return [part for i, part in enumerate(parts) if i not in dropped]


def _telling(
    columns: Mapping[str, np.ndarray], is_there: Mapping[str, np.ndarray], total: int, limit: int
) -> np.ndarray:
    """Mask over `total` places: per label and bucket the least, the greatest, the first non-finite value.

    Where there is no room for so many labels: those of the losses, and places at equal distances.
    """
    keep = np.zeros(total, bool)
    keep[[0, -1]] = True
    if limit < 3 * _LEAST_BUCKETS * len(columns):
        keep[np.linspace(0, total - 1, max(2, limit // 2)).astype(int)] = True
        limit //= 2
        losses = [label for label in columns if label in _LOSSES]
        columns = {label: columns[label] for label in losses[: limit // (3 * _LEAST_BUCKETS)]}
    if not columns:
        return keep
    buckets = limit // (3 * len(columns))
    width = -(-total // buckets)
    rows = -(-total // width)
    first = np.arange(rows) * width
    for label, column in columns.items():
        padding = (0, rows * width - total)
        values = np.pad(column, padding).reshape(rows, width)
        there = np.pad(is_there[label], padding).reshape(rows, width)
        finite, odd = there & np.isfinite(values), there & ~np.isfinite(values)
        for wanted, order in ((finite, values), (finite, -values), (odd, np.zeros_like(values))):
            lowest = np.where(wanted, order, np.inf).argmin(axis=1)
            keep[(first + lowest)[wanted.any(axis=1)]] = True
    return keep

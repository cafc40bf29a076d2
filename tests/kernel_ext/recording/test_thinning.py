"""What is left of a long history draws the same chart, and costs little to make."""

from __future__ import annotations

import math
import time
from array import array
from typing import Any

import numpy as np
import pytest

from layerlab_jupyter.recording.thinning import Part, StepBlock, thin
from layerlab_jupyter.run_history import RunHistory
from tests.kernel_ext.long_runs import long_run
from tests.kernel_ext.runs import RUN, recorded


def blocks_of(columns: dict[str, list[float]], lengths: list[int]) -> list[StepBlock]:
    """Columns as consecutive blocks of these lengths."""
    blocks, start = [], 0
    for length in lengths:
        rows = slice(start, start + length)
        steps = array("q", range(start + 1, start + length + 1))
        kept = {label: array("d", column[rows]) for label, column in columns.items()}
        blocks.append(StepBlock(0, start + length, 1000.0, steps, kept))
        start += length
    return blocks


def steps_of(parts: list[Part]) -> list[int]:
    return [step for part in parts if isinstance(part, StepBlock) for step in part.steps]


def telling_steps(columns: dict[str, list[float]], limit: int) -> set[int]:
    """The rule, said once more, for columns without gaps: slow and plain."""
    total = len(next(iter(columns.values())))
    width = math.ceil(total / (limit // (3 * len(columns))))
    kept = {1, total}
    for column in columns.values():
        for start in range(0, total, width):
            places = range(start, min(start + width, total))
            finite = [i for i in places if math.isfinite(column[i])]
            odd = [i for i in places if not math.isfinite(column[i])]
            if finite:
                kept |= {min(finite, key=lambda i: column[i]) + 1, max(finite, key=lambda i: column[i]) + 1}
            kept |= {i + 1 for i in odd[:1]}
    return kept


@pytest.mark.parametrize("lengths", [[2000], [1] * 2000, [700, 1, 299, 1000]])
def test_each_bucket_keeps_its_extremes_and_its_first_odd_value(lengths: list[int]) -> None:
    values = np.random.default_rng(3).normal(size=(2, 2000)).round(2)
    values[0, [5, 6, 1234]] = [np.nan, np.inf, -np.inf]
    columns = {"loss": values[0].tolist(), "accuracy": values[1].tolist()}
    kept = thin(blocks_of(columns, lengths), steps=300, epochs=10, marks=10)
    assert set(steps_of(kept)) == telling_steps(columns, 300)
    for block in kept:
        assert isinstance(block, StepBlock)
        for label, column in block.columns.items():
            expected = [columns[label][step - 1] for step in block.steps]
            np.testing.assert_array_equal(column, expected)


def test_a_label_that_some_blocks_lack_keeps_its_extremes_where_it_is() -> None:
    (first,), (second,) = blocks_of({"loss": [1.0] * 500}, [500]), blocks_of({"auc": [0.5] * 500}, [500])
    second.steps = array("q", range(501, 1001))
    second.columns["auc"][123] = 0.9
    kept = thin([first, second], steps=120, epochs=10, marks=10)
    assert 500 + 124 in steps_of(kept)
    assert [sorted(block.columns) for block in kept if isinstance(block, StepBlock)] == [["loss"], ["auc"]]


def test_what_was_thinned_before_is_thinned_evenly() -> None:
    values = np.random.default_rng(4).normal(size=90_000).tolist()
    old = thin(blocks_of({"loss": values[:60_000]}, [60_000]), steps=3_000, epochs=10, marks=10)
    new = blocks_of({"loss": values}, [60_000, 30_000])[1:]
    steps = np.array(steps_of(thin([*old, *new], steps=900, epochs=10, marks=10)))
    in_thirds = [((steps > low) & (steps <= low + 30_000)).sum() for low in (0, 30_000, 60_000)]
    assert all(150 < count < 250 for count in in_thirds)


def test_steps_in_any_order_as_a_log_may_have_them_are_thinned() -> None:
    (block,) = blocks_of({"loss": [0.5] * 1000}, [1000])
    block.steps = array("q", [7, 2**52, -(2**52), 7] * 250)
    kept = thin([block], steps=100, epochs=10, marks=10)
    assert 2 <= len(steps_of(kept)) <= 100


def cpu_seconds(call: Any) -> float:
    start = time.thread_time()
    call()
    return time.thread_time() - start


@pytest.mark.parametrize("hours", [3, pytest.param(8, marks=pytest.mark.slow)])
def test_the_history_of_hours_is_made_in_a_moment(hours: int) -> None:
    recorder = recorded(long_run(hours * 3600, 50, spike_at=123_456))
    assert cpu_seconds(recorder.fetch) < 1
    assert cpu_seconds(lambda: recorder.static_events(24_000)) < 1
    assert cpu_seconds(lambda: RunHistory(RUN, recorder).steps) < 1
    fetched = recorder.fetch()
    steps = [step for e in fetched.events if e["type"] == "steps_finished" for step in e["steps"]]
    assert fetched.next == hours * 180_000 + 2 * 100 + 1
    assert steps[0] == 1 and steps[-1] == hours * 180_000 and 123_456 in steps
    assert 1_000 < len(steps) <= 10_000


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "per_second"), [(250, 20_000), (100_000, 50)])
def test_the_history_of_five_million_steps_is_made_in_a_moment(seconds: int, per_second: int) -> None:
    recorder = recorded(long_run(seconds, per_second, spike_at=777_777))
    assert cpu_seconds(recorder.fetch) < 1
    fetched = recorder.fetch()
    assert fetched.next == 5_000_000 + 2 * 100 + 1
    steps = [step for e in fetched.events if e["type"] == "steps_finished" for step in e["steps"]]
    assert steps[0] == 1 and steps[-1] == 5_000_000 and 777_777 in steps
    assert sum(len(part.steps) for part in recorder.parts()[0] if isinstance(part, StepBlock)) <= 2_000_000

"""Progbar: text, averages and times, against Keras with the same clock."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

import keras as oracle
import pytest

from layerlab.errors import InvalidArgumentError
from layerlab.terminal.console import write
from layerlab.utils import Progbar
from tests.terminal.terminal import terminal


class Clock:
    """Time that passes only when told to."""

    now = 100.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("layerlab.terminal.progbar.time.perf_counter", lambda: clock.now)
    monkeypatch.setattr("time.time", lambda: clock.now)
    return clock


def screens(text: str) -> list[str]:
    """Each state of the line, without colours and padding."""
    return [
        re.sub(r"\x1b\[\d+m", "", part).strip("\b").rstrip() for part in text.split("\r") if part.strip("\b")
    ]


def drawn(cls: Any, clock: Clock, seconds: list[float], **options: Any) -> list[str]:
    clock.now = 100.0
    with terminal() as out:
        bar = cls(len(seconds), **options)
        for step, duration in enumerate(seconds):
            clock.now += duration
            bar.update(step + 1, [("loss", float(step)), ("score", 2.0 * step)])
    return screens(out.getvalue())


@pytest.mark.oracle
@pytest.mark.parametrize(
    "seconds",
    [
        [1.0] * 5,
        [10.0, 0.25, 0.25, 0.25],
        [0.1, 0.0002, 0.0002],
        [0.01] * 20,
        [100.0] * 3,
        [4000.0] * 3,
        [0.0] * 3,
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stateful_metrics": ["score"]},
        {"stateless_metrics": ["loss"]},
        {"width": 7, "unit_name": "sample"},
    ],
)
def test_each_state_is_that_of_keras(seconds: list[float], options: dict[str, Any], clock: Clock) -> None:
    ours = drawn(Progbar, clock, seconds, **options)
    assert ours == drawn(oracle.utils.Progbar, clock, seconds, **options)
    assert ours


@pytest.mark.oracle
def test_verbose_2_is_the_line_of_keras(clock: Clock) -> None:
    ours = drawn(Progbar, clock, [0.5] * 12, verbose=2)
    assert ours == drawn(oracle.utils.Progbar, clock, [0.5] * 12, verbose=2)
    assert len(ours) == 1


@pytest.mark.oracle
def test_an_unknown_target_counts_up(clock: Clock) -> None:
    texts = []
    for cls in (Progbar, oracle.utils.Progbar):
        clock.now = 100.0
        with terminal() as out:
            bar = cls(None)
            for _ in range(3):
                clock.now += 1.0
                bar.add(1, [("loss", 0.5)])
        texts.append(screens(out.getvalue()))
    assert texts[0] == texts[1]
    assert texts[0][-1] == "      3/Unknown 3s 1s/step - loss: 0.5000"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5000"),
        (1e-5, "1.0000e-05"),
        (-2.0, "-2.0000"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        ([1, 3], "2.0000"),
    ],
)
@pytest.mark.parametrize("verbose", [1, 2])
def test_values_of_all_kinds_are_written(
    value: Any, text: str, verbose: int, capsys: pytest.CaptureFixture[str]
) -> None:
    Progbar(1, verbose=verbose).update(1, [("loss", value)])
    assert capsys.readouterr().out.endswith(f" - loss: {text}\n")


def test_a_shorter_line_covers_a_longer_one(clock: Clock) -> None:
    with terminal() as out:
        bar = Progbar(2)
        bar.update(1, [("loss", 123456.0)])
        clock.now += 1
        bar.update(2, [("loss", 1.0)])
    first, second = re.sub(r"\x1b\[\d+m", "", out.getvalue()).rstrip("\n").split("\r")[1:]
    assert len(second) == len(first)


def test_nothing_of_an_earlier_state_is_left_where_the_characters_of_styles_are_drawn_over_too(
    clock: Clock,
) -> None:
    with terminal() as out:
        for target in (None, 4):
            bar = Progbar(target)
            for step, loss in enumerate([1e-7, 123.0, 1e-7, 0.5]):
                clock.now += 1
                bar.target = target or (4 if step == 3 else None)
                bar.update(step + 1, [("loss", loss)])
    for line in out.getvalue().rstrip("\n").split("\n"):
        seen = ""
        for state in line.split("\r")[1:]:
            seen = state + seen[len(state) :]  # as JupyterLab does it
            assert seen.rstrip() == state.rstrip()


def test_nothing_is_drawn_before_the_interval_is_over(clock: Clock) -> None:
    with terminal() as out:
        bar = Progbar(100, interval=1.0)
        assert bar.is_due
        for step in range(1, 30):
            clock.now += 0.125
            bar.update(step)
    assert out.getvalue().count("\r") == 4


def test_both_kinds_of_labels_are_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="stateful_metrics or stateless_metrics"):
        Progbar(1, stateful_metrics=["a"], stateless_metrics=["b"])


def test_output_that_knows_only_ascii_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    write("│ 3/3 ━━━ é …│\n")
    assert out.buffer.getvalue() == b"| 3/3 === ? ~|\n"  # type: ignore[attr-defined]

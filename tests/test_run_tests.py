"""What `make test` says at its end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import run_tests
from run_tests import Outcome


@pytest.fixture(autouse=True)
def _no_report(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run_tests, "COVERAGE", tmp_path / "coverage.json")


def test_the_share_of_lines_that_ran_is_told_before_the_closing_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    totals = {"percent_covered": 87.654, "num_statements": 1200}
    run_tests.COVERAGE.write_text(json.dumps({"totals": totals}))
    assert run_tests.summarize([Outcome("python", 0, 7, 0, 2, "1.0 s")], "1.0 s") == 0
    *_, coverage, closing = capsys.readouterr().out.splitlines()
    assert coverage.startswith("coverage      87.7 % of 1200 lines of Python")
    assert closing == "7 passed, 0 failed, 2 skipped"


def test_a_run_that_did_not_count_lines_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_tests.summarize([Outcome("python", 3, 7, 1, 0, "1.0 s")], "1.0 s") == 1
    assert "coverage    not measured" in capsys.readouterr().out

"""The whole suite in its parts, one after the other, and one summary at the end.

The engine's tests run on two workers; those that drive a browser or time something run alone.
Every part runs even if an earlier one failed. Exits with 1 if anything failed or did not run.
The part `python` counts which lines it runs (decision 033).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from steps import ROOT, STATE, VENV, environment, seconds_since

REPORTS = STATE / "reports"
COVERAGE = REPORTS / "coverage.json"


@dataclass(frozen=True)
class Outcome:
    """What one part of the suite came to."""

    name: str
    status: int  # exit status
    passed: int
    failed: int
    skipped: int
    time: str


def main() -> int:
    REPORTS.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    pytest = [str(VENV / "python"), "-m", "pytest", "-q"]
    outcomes = [
        run_checks(),
        run_measured([*pytest, "-n", "2", "--dist", "worksteal", "-m", "not browser"]),
        run_part("browser", [*pytest, "-m", "browser", "tests/browser"]),
        run_part("typescript", ["npx", "--no-install", "vitest", "run", "--reporter=default"]),
    ]
    return summarize(outcomes, seconds_since(start))


def run_measured(command: list[str]) -> Outcome:
    """The part `python`, which writes down the lines of the sources that it ran."""
    COVERAGE.unlink(missing_ok=True)
    counter = {"COVERAGE_CORE": "sysmon"} if sys.version_info >= (3, 12) else {}  # costs next to nothing
    return run_part("python", [*command, "--cov", f"--cov-report=json:{COVERAGE}"], **counter)


def run_part(name: str, command: list[str], **extra_environment: str) -> Outcome:
    """Run one test runner, which prints as it goes, and read its JUnit report."""
    report = REPORTS / f"{name}.xml"
    report.unlink(missing_ok=True)
    is_vitest = "vitest" in command
    command = [*command, *(vitest_report(report) if is_vitest else [f"--junitxml={report}"])]
    print(f"\n=== {name} tests ===", flush=True)
    start = time.monotonic()
    run_in = environment(**extra_environment)
    status = subprocess.run(command, cwd=ROOT, env=run_in, stdin=subprocess.DEVNULL).returncode
    passed, failed, skipped = read_report(report)
    if status != 0 and failed == 0:
        failed = 1  # it crashed, was killed, or ran no test: that is never a success
    return Outcome(name, status, passed, failed, skipped, seconds_since(start))


def run_checks() -> Outcome:
    """The checks of `check.py`, counted as one."""
    print("\n=== checks ===", flush=True)
    start = time.monotonic()
    command = [sys.executable, str(ROOT / "scripts" / "check.py")]
    status = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL).returncode
    return Outcome("checks", status, int(status == 0), int(status != 0), 0, seconds_since(start))


def vitest_report(report: Path) -> list[str]:
    return ["--reporter=junit", f"--outputFile.junit={report}"]


def read_report(report: Path) -> tuple[int, int, int]:
    """Passed, failed and skipped tests of a JUnit file; zeros if the runner wrote none."""
    if not report.exists():
        return 0, 0, 0
    suites = list(ElementTree.parse(report).getroot().iter("testsuite"))
    total = {
        key: sum(int(suite.get(key, 0)) for suite in suites)
        for key in ("tests", "failures", "errors", "skipped")
    }
    failed = total["failures"] + total["errors"]
    return total["tests"] - failed - total["skipped"], failed, total["skipped"]


def coverage_line() -> str:
    """How many of the lines the Python tests ran, in their own processes."""
    if not COVERAGE.exists():
        return f"{'coverage':<12}not measured"
    total = json.loads(COVERAGE.read_text())["totals"]
    share = f"{total['percent_covered']:>6.1f} % of {total['num_statements']} lines of Python"
    return f"{'coverage':<12}{share}; by file: .venv/bin/coverage report -m"


def summarize(outcomes: list[Outcome], took: str) -> int:
    """Print one line a part and the closing line; returns the exit status."""
    print(f"\n=== summary ({took}) ===")
    for part in outcomes:
        verdict = "ok" if part.status == 0 else f"FAILED (exit status {part.status})"
        counts = f"{part.passed:>6} passed {part.failed:>4} failed {part.skipped:>4} skipped"
        print(f"{part.name:<12}{counts}   {part.time:>9}   {verdict}")
    print(coverage_line())
    passed, failed, skipped = (
        sum(getattr(part, name) for part in outcomes) for name in ("passed", "failed", "skipped")
    )
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 0 if all(part.status == 0 for part in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

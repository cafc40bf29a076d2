"""How times are taken: contestants in turn, each round in the other order, and the median of the rounds."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["alternate", "environment", "in_own_process", "python"]

ROOT = Path(__file__).parent.parent.parent


def alternate(contestants: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Median seconds of each, after one round that does not count.

    The order is reversed from round to round: what grows in a round (heat, load) meets each alike.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for round_number in range(rounds + 1):
        for name in list(contestants)[:: 1 if round_number % 2 else -1]:
            start = time.perf_counter()
            contestants[name]()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values[1:]) for name, values in seconds.items()}


def environment(backend: str, home: str) -> dict[str, str]:
    """The variables of a measured process: the same back end for both, and no files of earlier runs.

    Args:
        home: layerlab's folder for caches and settings.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LAYERLAB_", "KERAS_"))}
    return {**kept, "LAYERLAB_BACKEND": backend, "KERAS_BACKEND": backend, "LAYERLAB_HOME": home}


def in_own_process(module: str, *arguments: object, variables: Mapping[str, str]) -> Any:
    """Run a module of this folder, and return what it printed last, read as JSON."""
    printed = python("-m", f"tests.benchmarks.{module}", *map(str, arguments), variables=variables)
    return json.loads(printed.splitlines()[-1])


def python(*arguments: str, variables: Mapping[str, str]) -> str:
    """What a process of this Python prints; raises RuntimeError with the end of its errors if it fails."""
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=dict(variables), cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:3])} failed:\n{done.stderr[-3000:]}")
    return done.stdout

"""Tables of results, what must hold beside what was measured, and the facts of the machine."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Options", "at_least", "at_most", "facts", "load", "print_row"]

_LIBRARIES = ("layerlab", "keras", "jax", "torch", "numpy")


@dataclass(frozen=True)
class Options:
    """What the command line asks for.

    Args:
        steps: batches an epoch, where a quick look is enough; None: as many as the case says.
    """

    cases: Sequence[str]
    backends: Sequence[str]
    rounds: int
    steps: int | None


def at_least(value: float, target: float | None) -> str:
    """A ratio, and whether it reaches its target."""
    return f"{value:.2f} " + (
        "(no target)" if target is None else f"(>= {target} {_verdict(value >= target)})"
    )


def at_most(value: float, target: float | None) -> str:
    """A ratio, and whether it stays below its target."""
    return f"{value:.2f} " + (
        "(no target)" if target is None else f"(<= {target} {_verdict(value <= target)})"
    )


def print_row(first: str, *cells: object) -> None:
    """One line of a table, at once: a table takes minutes. Ratios and their headings get wide columns."""
    texts = [f"{cell:,.0f}" if isinstance(cell, float) else str(cell) for cell in cells]
    print(
        f"{first:30}", *(f"{text:>{24 if '/' in text or '(' in text else 9}}" for text in texts), flush=True
    )


def facts() -> str:
    """Machine and versions, in one line each."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    limits = [f"{name}={os.environ[name]}" for name in ("OMP_NUM_THREADS", "XLA_FLAGS") if name in os.environ]
    machine = f"{_processor()}, {len(os.sched_getaffinity(0))} CPUs, Python {platform.python_version()}"
    return "\n".join([machine, versions, *limits])


def load() -> str:
    """How busy the machine was in the last minute; times mean little when others use it too."""
    return f"load average {os.getloadavg()[0]:.1f}"


def _verdict(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()

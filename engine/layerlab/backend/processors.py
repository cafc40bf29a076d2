"""How many processors this process may use, and the limit on threads that follows.

JAX and PyTorch start a thread for each processor that the process may run on. A container often may run on
all of a large machine, for a share of the time: dozens of threads in each kernel then wait for one another.
"""

from __future__ import annotations

import contextlib
import math
import os
from pathlib import Path

__all__ = ["most_threads", "quota"]

_FOLDER = Path("/sys/fs/cgroup")
_SET_BY_USERS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")


def most_threads() -> int | None:
    """The limit to give to a library; None where the environment sets one, or no less than the affinity.

    That is the quota of time that the control group has, rounded up, if the affinity allows more processors.
    """
    share = quota()
    if share is None or any(os.environ.get(name) for name in _SET_BY_USERS):
        return None
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limit = max(1, math.ceil(share))
    return limit if limit < count else None


def quota(folder: Path = _FOLDER, process: Path = Path("/proc/self/cgroup")) -> float | None:
    """Processors' worth of time that the control group may use; None if there is no limit.

    Source: Linux, Documentation/admin-guide/cgroup-v2.rst, cpu.max; cgroup-v1, sched-bwc.rst.
    """
    shares = [share for place in _places(folder, process) if (share := _share(place)) is not None]
    return min(shares, default=None)


def _places(folder: Path, process: Path) -> list[Path]:
    """The folders of this process' groups, and of those around them; in a container, the root alone."""
    places = [folder, folder / "cpu"]
    with contextlib.suppress(OSError):
        for line in process.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "cpu" not in controllers.split(","):
                continue
            own = (folder / "cpu" if controllers else folder) / path.lstrip("/")
            places += [own, *(place for place in own.parents if place.is_relative_to(folder))]
    return places


def _share(place: Path) -> float | None:
    with contextlib.suppress(OSError, ValueError):
        time, period = (place / "cpu.max").read_text().split()
        return None if time == "max" else float(time) / float(period)
    with contextlib.suppress(OSError, ValueError):
        time = (place / "cpu.cfs_quota_us").read_text()
        period = (place / "cpu.cfs_period_us").read_text()
        return None if float(time) <= 0 else float(time) / float(period)
    return None
